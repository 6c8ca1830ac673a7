"""The seam to skills: folders that teach the model how something is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class SkillText:
    """A skill, whole. `folder` holds it; `files` are what else lies in it, relative and bounded."""

    name: str
    body: str
    folder: Path
    files: tuple[str, ...] = ()


class Skills(Protocol):
    """The skills of one session, as they are on disk and trusted this moment."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders of the user's own skills, where links are followed: the model may read what is in them."""
        ...

    async def open(self, name: str) -> SkillText:
        """One skill, freshly read. ToolError for one that there is not, or that may not act."""
        ...
