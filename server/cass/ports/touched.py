"""What a session did to single files, step by step: its own changes, told apart from everybody else's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cass.ports.checkpoints import Entry

Content = Callable[[Entry], Awaitable[bytes | None]]
"""The bytes of a file as it was; None when they were not kept."""


@dataclass(frozen=True)
class Touched:
    """One path, and what it was before and after each step of the session, oldest first; None stands for nothing."""

    path: Path
    steps: tuple[tuple[Entry | None, Entry | None], ...]


class Steps(Protocol):
    """What one session did."""

    async def touched(self) -> tuple[Touched, ...]:
        """Every path that its tools, its commands or a rewind changed, in order of first change."""
        ...

    async def content(self, entry: Entry) -> bytes | None:
        """The bytes of a file as a step names it; None when they were not kept."""
        ...
