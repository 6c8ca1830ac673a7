"""Sessions that are kept nowhere: for single tool calls and for tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cass.errors import SessionError
from cass.ports import SessionHeader, StoredSession
from cass.ports.store import Found, Hit
from cass.protocol.events import Event, SessionInfoUpdate, UserMessage

name = "memory"


class MemoryJournal:
    """Events of one session, in a list."""

    def __init__(self) -> None:
        self.kept: list[Event] = []

    def append(self, event: Event) -> None:
        """Keep the event."""
        self.kept.append(event)

    def events(self, holding: str = "") -> Iterator[Event]:
        """What is kept."""
        return iter([event for event in self.kept if not holding or holding in event.wire_json()])

    def close(self) -> None:
        """Nothing to give free."""


class MemoryStore:
    """All sessions of one process."""

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[SessionHeader, MemoryJournal]] = {}

    def create(self, header: SessionHeader) -> MemoryJournal:
        """Begin a session."""
        journal = MemoryJournal()
        self._sessions[header.session_id] = header, journal
        return journal

    def write(self, header: SessionHeader, events: Iterable[Event]) -> None:
        """Keep a whole session at once."""
        self.create(header).kept.extend(events)

    def note(self, session_id: str, event: Event) -> None:
        """Add something to a session."""
        self.open(session_id)[1].append(event)

    def open(self, session_id: str) -> tuple[SessionHeader, MemoryJournal]:
        """Take a session up again."""
        if session_id not in self._sessions:
            raise SessionError(f"there is no session {session_id}", kind="session_not_found")
        return self._sessions[session_id]

    def read(self, session_id: str) -> tuple[SessionHeader, Iterator[Event]]:
        """Its events."""
        header, journal = self.open(session_id)
        return header, journal.events()

    def list(self, cwd: str | None) -> list[StoredSession]:
        """Sessions, newest first."""
        found = [_listed(header, journal) for header, journal in self._sessions.values()]
        return [session for session in reversed(found) if cwd in (None, session.header.cwd)]

    def search(self, query: str, cwd: str | None, limit: int) -> Found:
        """The sessions in whose events all the words stand."""
        words = query.replace('"', " ").lower().split()
        hits: list[Hit] = []
        for session in self.list(cwd):
            text = "\n".join(e.wire_json() for e in self._sessions[session.header.session_id][1].kept).lower()
            if words and all(word in text for word in words):
                hits.append(Hit(session, ""))
        return Found(tuple(hits[:limit]))

    def delete(self, session_id: str) -> None:
        """Forget a session."""
        self._sessions.pop(session_id, None)


def _listed(header: SessionHeader, journal: MemoryJournal) -> StoredSession:
    session = StoredSession(header, header.created_at)
    for event in journal.kept:
        if isinstance(event, SessionInfoUpdate):
            session = replace(session, title=event.title, tags=event.tags, archived=event.archived)
        elif isinstance(event, UserMessage) and event.source == "user":
            session = replace(session, messages=session.messages + 1)
    return session
