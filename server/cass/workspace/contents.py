"""What checkpoints keep of one folder: contents by their hash, what was last seen, and what calls did.

One SQLite file, and big contents as files beside it. They are the user's own bytes, secrets included: each byte is
written as another one, so that no search comes upon them. That is no protection; the mode of the files is. Several processes may use it at once, and it may be cut off at
any moment: what is not whole is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import stat
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from cass import private
from cass.ports import Entry
from cass.workspace.begun import Begins, entry, plain

BIG = 1_000_000
"""Bytes from which a content is a file of its own."""

_CHUNK = 1 << 20
_WAIT = 5.0
_LEVEL = 1
_LOG_PAGES = 8_000
"""Pages of SQLite's log until they are put into the file: each time costs a wait for the disk."""

_YOUNG = 86_400
"""Seconds that a content stays though nothing names it: another process may be about to."""

_TABLES = """
create table if not exists contents(hash text primary key, packed integer, size integer, used integer, data blob);
create table if not exists seen(path blob primary key, size integer, mtime integer, ctime integer, inode integer,
  at integer, kind text, mode integer, hash text, target text) without rowid;
create table if not exists records(id text primary key, session text, made integer, changes blob) without rowid;
create table if not exists names(record text, hash text, primary key(record, hash)) without rowid;
create table if not exists notes(name text primary key, value text) without rowid;
"""

Change = tuple[str, Entry | None, Entry | None]
"""A path relative to the folder (or absolute, outside of it), what it was, what it became."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a path was when it was last looked at, and the marks by which it is known again. `at` is when that was,
    in nanoseconds."""

    size: int
    mtime: int
    ctime: int
    inode: int
    at: int
    entry: Entry


