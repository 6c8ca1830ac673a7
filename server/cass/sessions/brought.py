"""What the user and the folder add to a session: trust, hooks, commands, skills."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cass.errors import CassError
from cass.ports import Hooks
from cass.protocol.custom import TrustState
from cass.protocol.events import Notice
from cass.sessions import trusting
from cass.sessions.command import Command
from cass.sessions.hooked import Hooked
from cass.sessions.skilled import SessionSkills
from cass.trust import FolderTrust

if TYPE_CHECKING:
    from cass.sessions.session import Session

log = logging.getLogger(__name__)


class Brought:
    """Belongs to one session."""

    def __init__(self, session: Session, trust: FolderTrust) -> None:
        self._session = session
        self.trust = trust
        self.hooked = Hooked(session)
        self.hooks: Hooks = self.hooked.hooks
        self.skills = SessionSkills(session)
        self.told: TrustState = "plain"
        self.asked = ""
        self._beginning: asyncio.Task[None] | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether the user trusted the folder, and it was like that when it was last looked at."""
        return self.told == "trusted"

    def begin(self) -> None:
        """Look what there is, beside what the client does meanwhile, and tell it."""
        if self._beginning is None or self._beginning.done():
            self._beginning = asyncio.get_running_loop().create_task(self._begin())

    async def close(self) -> None:
        """The session ends: hooks are told, within a limit, and nothing is looked for any more."""
        await self.hooked.close()
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.wait([self._beginning])

    async def commands(self) -> Mapping[str, Command]:
        """The slash commands by name: cass's own, then those of plug-ins, the user and the folder. A name that is
        cass's own stays cass's."""
        await self.skills.read()
        for problem in self.skills.problems():
            self._session.emit(Notice(turn_id=self._session.turn_id, level="warning", text=f"Skills: {problem}"))
        return {**self.skills.commands(), **self._session.house.commands}

    async def _begin(self) -> None:
        try:
            await trusting.greet(self._session)
            await self.skills.read()
        except CassError as error:
            log.warning("what the folder brings could not be looked at: %s", error)
