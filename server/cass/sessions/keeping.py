"""Finding stored sessions, naming them, forking them, clearing up. All of it for open sessions and for stored ones."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cass.config import SessionsConfig
from cass.errors import SessionError, StoreError
from cass.ports.store import SessionHeader, Store, StoredSession
from cass.private import make_folder
from cass.protocol.events import Event, SessionInfoUpdate
from cass.protocol.keeping import (
    ForkParams,
    PruneResult,
    SearchHit,
    SearchParams,
    SearchResult,
    SessionResult,
    SetInfoParams,
)
from cass.protocol.looking import SessionInfo
from cass.sessions import children, forks, leavings
from cass.sessions.house import House

if TYPE_CHECKING:
    from cass.sessions.library import Library
    from cass.sessions.session import Session

_DAY = 86_400.0


async def search(library: Library, params: SearchParams) -> SearchResult:
    """The sessions that hold the words, newest first."""
    store = library.house.store
    cwd = await asyncio.to_thread(os.path.realpath, params.cwd) if params.cwd else None
    more = params.limit if params.archived else 10 * params.limit
    found = await asyncio.to_thread(store.search, params.query, cwd, more)
    hits = [hit for hit in found.hits if params.archived or not hit.session.archived][: params.limit]
    return SearchResult(
        hits=tuple(
            SearchHit(session=library.info(h.session), snippet=h.snippet, marks=h.marks, turn_id=h.turn_id)
            for h in hits
        ),
        unread=found.unread,
    )


async def fork(library: Library, params: ForkParams) -> SessionInfo:
    """A new session that goes on from a turn of another one. The model is sent the same, byte for byte. SessionError
    `session_not_found` or `turn_not_found`."""
    session_id = await asyncio.to_thread(make_fork, library.house, params)
    return await find(library, session_id)


def make_fork(house: House, params: ForkParams) -> str:
    """The id of a new session as `fork` makes it."""
    session_id = forks.new_id()
    header, events = house.store.read(params.session_id)
    count = forks.end(events, params)
    new = SessionHeader(session_id, header.cwd, _now(), parent=params.session_id, origin=header.origin)
    known = _given(house.store.read(params.session_id)[1])
    title = f"{known.title} (fork)" if known.title and not known.title.endswith(" (fork)") else known.title
    events = forks.copied(house.store.read(params.session_id)[1], count, session_id)
    leavings.copy(house.data_dir, params.session_id, session_id)
    house.store.write(new, chain(events, [known.model_copy(update={"title": title, "archived": False})]))
    return session_id


async def set_info(library: Library, params: SetInfoParams) -> SessionResult:
    """Change title, tags or whether it is archived; kept in the journal. SessionError `session_busy` when another
    process has the session open."""
    session = next((s for s in library.sessions if s.session_id == params.session_id), None)
    if session is not None:
        rename(session, params)
    else:
        await asyncio.to_thread(_note, library, params)
    return SessionResult(session=await find(library, params.session_id))


def rename(session: Session, params: SetInfoParams) -> SessionInfoUpdate:
    """The same for an open session; what is given of it now."""
    state = session.stream.state
    given = SessionInfoUpdate(turn_id=session.turn_id, title=state.title, tags=state.tags, archived=state.archived)
    now = changed(given, params)
    if now != given:
        session.emit(now)
    return now


def _note(library: Library, params: SetInfoParams) -> None:
    given = _given(library.house.store.read(params.session_id)[1])
    if (now := changed(given, params)) != given:
        library.house.store.note(params.session_id, now)


async def find(library: Library, session_id: str) -> SessionInfo:
    """A session as it is listed. SessionError `session_not_found`."""
    stored = await asyncio.to_thread(library.house.store.list, None)
    for session in stored:
        if session.header.session_id == session_id:
            return library.info(session)
    raise SessionError(
        f"there is no session {session_id[:80]}",
        hint="`cass sessions list` shows them.",
        kind="session_not_found",
    )


def helpers(store: Store, session_id: str) -> list[str]:
    """The sessions that worked for this one, as forks or steps of its commands, and those that worked for them."""
    stored = [session for session in store.list(None) if children.TAG in session.tags]
    found, wanted = list[str](), [session_id]
    while wanted:
        parent = wanted.pop()
        own = [session.header.session_id for session in stored if session.header.parent == parent]
        found += own
        wanted += own
    return found


async def prune(library: Library, settings: SessionsConfig, *, only_say: bool) -> PruneResult:
    """Remove what the settings keep no longer; never a session that somebody has open. What was, or would be, removed."""
    stored = await asyncio.to_thread(library.house.store.list, None)
    opened = {session.session_id for session in library.sessions}
    gone: list[SessionInfo] = []
    for session in too_old(stored, settings, datetime.now(UTC)):
        if session.header.session_id in opened:
            continue
        if not only_say:
            try:
                await asyncio.to_thread(library.remove, session.header.session_id)
            except (SessionError, StoreError):
                continue  # open in another process, or gone
        gone.append(library.info(session))
    return PruneResult(sessions=tuple(gone))


def too_old(stored: list[StoredSession], settings: SessionsConfig, now: datetime) -> list[StoredSession]:
    """The sessions that the settings keep no longer."""
    if settings.keep_days is None:
        return []
    oldest = now - timedelta(days=settings.keep_days)
    return [
        session
        for session in stored
        if datetime.fromisoformat(session.updated_at) < oldest
        and not (session.archived and settings.keep_archived and children.TAG not in session.tags)
        and not (set(session.tags) - {children.TAG} and settings.keep_tagged)
    ]


def due(mark: Path, clock: Callable[[], float] = time.time) -> bool:
    """Whether a day has passed since this was last asked, by the time of a file that is then touched. False when that
    cannot be done."""
    try:
        if mark.exists() and 0 <= clock() - mark.stat().st_mtime < _DAY:
            return False
        make_folder(mark.parent)
        os.close(os.open(mark, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        os.utime(mark, (clock(), clock()))
    except OSError:
        return False
    return True


def _given(events: Iterable[Event]) -> SessionInfoUpdate:
    """What was last given of a session."""
    given = SessionInfoUpdate(title="")
    for event in events:
        if isinstance(event, SessionInfoUpdate):
            given = event.model_copy(update={"turn_id": None})
    return given


def changed(given: SessionInfoUpdate, params: SetInfoParams) -> SessionInfoUpdate:
    """What is given of a session, changed as asked."""
    tags = given.tags if params.tags is None else params.tags
    tags = tuple(tag for tag in (*tags, *params.add_tags) if tag not in params.remove_tags)
    return SessionInfoUpdate(
        turn_id=given.turn_id,
        title=given.title if params.title is None else _line(params.title),
        tags=tuple(dict.fromkeys(tag for tag in map(_line, tags) if tag)),
        archived=given.archived if params.archived is None else params.archived,
    )


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
