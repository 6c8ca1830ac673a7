"""The custom commands of one session: found in its folders, read when they are needed, offered where they may run.

What reads and runs them is loaded with the first one: a session without any must not start later for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cass import brought
from cass.brought import Source
from cass.errors import ConfigError, SessionError
from cass.protocol.events import Notice, StateUpdate
from cass.protocol.offering import CommandParameter
from cass.sessions import trusting
from cass.sessions.command import Command, Prompt, Reply, message_of

if TYPE_CHECKING:
    from cass.customs.definition import Definition, Parameter, Place
    from cass.customs.index import Entry, Index
    from cass.sessions.session import Session


class Customs:
    """Belongs to one session. Files are looked at in a thread, and read again only where they changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._index: Index | None = None
        self._lock = asyncio.Lock()
        self.noted: set[str] = set()
        self._entries: dict[str, Entry] = {}
        self._listed: object = None
        self._commands: dict[str, Command] = {}

    async def commands(self) -> Mapping[str, Command]:
        """All of them by name, as the files are now."""
        async with self._lock:
            entries = await asyncio.to_thread(self._look)
            trust = self._session.brought.trust
            stamp = (tuple((e.path, e.stamp) for e in entries.values()), trust.state)
            if stamp != self._listed:
                self._listed, self._entries = stamp, entries
                self._commands = await asyncio.to_thread(self._made, entries)
        return self._commands

    async def definition(self, name: str, place: Place) -> Definition:
        """A command that another one calls. ConfigError with the place where it cannot be had."""
        await self.commands()
        entry = self._entries.get(name)
        if entry is None:
            raise place.error(f"there is no custom command /{name} that can be called")
        return await self._read(entry)

    def sources(self) -> list[Source]:
        """The folders that are looked at, weakest first: packages, the user's, the project's."""
        house, session = self._session.house, self._session
        packages = [Source(folder, "user", "cass", folder) for folder in house.command_folders]
        return [*packages, *brought.sources("commands", session.cwd, house.config_dir, house.home_dir)]

    async def take_up(self, prompt: Prompt, argument: str) -> StateUpdate:
        """Go on with the run that was cut off last. SessionError where there is none, or its command is another now."""
        from cass.sessions import running, takingup

        await trusting.settle(self._session, prompt.turn_id)
        found = await asyncio.to_thread(takingup.last, self._session)
        if found is None:
            raise SessionError("there is no run to take up", hint="A command with steps that was cut off is one.")
        await self.commands()
        entry = self._entries.get(found.command)
        if entry is None:
            raise SessionError(f"the command /{found.command} is not here any more")
        definition = await self._read(entry)
        digest = await asyncio.to_thread(_digest, entry.path)
        if digest != found.digest and argument != "anyway":
            raise SessionError(
                f"{entry.path} was changed since the run began",
                hint=f"/resume-run anyway goes on with the steps that it has now; /{found.command} begins anew.",
            )
        message, extra = message_of(prompt)
        values, given, selection = takingup.arguments(found)
        run = running.Run(
            definition,
            values,
            given,
            message,
            digest,
            selection,
            extra,
            found.run_id,
            found.done,
            again=True,
        )
        await self._session.work.say_first(message)
        return await running.perform(self._session, prompt.turn_id, run)

    def _look(self) -> dict[str, Entry]:
        sources = self.sources()
        if not sources and self._index is None:
            return {}
        from cass.customs import index

        self._index = self._index or index.Index()
        allows = self._session.brought.trust.allows
        # what may not act is the weakest: it takes no name away from what may
        return index.named(sorted(self._index.look(sources), key=lambda entry: allows(entry.path)))

    def _made(self, entries: Mapping[str, Entry]) -> dict[str, Command]:
        return {name: self._command(entry) for name, entry in entries.items()}

    def _command(self, entry: Entry) -> Command:
        from cass.customs import dryrun

        definition = entry.definition
        return Command(
            name=entry.name,
            description=definition.description if definition else f"cannot be read: {entry.problem}",
            run=partial(self._run, entry),
            hint=(definition.hint or dryrun.hint(definition)) if definition else "",
            parameters=tuple(map(_shown, definition.parameters)) if definition else (),
            origin="plugin" if entry.source.root in self._session.house.command_folders else entry.source.origin,
            offered=definition is not None and self._session.brought.trust.allows(entry.path),
        )

    async def _run(self, entry: Entry, session: Session, argument: str) -> Reply:
        definition = await self._read(entry)
        return Reply(flow=partial(self._flow, entry, definition, argument))

    async def _flow(self, entry: Entry, definition: Definition, argument: str, prompt: Prompt) -> StateUpdate:
        from cass.customs import checking, dryrun
        from cass.sessions import running

        session = self._session
        checking.calls(definition, self._find)
        if dryrun.wanted(argument):
            text = await dryrun.text(definition, argument, prompt.selection, self._find)
            session.emit(Notice(turn_id=prompt.turn_id, level="info", text=text))
            return StateUpdate(turn_id=prompt.turn_id, state="idle", stop_reason="end_turn")
        values, given = await running.values_of(session, definition, argument, prompt.selection)
        message, extra = message_of(prompt)
        digest = await asyncio.to_thread(_digest, entry.path)
        run = running.Run(definition, values, given, message, digest, prompt.selection, extra)
        return await running.perform(session, prompt.turn_id, run)

    async def _read(self, entry: Entry) -> Definition:
        """The command as its file is now, if it may act."""
        trusted = await asyncio.to_thread(self._session.brought.trust.allows, entry.path)
        if not trusted:
            raise SessionError(
                f"/{entry.name} is brought by this folder, which is not trusted ({entry.path})",
                hint="/trust shows what it brings, and trusts it.",
                kind="not_trusted",
            )
        from cass.customs import index

        return await asyncio.to_thread(index.whole, entry)

    def _find(self, name: str) -> Definition | None:
        from cass.customs import index

        return index.found(self._entries, name)


def _shown(parameter: Parameter) -> CommandParameter:
    default = parameter.default
    return CommandParameter(
        name=parameter.name,
        type=parameter.type,
        required=parameter.required,
        description=parameter.description,
        values=parameter.values,
        default=default if isinstance(default, str | int | float | bool) else None,
    )


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", where=str(path)) from None
