"""A cache over all journals, so that thousands can be listed and searched at once. Nothing is only here: it may be
deleted at any time, and where it cannot be used, whoever asks reads the journals instead.

Several processes share it. A journal is read outside of any transaction, and what was read is written only where the
row is still the one that the reading began from.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from cass.ports.store import Hit, StoredSession
from cass.private import make_folder
from cass.stores import _digest, _rows
from cass.stores._query import Term
from cass.stores._rows import News, Row

_BATCH_FILES = 100
_BATCH_CHARS = 2_000_000

Stats = Mapping[str, tuple[int, int]]
"""Size and time (ns) of each journal, by its name without the suffix."""

log = logging.getLogger(__name__)


class IndexUnusable(Exception):
    """The cache cannot be read or written now."""


class Index:
    """The cache in one file. Every call opens it anew, in whatever thread it is made. IndexUnusable from all of them
    when it is locked too long, damaged beyond a fresh start, or cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading = threading.Lock()

    def rows(self) -> dict[str, Row]:
        """What is known of each journal. It may be older than the file."""
        with self._open() as db:
            return _rows.rows(db)

    def refresh(self, folder: Path, stats: Stats, deadline: float) -> tuple[dict[str, Row], int]:
        """Read what is new or has changed, until this moment of `time.monotonic`. What is known then, and how many
        journals are left."""
        if not self._reading.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return self.rows(), len(stats)
        try:
            with self._open() as db:
                known = _rows.rows(db)
                gone = [row for name, row in known.items() if name not in stats]
                old = [name for name, now in stats.items() if name not in known or known[name].stat != now]
                if not gone and not old:
                    return known, 0
                _rows.forget(db, gone)
                old.sort(key=lambda name: stats[name][1], reverse=True)
                left = len(old) - self._read(db, folder, stats, known, old, deadline)
                return _rows.rows(db), left
        finally:
            self._reading.release()

    def forget(self, name: str) -> None:
        """A journal is gone, and its words with it."""
        with self._open() as db:
            _rows.forget(db, _rows.rows(db, name).values())

    def search(
        self,
        terms: Sequence[Term],
        rows: Iterable[Row],
        wanted: Callable[[StoredSession], bool],
        limit: int,
    ) -> list[Hit]:
        """The newest of these sessions that hold all the terms."""
        with self._open() as db:
            ids = _rows.holding(db, terms)
            found = sorted((row for row in rows if row.id in ids), key=lambda row: row.mtime, reverse=True)
            sessions = ((session, row.id) for row in found if (session := row.stored()) and wanted(session))
            return [_rows.hit(db, session, id, terms) for session, id in islice(sessions, limit)]

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        try:
            try:
                db = self._connect()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._remove()
                db = self._connect()
            with closing(db):
                yield db
        except (sqlite3.OperationalError, OSError) as error:
            raise IndexUnusable(str(error)) from error
        except sqlite3.Error as error:
            self._remove()  # damaged in a place that was not read at the start: it is made anew the next time
            raise IndexUnusable(str(error)) from error

    def _connect(self) -> sqlite3.Connection:
        make_folder(self._path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(self._path, flags, 0o600))
        db = sqlite3.connect(self._path, timeout=2.0, isolation_level=None)
        try:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version > _rows.VERSION:
                raise IndexUnusable("it is a newer cass's")
            db.execute("PRAGMA synchronous = NORMAL")
            if version < _rows.VERSION:
                _rows.make(db)
        except BaseException:
            db.close()
            raise
        return db

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            try:
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            except OSError as error:
                log.info("the index cannot be removed: %s", error)

    def _read(
        self, db: sqlite3.Connection, folder: Path, stats: Stats, known: Mapping[str, Row], names: Iterable[str],
        deadline: float,
    ) -> int:  # fmt: skip
        done, chars = 0, 0
        batch: list[News] = []
        for name in names:
            if time.monotonic() > deadline:
                break
            row, path = known.get(name), folder / f"{name}.jsonl"
            since = row.digest if row and row.digest and _digest.goes_on(path, row.digest) else None
            reading = _digest.read(path, since)
            batch.append(News(name, stats[name], row, reading, since is not None))
            chars += sum(len(text) for _, text in reading.texts) if reading else 0
            if len(batch) >= _BATCH_FILES or chars >= _BATCH_CHARS:
                _rows.write(db, folder, batch)
                done, chars, batch = done + len(batch), 0, []
        _rows.write(db, folder, batch)
        return done + len(batch)
