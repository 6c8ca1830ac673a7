"""Calls that were begun and not ended: what stood before them, on disk before they begin, so that a crash leaves no
effect unknown.

Of a look at a whole folder only the moment is written down. From then on whoever notes in `seen` that a path has
become another thing also notes what it was, for every call that is under way, in the same transaction.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cass.ports import Begun, Entry

TABLES = """
create table if not exists begun(id text primary key, session text, turn text, call text, rewinds integer, at integer,
  named integer, before blob) without rowid;
create table if not exists was(begun text, path blob, size integer, mtime integer, ctime integer, inode integer,
  at integer, kind text, mode integer, hash text, target text, primary key(begun, path)) without rowid;
"""

_OLD = 30 * 86_400
_SEEN = "size,mtime,ctime,inode,at,kind,mode,hash,target"

Entries = dict[str, Entry | None]


@dataclass(frozen=True)
class Before:
    """What stood when a call was begun. `named` are the only paths that it could change, None for all. `rows` are paths
    as they were seen, `more` what was not noted as seen. `at` and `alive` are nanoseconds: when it was begun, and when
    cass last lived while it ran."""

    call: Begun
    named: Entries | None
    more: Entries
    at: int
    alive: int


class Begins:
    """The calls under way in one folder's store. Methods raise OSError and sqlite3.Error."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db = db
        self._folder = folder / "running"
        db.executescript(TABLES)

    def add(
        self, call: Begun, session_id: str, at: int, before: Mapping[str, Entry | None], *, named: bool
    ) -> None:
        """It begins now. On disk when this returns."""
        told = {path: plain(entry) for path, entry in before.items()}
        data = zlib.compress(json.dumps(told).encode(), 1)
        hashes = {entry.hash for entry in before.values() if entry and entry.hash}
        row = (call.effects_id, session_id, call.turn_id, call.call_id, int(call.is_rewind), at, int(named), data)
        self._db.execute("pragma synchronous=full")
        try:
            with self._db:
                self._db.execute("insert or replace into begun values(?,?,?,?,?,?,?,?)", row)
                named_rows = [(call.effects_id, wanted) for wanted in hashes]
                self._db.executemany("insert or ignore into names values(?,?)", named_rows)
        finally:
            self._db.execute("pragma synchronous=normal")
        self.beat(call.effects_id)

    def beat(self, effects_id: str) -> None:
        """Cass lives, and it still runs."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            (self._folder / effects_id).touch(mode=0o600)

    def note(self, paths: Iterable[bytes]) -> None:
        """These paths are about to be noted as something else. Called inside of a transaction."""
        going = [row[0] for row in self._db.execute("select id from begun where named=0")]
        for effects_id in going:
            self._db.executemany(
                f"insert or ignore into was select ?,?,{_SEEN} from (select 1) left join seen on path=?",
                [(effects_id, path, path) for path in paths],
            )

    def of(self, session_id: str) -> list[Before]:
        """Those of a session that never ended."""
        rows = self._db.execute(
            "select id,turn,call,rewinds,at,named,before from begun where session=? order by at", (session_id,)
        ).fetchall()
        found: list[Before] = []
        for effects_id, turn, call, rewinds, at, named, data in rows:
            told = cast("dict[str, list[object] | None]", json.loads(zlib.decompress(data)))
            entries = {path: entry(plainly) for path, plainly in told.items()}
            alive = at
            with contextlib.suppress(OSError):
                alive = max(at, (self._folder / effects_id).stat().st_mtime_ns)
            begun = Begun(effects_id, turn, call, is_rewind=bool(rewinds))
            found.append(Before(begun, entries if named else None, {} if named else entries, at, alive))
        return found

    def was(self, effects_id: str) -> dict[str, tuple[object, ...] | None]:
        """Paths that were noted as something else since it began: how they had been seen, None for not at all."""
        rows = self._db.execute(f"select path,{_SEEN} from was where begun=?", (effects_id,))
        return {os.fsdecode(path): tuple(seen) if seen[5] is not None else None for path, *seen in rows}

    def end(self, effects_id: str) -> None:
        """It is known what it did."""
        with self._db:
            self._drop([effects_id])

    def forget(self, session_id: str) -> None:
        """Nothing of this session can be taken back any more. Called inside of a transaction."""
        self._drop([row[0] for row in self._db.execute("select id from begun where session=?", (session_id,))])

    def sweep(self) -> None:
        """Give up those that nobody came back to. Called inside of a transaction."""
        old = time.time_ns() - _OLD * 1_000_000_000
        self._drop([row[0] for row in self._db.execute("select id from begun where at<?", (old,))])

    def _drop(self, ids: list[str]) -> None:
        for effects_id in ids:
            self._db.execute(
                "delete from names where record=? and record not in (select id from records)", (effects_id,)
            )
            self._db.execute("delete from begun where id=?", (effects_id,))
            self._db.execute("delete from was where begun=?", (effects_id,))
            with contextlib.suppress(OSError):
                (self._folder / effects_id).unlink()


def plain(entry: Entry | None) -> list[object] | None:
    """For JSON."""
    return [entry.kind, entry.mode, entry.hash, entry.size, entry.target, entry.stamp] if entry else None


def entry(told: list[object] | None) -> Entry | None:
    """As `plain` wrote it."""
    return Entry(*told) if told else None  # pyright: ignore[reportArgumentType]
