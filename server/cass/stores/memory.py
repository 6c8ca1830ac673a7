"""Sessions that are kept nowhere: for single tool calls and for tests."""

from __future__ import annotations

from collections.abc import Iterator

from cass.errors import SessionError
from cass.ports import SessionHeader, StoredSession
from cass.protocol.events import Event

name = "memory"


class MemoryJournal:
    """Events of one session, in a list."""

    def __init__(self) -> None:
        self.kept: list[Event] = []

    def append(self, event: Event) -> None:
        """Keep the event."""
        self.kept.append(event)

    def events(self) -> Iterator[Event]:
        """What is kept."""
        return iter(tuple(self.kept))

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
        headers = [header for header, _ in self._sessions.values() if cwd in (None, header.cwd)]
        return [StoredSession(header, header.created_at) for header in reversed(headers)]

    def delete(self, session_id: str) -> None:
        """Forget a session."""
        self._sessions.pop(session_id, None)
