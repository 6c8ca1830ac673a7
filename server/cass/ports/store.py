"""The seam to where sessions are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from cass.protocol.events import Event
from cass.protocol.messages import Usage


@dataclass(frozen=True)
class SessionHeader:
    """The first line of a journal. Times are ISO 8601 in UTC."""

    session_id: str
    cwd: str
    created_at: str
    version: int = 1


@dataclass(frozen=True)
class StoredSession:
    """A session in the list. `messages` counts the user's prompts."""

    header: SessionHeader
    updated_at: str
    title: str = ""
    messages: int = 0


@dataclass(frozen=True)
class Spent:
    """What one answer of a model used. `at` is ISO 8601 in UTC."""

    at: str
    session_id: str
    cwd: str
    model: str
    usage: Usage


class Spending(Protocol):
    """What was used so far, by all sessions of the user."""

    def add(self, spent: Spent) -> None:
        """Keep it; never raises."""
        ...

    def today(self) -> Usage:
        """The sum of this day, in UTC."""
        ...


class Journal(Protocol):
    """One session's log, open for writing by this process alone."""

    def append(self, event: Event) -> None:
        """Keep the event: when this returns it is on disk. StoreError when it could not be written; the journal
        stays usable."""
        ...

    def events(self) -> Iterator[Event]:
        """What is kept, oldest first, read anew and one at a time. A damaged line is left out."""
        ...

    def close(self) -> None:
        """Give the session free for other processes."""
        ...


class Store(Protocol):
    """Where sessions are kept."""

    def create(self, header: SessionHeader) -> Journal:
        """Begin a session."""
        ...

    def open(self, session_id: str) -> tuple[SessionHeader, Journal]:
        """Own a session. A torn last line is set aside. SessionError `session_not_found`, or
        `session_busy` with the owner's process id."""
        ...

    def read(self, session_id: str) -> tuple[SessionHeader, Iterator[Event]]:
        """A session's events without owning it, as `Journal.events`."""
        ...

    def list(self, cwd: str | None) -> list[StoredSession]:
        """Stored sessions, newest first."""
        ...

    def delete(self, session_id: str) -> None:
        """Remove a session for good."""
        ...
