"""The profiles of sub-agents that a session has: cass's own, the user's, and the folder's as far as it is trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cass import brought
from cass.customs import profiles
from cass.customs.profiles import Found, Profile
from cass.errors import ToolError

if TYPE_CHECKING:
    from cass.sessions.session import Session

_LISTED = 24
_CHARS = 110

GENERAL = Profile("general", "May do what this session may.")
"""What an order without a profile is for."""


class Profiled:
    """Belongs to one session. What lies in a folder that its user has not trusted is as if it were not there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told: set[str] = set()

    async def all(self) -> Mapping[str, Profile]:
        """Those that may be used now, freshly read."""
        return (await asyncio.to_thread(self._find)).profiles

    async def get(self, name: str) -> Profile:
        """One, as it is now. ToolError for one that there is not, or that may not act."""
        if name in ("", GENERAL.name, "general-purpose"):
            return (await self.all()).get(GENERAL.name, GENERAL)
        found = await self.all()
        if name not in found:
            raise ToolError(f"There is no profile {name[:64]!r}. The profiles are: {', '.join(sorted(found))}.")
        return found[name]

    def listed(self) -> str:
        """For the system prompt: every name, and what it is for, cut."""
        rows = sorted(
            self._find().profiles.values(), key=lambda profile: (profile.origin == "builtin", profile.name)
        )
        lines = [f"- {row.name}: {_cut(row.description)}" for row in rows[:_LISTED]]
        return "# Sub-agents\n\nProfiles for the task tool:\n" + "\n".join(lines)

    async def problems(self, *, again: bool = False) -> Sequence[str]:
        """What is wrong in the files; each thing once, but for who asks `again`."""
        found = await asyncio.to_thread(self._find)
        notes = [note for profile in found.profiles.values() for note in profile.notes]
        new = [problem for problem in (*found.problems, *notes) if again or problem not in self._told]
        self._told.update(new)
        return new

    def _find(self) -> Found:
        house = self._session.house
        return profiles.find(
            brought.sources("agents", self._session.brought.folder, house.config_dir, house.home_dir), self._may
        )

    def _may(self, path: Path, origin: str) -> bool:
        return origin == "user" or self._session.brought.trust.allows(path)


def _cut(text: str) -> str:
    return text if len(text) <= _CHARS else f"{text[:_CHARS].rsplit(' ', 1)[0]}…"
