"""What the cache holds, in SQL: a row for each journal and, for the search, a piece of text for each turn of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cass.ports.store import Hit, SessionHeader, StoredSession
from cass.stores._digest import Digest, Reading
from cass.stores._query import GAP, Term, expression, parted

VERSION = 1
_PIECES = 20
"""Bits of a piece's number that count within one session; the others are the session's."""
_SNIPPET = 24
"""Words of a snippet."""

_SCHEMA = (
    "DROP TABLE IF EXISTS sessions",
    "DROP TABLE IF EXISTS words",
    """CREATE TABLE sessions(
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER, mtime INTEGER, pieces INTEGER, offset INTEGER,
        tail INTEGER, cwd TEXT, created TEXT, version INTEGER, parent TEXT, origin TEXT, title TEXT, tags TEXT,
        archived INTEGER, messages INTEGER, updated TEXT)""",
    "CREATE VIRTUAL TABLE words USING fts5(text, turn UNINDEXED, tokenize = 'unicode61 remove_diacritics 2')",
)


class Row(NamedTuple):
    """What is known of one journal, as it stands in the table. `cwd` is None for a file that is no session."""

    id: int
    name: str
    size: int
    mtime: int
    pieces: int
    offset: int
    tail: int
    cwd: str | None
    created: str
    version: int
    parent: str | None
    origin: str | None
    title: str
    tags: str
    archived: int
    messages: int
    updated: str

    @property
    def stat(self) -> tuple[int, int]:
        """Size and time of the file when it was read."""
        return self.size, self.mtime

    @property
    def header(self) -> SessionHeader | None:
        """The journal's header."""
        if self.cwd is None:
            return None
        return SessionHeader(self.name, self.cwd, self.created, self.version, self.parent, self.origin)

    @property
    def digest(self) -> Digest | None:
        """As it was read."""
        header, tags = self.header, tuple(json.loads(self.tags))
        if header is None:
            return None
        return Digest(header, self.offset, self.tail, self.title, tags, bool(self.archived), self.messages)

    def stored(self) -> StoredSession | None:
        """As it is listed; None for what is no session."""
        header = self.header
        if header is None:
            return None
        tags = tuple(json.loads(self.tags)) if self.tags != "[]" else ()
        return StoredSession(header, self.updated, self.title, self.messages, tags, bool(self.archived))


@dataclass(frozen=True)
class News:
    """What was read of a journal whose row was `before`: `more` only what came behind that."""

    name: str
    stat: tuple[int, int]
    before: Row | None
    reading: Reading | None
    more: bool


def iso(mtime: int) -> str:
    """A file's time (ns), as ISO 8601."""
    return datetime.fromtimestamp(mtime // 1_000_000 / 1_000, UTC).isoformat(timespec="milliseconds")


def make(db: sqlite3.Connection) -> None:
    """The tables, empty."""
    db.execute("PRAGMA journal_mode = WAL")
    with db:
        db.execute("BEGIN IMMEDIATE")
        if int(db.execute("PRAGMA user_version").fetchone()[0]) < VERSION:  # another process may have been first
            for statement in _SCHEMA:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")


def rows(db: sqlite3.Connection, name: str | None = None) -> dict[str, Row]:
    """The rows by name; of one journal only."""
    where = "" if name is None else " WHERE name = ?"
    cursor = db.execute(f"SELECT * FROM sessions{where}", () if name is None else (name,))
    return {row.name: row for row in map(Row._make, cursor)}


def forget(db: sqlite3.Connection, gone: Iterable[Row]) -> None:
    """Journals that are not there any more."""
    gone = list(gone)
    if gone:
        with db:
            db.execute("BEGIN IMMEDIATE")
            for row in gone:
                _drop(db, row.id)
                db.execute("DELETE FROM sessions WHERE id = ?", (row.id,))


def write(db: sqlite3.Connection, folder: Path, batch: Sequence[News]) -> None:
    """Keep what was read, in one short transaction. What somebody else has read meanwhile stays theirs."""
    if not batch:
        return
    with db:
        db.execute("BEGIN IMMEDIATE")
        for news in batch:
            if rows(db, news.name).get(news.name) == news.before and (folder / f"{news.name}.jsonl").exists():
                _write(db, news)


def holding(db: sqlite3.Connection, terms: Sequence[Term]) -> set[int]:
    """The sessions that hold all the terms, each in whatever piece."""
    ids: set[int] | None = None
    for term in terms:
        query = f"SELECT DISTINCT rowid >> {_PIECES} FROM words WHERE words MATCH ?"
        found = {int(row[0]) for row in db.execute(query, (expression(term),))}
        ids = found if ids is None else ids & found
    return ids or set()


def hit(db: sqlite3.Connection, session: StoredSession, id: int, terms: Sequence[Term]) -> Hit:
    """The first piece of a session that holds all the terms, or one of them; its title only where nothing that was said
    does. Not by FTS5's `rank`: to weigh one piece it looks through those of all sessions."""
    query = (
        f"SELECT snippet(words, 0, char(2), char(3), '…', {_SNIPPET}), turn FROM words"
        " WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY turn = '', rowid LIMIT 1"
    )
    pieces = id << _PIECES, ((id + 1) << _PIECES) - 1
    together = (db.execute(query, (how.join(map(expression, terms)), *pieces)) for how in (" AND ", " OR "))
    text, turn = next((row for cursor in together if (row := cursor.fetchone())), ("", ""))
    snippet, marks = _marked(" ".join(str(text).replace(GAP, "").split()))
    return Hit(session, snippet, marks, str(turn) or None)


def _write(db: sqlite3.Connection, news: News) -> None:
    before, pieces = news.before, news.before.pieces if news.before and news.more else 0
    if before and not news.more:
        _drop(db, before.id)
    id = before.id if before else _next(db)
    texts = news.reading.texts if news.reading else ()
    db.execute(f"INSERT OR REPLACE INTO sessions VALUES ({', '.join('?' * 17)})", _row(id, pieces, news))
    for number, (turn, text) in enumerate(texts, pieces):
        row = (id << _PIECES | number % (1 << _PIECES), parted(text), turn)
        db.execute("INSERT OR REPLACE INTO words(rowid, text, turn) VALUES (?, ?, ?)", row)


def _row(id: int, pieces: int, news: News) -> Row:
    reading = news.reading
    if reading is None:
        return Row(id, news.name, *news.stat, 0, 0, 0, None, "", 0, None, None, "", "[]", 0, 0, "")
    now, header = reading.digest, reading.digest.header
    return Row(
        id, news.name, reading.size, reading.mtime, pieces + len(reading.texts), now.offset, now.check,
        header.cwd, header.created_at, header.version, header.parent, header.origin,
        now.title, json.dumps(now.tags), int(now.archived), now.messages,
        iso(reading.mtime),
    )  # fmt: skip


def _next(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM sessions").fetchone()[0])


def _drop(db: sqlite3.Connection, id: int) -> None:
    db.execute("DELETE FROM words WHERE rowid BETWEEN ? AND ?", (id << _PIECES, ((id + 1) << _PIECES) - 1))


def _marked(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text without the marks, and where they stood."""
    parts, marks, length = text.split("\2"), list[tuple[int, int]](), 0
    plain = parts[0]
    for part in parts[1:]:
        length = len(plain)
        inside, _, behind = part.partition("\3")
        marks.append((length, length + len(inside)))
        plain += inside + behind
    return plain.replace("\3", ""), tuple(marks)
