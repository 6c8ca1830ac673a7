"""The seam to where sessions are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from cass.protocol.events import Event
from cass.protocol.messages import Usage
from cass.protocol.versions import JOURNAL_VERSION


@dataclass(frozen=True)
class SessionHeader:
    """The first line of a journal. Times are ISO 8601 in UTC. `parent` is the session that this one was forked from,
    `origin` where it was imported from. `version` is the form that the file began in."""

    session_id: str
    cwd: str
    created_at: str
    version: int = JOURNAL_VERSION
    parent: str | None = None
    origin: str | None = None


@dataclass(frozen=True)
class StoredSession:
    """A session in the list. `messages` counts the user's prompts."""

    header: SessionHeader
    updated_at: str
    title: str = ""
    messages: int = 0
    tags: tuple[str, ...] = ()
    archived: bool = False


@dataclass(frozen=True)
class Hit:
    """A session in which the words were found. `marks` are where they stand in the snippet, in characters; `turn_id` is
    the turn that the snippet is from."""

    session: StoredSession
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()
    turn_id: str | None = None


@dataclass(frozen=True)
class Found:
    """What a search came to, newest session first. `unread` sessions could not be looked at in time."""

    hits: tuple[Hit, ...]
    unread: int = 0


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

    def events(self, holding: str = "") -> Iterator[Event]:
        """What is kept, oldest first, read anew and one at a time; only those whose JSON holds this text. A damaged
        line is left out."""
        ...

    def close(self) -> None:
        """Give the session free for other processes."""
        ...


class Store(Protocol):
    """Where sessions are kept. `list` and `search` may be called in any thread."""

    def create(self, header: SessionHeader) -> Journal:
        """Begin a session."""
        ...

    def write(self, header: SessionHeader, events: Iterable[Event]) -> None:
        """Keep a whole session at once, which nobody has open then. All of it or, with a StoreError, nothing."""
        ...

    def open(self, session_id: str) -> tuple[SessionHeader, Journal]:
        """Own a session. A torn last line is set aside. SessionError `session_not_found`, or
        `session_busy` with the owner's process id."""
        ...

    def read(self, session_id: str) -> tuple[SessionHeader, Iterator[Event]]:
        """A session's events without owning it, as `Journal.events`."""
        ...

    def note(self, session_id: str, event: Event) -> None:
        """Add something to a session that nobody has open, without making it a newer one. Errors as `open`."""
        ...

    def list(self, cwd: str | None) -> list[StoredSession]:
        """Stored sessions, newest first."""
        ...

    def search(self, query: str, cwd: str | None, limit: int) -> Found:
        """The newest sessions that hold all the words: each as the beginning of a word, those in double quotes as
        they stand. Any text is a query; one without words finds nothing."""
        ...

    def delete(self, session_id: str) -> None:
        """Remove a session for good."""
        ...
