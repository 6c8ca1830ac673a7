"""All sessions of this process: new, resume, list, close, delete."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cass.errors import ProtocolError, SessionError, StoreError
from cass.ports import Client, SessionHeader, StoredSession
from cass.protocol import methods
from cass.protocol.events import AvailableCommandsUpdate, Notice
from cass.protocol.looking import SessionInfo
from cass.protocol.offering import AvailableCommand
from cass.protocol.versions import JOURNAL_VERSION
from cass.sessions import forks, interrupted, keeping, leavings, options, unfinished
from cass.sessions.house import House
from cass.sessions.review import restore_overlay, settle_interrupted
from cass.sessions.session import Session
from cass.sessions.stream import Stream


class Library:
    """Opens sessions, keeps the open ones, and closes them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._open: dict[str, Session] = {}

    @property
    def sessions(self) -> Iterable[Session]:
        """The open ones, and those that work for them."""
        return tuple(self._all())

    def get(self, session_id: str) -> Session:
        """An open session; SessionError `session_not_found`."""
        session = next((s for s in self._all() if s.session_id == session_id), None)
        if session is None:
            raise SessionError(
                f"the session {session_id[:80]} is not open here",
                hint="Open it with cass/session/resume.",
                kind="session_not_found",
            )
        return session

    def _all(self) -> Iterator[Session]:
        waiting = list(self._open.values())
        while waiting:
            session = waiting.pop(0)
            waiting += session.agents.children.values()
            yield session

    def new(self, params: methods.SessionNewParams, client: Client) -> Session:
        """Open a session in a folder. ProtocolError `invalid_cwd` or `invalid_value`."""
        cwd = _folder(params.cwd)
        self._check(params.config_options)
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        header = SessionHeader(session_id=forks.new_id(), cwd=str(cwd), created_at=created)
        self.house.config_for(
            cwd, self.house.trust(cwd, params.trust)
        )  # a wrong setting is said before anything is made
        stream = Stream(header.session_id, self.house.store.create(header))
        session = Session(self.house, header, stream, params)
        self._open[header.session_id] = session
        session.attach(client)
        self._configure(session, params.config_options)
        return session

    async def resume(self, params: methods.SessionResumeParams, client: Client) -> Session:
        """Open a stored session or attach to an open one, and replay what was asked for. SessionError
        `session_not_found`, `session_busy` (another process has it), `replay_gone`."""
        session = next((s for s in self._all() if s.session_id == params.session_id), None)
        fresh = session is None
        torn, done = interrupted.Torn(), list[str]()
        if session is None:
            session = self._load(params)
            await settle_interrupted(session)
            await restore_overlay(session)
            done = await unfinished.settle(session)
            torn = await interrupted.find(session, can_ask=client.can_decide)
        replay = params.replay_from
        if replay is not None:
            after = replay.seq if isinstance(replay, methods.ReplayFromSeq) else None
            if not session.stream.replay(client, after):
                if fresh:
                    await self.close(params.session_id)
                raise SessionError(
                    "those updates are not kept any more", hint="Replay from the start.", kind="replay_gone"
                )
        session.attach(client)
        if fresh:
            for text in (*self._strange(session, params), *done):
                session.emit(Notice(level="warning", text=text))
        self._configure(session, params.config_options)
        if fresh:
            session.work.reminders.resume()
        interrupted.tell(session, torn)  # to whoever opened it: before, nobody was there to hear it
        return session

    def list(self, params: methods.SessionListParams) -> methods.SessionListResult:
        """One page of the stored sessions, newest first; without those in which nothing was said yet. May be called in
        any thread."""
        cwd = str(Path(params.cwd).resolve()) if params.cwd else None
        found = [
            session
            for session in self.house.store.list(cwd)
            if (session.messages or session.header.session_id in self._open)
            and (params.archived or not session.archived)
            and (params.tag is None or params.tag in session.tags)
            and session.header.session_id.startswith(params.prefix)
        ]
        try:
            start = int(params.cursor or "0")
        except ValueError:
            raise ProtocolError("that is not a cursor of this list", kind="invalid_params") from None
        page = found[start : start + params.limit]
        more = start + params.limit < len(found)
        return methods.SessionListResult(
            sessions=tuple(map(self.info, page)),
            next_cursor=str(start + params.limit) if more else None,
        )

    async def close(self, session_id: str) -> None:
        """Stop a session and give it free. One in which nothing was ever said is not kept, but where words were
        taken and lost, that stays."""
        session = self.get(session_id)
        if session.above is not None:
            raise SessionError("it works for another session", hint="Cancel its turn.", kind="session_busy")
        await session.close()
        self._open.pop(session_id, None)
        if _is_empty(session):
            self.remove(session_id)

    async def delete(self, session_id: str) -> None:
        """Remove a session for good, with those that worked for it."""
        for helper in await asyncio.to_thread(keeping.helpers, self.house.store, session_id):
            with contextlib.suppress(SessionError, StoreError):  # open in another process, or gone
                self.remove(helper)
        if session_id in self._open:
            session = self._open[session_id]
            await self.close(session_id)
            if _is_empty(session):
                return
        self.remove(session_id)

    def remove(self, session_id: str) -> None:
        """Remove a session that is not open, and all that was kept for it. SessionError `session_busy`."""
        self.house.store.delete(session_id)
        leavings.remove(self.house.data_dir, session_id, self.house.leavings)

    async def close_all(self) -> None:
        """Stop everything."""
        for session_id in list(self._open):
            await self.close(session_id)

    def commands(self) -> tuple[AvailableCommand, ...]:
        """The slash commands, by name."""
        return tuple(c.available() for _, c in sorted(self.house.commands.items()))

    def _load(self, params: methods.SessionResumeParams) -> Session:
        self._check(params.config_options)
        header, journal = self.house.store.open(params.session_id)
        try:
            cwd = _folder(params.cwd or self._here(header.cwd))
        except BaseException:
            journal.close()
            raise
        header = replace(header, cwd=str(cwd))
        opened = methods.SessionNewParams(
            cwd=str(cwd),
            additional_directories=params.additional_directories,
            rules=params.rules,
            max_turns=params.max_turns,
            trust=params.trust,
            mcp_servers=params.mcp_servers,
        )
        try:
            session = Session(self.house, header, Stream(header.session_id, journal), opened)
        except BaseException:
            journal.close()
            raise
        self._open[header.session_id] = session
        return session

    def _check(self, chosen: dict[str, str]) -> None:
        """Say what is wrong with the options before anything is made or opened."""
        for id, value in chosen.items():
            options.check(id, value)
        if "model" in chosen:
            self.house.models.get(chosen["model"])

    def _configure(self, session: Session, chosen: dict[str, str]) -> None:
        session.emit(AvailableCommandsUpdate(commands=self.commands()))
        session.brought.begin()
        for warning in session.warnings:
            session.emit(Notice(level="warning", text=warning))
        for id, value in chosen.items():
            session.set_option(id, value)

    def info(self, stored: StoredSession) -> SessionInfo:
        """A stored session as clients see it; of an open one its present state."""
        session = self._open.get(stored.header.session_id)
        state = session.stream.state if session else stored
        return SessionInfo(
            session_id=stored.header.session_id,
            cwd=stored.header.cwd,
            title=state.title,
            created_at=stored.header.created_at,
            updated_at=stored.updated_at,
            state=session.stream.state.state if session else "closed",
            messages=stored.messages,
            tags=state.tags,
            archived=state.archived,
            parent=stored.header.parent,
            origin=stored.header.origin,
        )

    def _here(self, cwd: str) -> str:
        """The session's folder; the present one where that is not on this machine."""
        return cwd if Path(cwd).is_dir() else str(self.house.present())

    def _strange(self, session: Session, params: methods.SessionResumeParams) -> Iterable[str]:
        """What its user should know of a session that comes from elsewhere."""
        stored = self.house.store.read(params.session_id)[0]
        if params.cwd is None and stored.cwd != str(session.cwd) and not Path(stored.cwd).is_dir():
            yield f"The session's folder {stored.cwd} is not here; it goes on in {session.cwd}."
        if stored.version > JOURNAL_VERSION:
            yield "A newer cass has written this session; what this one does not know is left out."


def _is_empty(session: Session) -> bool:
    state = session.stream.state
    return state.prompts == 0 and not state.dropped and not state.reminders


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or not path.is_dir():
        raise ProtocolError(
            f"{text!r} is not a folder", hint="Give the absolute path of an existing folder.", kind="invalid_cwd"
        )
    return path.resolve()
