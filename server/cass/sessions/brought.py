"""What the user and the folder add to a session: trust, hooks, commands, skills, MCP servers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from cass.errors import CassError
from cass.ports import Hooks
from cass.protocol.custom import TrustState
from cass.protocol.events import AvailableCommandsUpdate, Notice
from cass.protocol.offering import AvailableCommand
from cass.sessions import serverprompts, trusting
from cass.sessions.command import Command
from cass.sessions.customs import Customs
from cass.sessions.hooked import Hooked
from cass.sessions.servers import SessionServers
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
        self.folder = session.cwd
        self.hooked = Hooked(session, self.folder)
        self.hooks: Hooks = self.hooked.hooks
        self.skills = SessionSkills(session)
        self.told: TrustState = "plain"
        self.asked = ""
        self._beginning: asyncio.Task[None] | None = None
        self.customs = Customs(session)
        self.servers = SessionServers(session)
        self._listed = _offered(session.house.commands)

    @property
    def is_trusted(self) -> bool:
        """Whether the user trusted the folder, and it was like that when it was last looked at."""
        return self.told == "trusted"

    def work_for(self, above: Brought) -> None:
        """What that session has counts here, too, also where this one works on a copy of its folder: what it does there
        must not act."""
        self.trust, self.told = above.trust, above.told
        if self.folder != above.folder:
            self.folder = above.folder
            self.hooked = Hooked(self._session, self.folder)
            self.hooks = self.hooked.hooks

    def begin(self) -> None:
        """Look what there is, beside what the client does meanwhile, and tell it."""
        if self._beginning is None or self._beginning.done():
            self._beginning = asyncio.get_running_loop().create_task(self._begin())

    def list_again(self) -> None:
        """Look for commands only, in the same way."""
        if self._beginning is None or self._beginning.done():
            self._beginning = asyncio.get_running_loop().create_task(self._list())

    async def close(self) -> None:
        """The session ends: hooks are told, within a limit, and nothing is looked for any more."""
        await self.hooked.close()
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.wait([self._beginning])
        await self.servers.close()

    async def commands(self) -> Mapping[str, Command]:
        """The slash commands by name: cass's own, then those of plug-ins, the user and the folder. A name that is
        cass's own stays cass's; the other one is there with its origin before it, as `project:fix`."""
        await self._read_skills()
        customs = await self.customs.commands()
        own = self._session.house.commands
        whole = {f"{c.origin}:{name}": _whole(c, hidden=name in own) for name, c in customs.items()}
        prompts = serverprompts.commands(self._session.servers.all)
        found = {**whole, **prompts, **self.skills.commands(), **customs, **own}
        offered = _offered(found)
        if offered != self._listed:
            self._listed = offered
            self._session.emit(AvailableCommandsUpdate(commands=offered))
        return found

    async def _begin(self) -> None:
        try:
            await trusting.greet(self._session)
            await self._read_skills()
            self.servers.begin()
        except CassError as error:
            log.warning("what the folder brings could not be looked at: %s", error)
        await self._list()

    async def _read_skills(self) -> None:
        await self.skills.read()
        for problem in self.skills.problems():
            self._session.emit(Notice(turn_id=self._session.turn_id, level="warning", text=f"Skills: {problem}"))

    async def _list(self) -> None:
        """Once no turn is running: reading forty files would keep the model's first words waiting."""
        await self._session.work.quiet()
        try:
            await self.commands()
        except CassError as error:
            log.warning("the commands could not be listed: %s", error)


def _whole(command: Command, *, hidden: bool) -> Command:
    return replace(command, name=f"{command.origin}:{command.name}", offered=command.offered and hidden)


def _offered(commands: Mapping[str, Command]) -> tuple[AvailableCommand, ...]:
    return tuple(command.available() for _, command in sorted(commands.items()) if command.offered)