class Contents:
    """The store of one folder. Methods raise OSError and sqlite3.Error; they are called from one thread at a time."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        _private(folder / "big")
        self._hide, self._show = _letters(folder.name)
        self._db = _opened(folder / "store.sqlite")
        self.begins = Begins(self._db, folder)
        self._total = self._sum()

    @property
    def is_full(self) -> bool:
        """Whether nothing more may be kept."""
        return self._total >= self._limit

    def has(self, hashes: Iterable[str]) -> set[str]:
        """Which of these are kept."""
        found: set[str] = set()
        wanted = list(hashes)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            found |= {
                row[0] for row in self._db.execute(f"select hash from contents where hash in ({marks})", part)
            }
        return found

    def add(self, packed: Sequence[tuple[str, int, bytes]]) -> None:
        """Keep contents: hash, size, and what `pack` made of the bytes."""
        now = int(time.time())
        rows = [(h, int(len(data) != size), size, now, data.translate(self._hide)) for h, size, data in packed]
        with self._db:
            self._db.executemany("insert or ignore into contents values(?,?,?,?,?)", rows)
        self._total += sum(len(data) for _, _, data in packed)

    def add_file(self, source: int) -> str:
        """Keep the content of an open file, however big, without holding it in memory; its hash."""
        temp = self._folder / "big" / f".{secrets.token_hex(8)}"
        with open(temp, "x+b", opener=_opener) as copy:  # Path.open takes no opener
            try:
                wanted, size = _copied(source, copy, self._hide, hides=True)
                os.fsync(copy.fileno())
                target = self._big(wanted)
                if target.exists():
                    temp.unlink()
                else:
                    temp.rename(target)
                    self._total += size
            except BaseException:
                temp.unlink(missing_ok=True)
                raise
        with self._db:
            row = (wanted, 2, size, int(time.time()), b"")
            self._db.execute("insert or replace into contents values(?,?,?,?,?)", row)
        return wanted

    def get(self, wanted: str) -> bytes | None:
        """A content; None when it is not kept, or is not what it was."""
        row = self._db.execute("select packed, data from contents where hash=?", (wanted,)).fetchone()
        try:
            data = None if row is None else _unpacked(row[0], row[1], self._big(wanted), self._show)
        except (OSError, zlib.error):
            return None
        return data if data is not None and hashlib.sha256(data).hexdigest() == wanted else None

    def write(self, wanted: str, target: int) -> bool:
        """Put a content into an open, empty file; false when it is not kept, or is not what it was."""
        with open(target, "wb", closefd=False) as out:  # a descriptor
            big = self._big(wanted)
            if big.exists():
                with big.open("rb") as source:
                    return _copied(source.fileno(), out, self._show, hides=False)[0] == wanted
            data = self.get(wanted)
            if data is not None:
                out.write(data)
        return data is not None

    def seen(self) -> dict[str, Seen]:
        """What was seen last."""
        rows = self._db.execute("select path,size,mtime,ctime,inode,at,kind,mode,hash,target from seen")
        return {os.fsdecode(path): as_seen(row) for path, *row in rows}

    def remember(self, changed: Mapping[str, Seen], gone: Iterable[str]) -> None:
        """This was seen now. What is not named any more by it stays for a while."""
        rows = [
            (os.fsencode(p), s.size, s.mtime, s.ctime, s.inode, s.at, e.kind, e.mode, e.hash, os.fsencode(e.target))
            for p, s in changed.items()
            for e in (s.entry,)
        ]
        paths = [(os.fsencode(path),) for path in gone]
        now = int(time.time())
        late = [(now, path) for (path,) in [*paths, *((row[0],) for row in rows)]]
        with self._db:
            if late:
                touch = "update contents set used=? where hash=(select hash from seen where path=?)"
                self._db.executemany(touch, late)
                self.begins.note([path for _, path in late])
            self._db.executemany("insert or replace into seen values(?,?,?,?,?,?,?,?,?,?)", rows)
            self._db.executemany("delete from seen where path=?", paths)

    def record(self, effects_id: str, session_id: str, changes: Sequence[Change]) -> None:
        """Keep what was done. It is on disk when this returns."""
        told = [(path, plain(before), plain(after)) for path, before, after in changes]
        data = zlib.compress(json.dumps(told).encode(), _LEVEL)
        hashes = {e.hash for _, *both in changes for e in both if e is not None and e.hash}
        self._db.execute("pragma synchronous=full")
        try:
            with self._db:
                row = (effects_id, session_id, int(time.time()), data)
                self._db.execute("insert or replace into records values(?,?,?,?)", row)
                self._db.executemany("insert or ignore into names values(?,?)", [(effects_id, h) for h in hashes])
        finally:
            self._db.execute("pragma synchronous=normal")

    def recorded(self, effects_id: str) -> list[Change] | None:
        """What was done; None when it is not kept."""
        row = self._db.execute("select changes from records where id=?", (effects_id,)).fetchone()
        if row is None:
            return None
        told = cast("list[tuple[str, list[object], list[object]]]", json.loads(zlib.decompress(row[0])))
        return [(path, entry(before), entry(after)) for path, before, after in told]

    def forget(self, session_id: str) -> None:
        """Nothing of this session can be taken back any more."""
        with self._db:
            self._db.execute(
                "delete from names where record in (select id from records where session=?)", (session_id,)
            )
            self._db.execute("delete from records where session=?", (session_id,))
            self.begins.forget(session_id)

    def sweep(self, *, every: float = 0.0) -> None:
        """Free what nothing names, unless that was done less than `every` seconds ago."""
        now = int(time.time())
        row = self._db.execute("select value from notes where name='swept'").fetchone()
        if row and now - int(row[0]) < every:
            return
        named = "names", "seen", "was"
        unnamed = " and ".join(
            ["used < ?", *(f"hash not in (select hash from {t} where hash is not null)" for t in named)]
        )
        with self._db:
            self.begins.sweep()
            self._db.execute("insert or replace into notes values('swept', ?)", (str(now),))
            old = (now - _YOUNG,)
            big = [r[0] for r in self._db.execute(f"select hash from contents where packed=2 and {unnamed}", old)]
            self._db.execute(f"delete from contents where {unnamed}", old)
        for wanted in big:
            self._big(wanted).unlink(missing_ok=True)
        self._sweep_temps(now)
        self._db.execute("pragma incremental_vacuum")
        self._total = self._sum()

    def close(self) -> None:
        """Give the files free."""
        self._db.close()

    def _sweep_temps(self, now: int) -> None:
        for path in (self._folder / "big").glob(".*"):
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > _YOUNG:
                    path.unlink()

    def _sum(self) -> int:
        big = "case packed when 2 then size else length(data) end"
        return int(self._db.execute(f"select coalesce(sum({big}),0) from contents").fetchone()[0])

    def _big(self, wanted: str) -> Path:
        return self._folder / "big" / wanted


def as_seen(row: Sequence[Any]) -> Seen:
    """A row of `seen` without its path."""
    size, mtime, ctime, inode, at, kind, mode, hash, target = row
    return Seen(
        size, mtime, ctime, inode, at, Entry(kind, mode, hash, size if kind == "file" else 0, os.fsdecode(target))
    )


def pack(data: bytes) -> bytes:
    """Smaller, where that helps; else as it is."""
    packed = zlib.compress(data, _LEVEL)
    return packed if len(packed) < len(data) else data


def _unpacked(packed: int, data: bytes, big: Path, letters: bytes) -> bytes:
    data = (big.read_bytes() if packed == 2 else data).translate(letters)
    return zlib.decompress(data) if packed == 1 else data


def _copied(source: int, copy: BinaryIO, letters: bytes, *, hides: bool) -> tuple[str, int]:
    """Copy from the beginning with other letters; the hash of what is not hidden, and its size."""
    os.lseek(source, 0, os.SEEK_SET)
    digest, size = hashlib.sha256(), 0
    while data := os.read(source, _CHUNK):
        written = data.translate(letters)
        digest.update(data if hides else written)
        copy.write(written)
        size += len(data)
    copy.flush()
    return digest.hexdigest(), size


def _letters(name: str) -> tuple[bytes, bytes]:
    """What stands for each byte in this store, and the way back. It follows from the store's name: what is hidden from
    searches must not be lost with a key."""
    hide = bytes(sorted(range(256), key=lambda byte: hashlib.sha256(name.encode() + bytes([byte])).digest()))
    return hide, bytes(map(hide.index, range(256)))


def _opened(path: Path) -> sqlite3.Connection:
    """The database; one that is damaged is set aside and begun anew."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        return _connected(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        path.rename(path.with_suffix(f".damaged-{secrets.token_hex(4)}"))
        for more in ("-wal", "-shm"):
            Path(f"{path}{more}").unlink(missing_ok=True)
        return _opened(path)


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_WAIT, check_same_thread=False)
    try:
        db.execute("pragma page_size=16384")
        db.execute("pragma auto_vacuum=incremental")
        db.execute("pragma journal_mode=wal")
        db.execute("pragma synchronous=normal")
        db.execute(f"pragma wal_autocheckpoint={_LOG_PAGES}")
        db.executescript(_TABLES)
    except BaseException:
        db.close()
        raise
    return db


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _private(folder: Path) -> None:
    private.make_folder(folder)
    for one in (folder.parent.parent, folder.parent, folder):
        if stat.S_IMODE(one.stat().st_mode) & 0o077:
            one.chmod(0o700)
