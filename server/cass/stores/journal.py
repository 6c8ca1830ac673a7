"""Sessions as append-only JSON lines, one file each: a header line, then one line an event.

A line is written with one call and synced to the disk before `append` returns. On loading, a last line without
its end is kept when it is whole and set aside (`ID.torn`) when it is not; a damaged line in the middle is left
out and stays in the file. Files are readable by their owner alone. One process owns a session at a time.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cass import private
from cass.errors import SessionError, StoreError
from cass.ports.store import Found, Hit, SessionHeader, StoredSession
from cass.private import make_folder
from cass.protocol.events import Event
from cass.protocol.versions import JOURNAL_VERSION
from cass.stores import _digest, _lines
from cass.stores._index import Index, IndexUnusable, Stats
from cass.stores._lock import lock, unlock
from cass.stores._query import holds, parse, snippet
from cass.stores._rows import Row, iso

name = "journal"

_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_AT_ONCE = 8_000_000
"""Bytes of journals that the list waits for until the index has read them; above that it looks at them itself."""
_PATIENCE = 60.0
"""Seconds that a search waits for the index to be complete."""

log = logging.getLogger(__name__)


class FileJournal:
    """One session's file, open for appending and locked. `version` is the form that it began in."""

    def __init__(self, path: Path, lock: int, version: int = JOURNAL_VERSION) -> None:
        self._path = path
        self._lock = lock
        self._before = b"" if version == JOURNAL_VERSION else _lines.mark_line()
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
        self._size = os.fstat(self._fd).st_size

    def append(self, event: Event) -> None:
        """Keep the event: when this returns it is on disk. What a failed write left behind is taken back."""
        self._write(self._before + _lines.event_line(event))
        self._before = b""

    def write_header(self, header: SessionHeader) -> None:
        """The first line."""
        self._write(_lines.header_line(header))

    def events(self, holding: str = "") -> Iterator[Event]:
        """What is kept, oldest first."""
        return _lines.events(self._path, holding)

    def close(self) -> None:
        """Give the session free for other processes."""
        if self._fd >= 0:
            os.close(self._fd)
            unlock(self._lock, self._path)
            self._fd = -1

    def _write(self, data: bytes) -> None:
        if self._fd < 0:
            raise StoreError(f"the session {self._path.stem} is closed")
        try:
            written = os.write(self._fd, data)
            if written != len(data):
                raise OSError(28, "no space left on the disk")
            os.fsync(self._fd)
        except OSError as error:
            self._take_back()
            raise StoreError(
                f"the session cannot be saved to {self._path}: {error.strerror}",
                hint="What is said from here on is lost when cass ends. Free some space, or check the folder.",
            ) from error
        self._size += len(data)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            log.exception("a half-written line stays in %s", self._path)


class JournalStore:
    """All sessions of a user, in one folder. `index` is where a cache over them is kept; None does without."""

    def __init__(self, folder: Path, index: Path | None = None) -> None:
        self._folder = folder
        self._index = Index(index) if index else None
        self._indexing: threading.Thread | None = None

    def create(self, header: SessionHeader) -> FileJournal:
        """Begin a session."""
        path = self._path(header.session_id)
        try:
            private.make_folder(self._folder)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            journal = FileJournal(path, lock(path))
        except OSError as error:
            raise self._unkept(error) from error
        journal.write_header(header)
        _sync_folder(self._folder)
        return journal

    def write(self, header: SessionHeader, events: Iterable[Event]) -> None:
        """Keep a whole session at once."""
        path = self._path(header.session_id)
        new = path.with_suffix(".new")
        try:
            make_folder(self._folder)
            with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(_lines.header_line(header))
                for event in events:
                    file.write(_lines.event_line(event))
                file.flush()
                os.fsync(file.fileno())
            os.link(new, path)  # unlike a rename, this never replaces a session
            _sync_folder(self._folder)
        except OSError as error:
            raise self._unkept(error) from error
        finally:
            new.unlink(missing_ok=True)

    def open(self, session_id: str) -> tuple[SessionHeader, FileJournal]:
        """Own a session."""
        path = self._existing(session_id)
        held = lock(path)
        try:
            _lines.repair(path)
            header = _lines.read_header(path)
            return header, FileJournal(path, held, header.version)
        except OSError as error:
            unlock(held, path)
            raise StoreError(f"the session {session_id} cannot be opened: {error.strerror}") from error
        except BaseException:
            unlock(held, path)
            raise

    def read(self, session_id: str) -> tuple[SessionHeader, Iterator[Event]]:
        """A session's events without owning it."""
        path = self._existing(session_id)
        return _lines.read_header(path), _lines.events(path)

    def note(self, session_id: str, event: Event) -> None:
        """Add something to a session that nobody has open; the file's time stays, so it does not become a newer one."""
        path = self._existing(session_id)
        stat = path.stat()
        _, journal = self.open(session_id)
        try:
            journal.append(event)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        finally:
            journal.close()

    def list(self, cwd: str | None) -> list[StoredSession]:
        """Stored sessions, newest first; files that are no sessions are left out."""
        found = [s for s in self._stored(self._stats()) if cwd is None or s.header.cwd == cwd]
        return sorted(found, key=lambda s: (s.updated_at, s.header.session_id), reverse=True)

    def search(self, query: str, cwd: str | None, limit: int) -> Found:
        """The newest sessions that hold all the words."""
        terms = parse(query)
        if not terms:
            return Found(())

        def wanted(session: StoredSession) -> bool:
            return cwd is None or session.header.cwd == cwd

        stats = self._stats()
        if self._index:
            try:
                known, unread = self._index.refresh(self._folder, stats, time.monotonic() + _PATIENCE)
                return Found(tuple(self._index.search(terms, known.values(), wanted, limit)), unread)
            except IndexUnusable as error:
                log.warning("the index of sessions cannot be used (%s); the journals are searched instead", error)
        hits: list[Hit] = []
        for name, _ in sorted(stats.items(), key=lambda entry: entry[1][1], reverse=True):
            reading = _digest.read(self._folder / f"{name}.jsonl")
            text = "\n".join(text for _, text in reading.texts) if reading else ""
            if reading and holds(text, terms) and wanted(session := _listed(reading)) and len(hits) < limit:
                turn = next((turn for turn, part in reading.texts if holds(part, terms[:1])), None)
                hits.append(Hit(session, *snippet(text, terms), turn))
        return Found(tuple(hits))

    def delete(self, session_id: str) -> None:
        """Remove a session for good. SessionError when another process has it open."""
        path = self._existing(session_id)
        held = lock(path)
        path.unlink()
        path.with_suffix(".torn").unlink(missing_ok=True)
        unlock(held, path)
        if self._index:
            try:
                self._index.forget(session_id)
            except IndexUnusable as error:
                log.info("the index still names %s: %s", session_id, error)

    def _stats(self) -> Stats:
        stats: dict[str, tuple[int, int]] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    stem, _, suffix = entry.name.rpartition(".")
                    if suffix == "jsonl":
                        stat = entry.stat()
                        stats[stem] = stat.st_size, stat.st_mtime_ns
        except OSError as error:
            log.info("the sessions cannot be listed: %s", error)
        return stats

    def _stored(self, stats: Stats) -> Iterator[StoredSession]:
        """Every session, from the index where that is up to date. The rest is read: by the index, when it is little,
        else here and now, and by the index meanwhile."""
        known, left = self._known(stats)
        for name, stat in stats.items():
            row = known.get(name)
            if row and row.stat == stat:
                if session := row.stored():
                    yield session
            elif reading := _digest.summary(self._folder / f"{name}.jsonl"):
                yield _listed(reading)
        if left:
            self._index_meanwhile(stats)

    def _known(self, stats: Stats) -> tuple[dict[str, Row], int]:
        """What the index knows, and for how many journals it has to be made first."""
        if self._index is None:
            return {}, 0
        try:
            known = self._index.rows()
            behind = [name for name, stat in stats.items() if name not in known or known[name].stat != stat]
            if not behind and len(known) == len(stats):
                return known, 0
            if sum(stats[name][0] - (known[name].offset if name in known else 0) for name in behind) > _AT_ONCE:
                return known, len(behind)
            return self._index.refresh(self._folder, stats, time.monotonic() + 1.0)
        except IndexUnusable as error:
            log.info("the index of sessions cannot be used (%s); the journals are listed instead", error)
            return {}, 0

    def _index_meanwhile(self, stats: Stats) -> None:
        """Read what is new in a thread of its own; it ends with the process, and the next one goes on from there."""
        index, folder = self._index, self._folder
        if index is None or (self._indexing and self._indexing.is_alive()):
            return

        def work() -> None:
            try:
                index.refresh(folder, stats, time.monotonic() + 600.0)
            except IndexUnusable as error:
                log.info("the index of sessions cannot be made: %s", error)

        self._indexing = threading.Thread(target=work, name="cass-index", daemon=True)
        self._indexing.start()

    def _unkept(self, error: OSError) -> StoreError:
        return StoreError(
            f"a session cannot be kept in {self._folder}: {error.strerror}",
            hint="Make the folder writable, or name another one in the variable CASS_HOME.",
        )

    def _path(self, session_id: str) -> Path:
        if not _SESSION_ID.fullmatch(session_id):
            raise SessionError(f"{session_id[:80]!r} is not the id of a session", kind="session_not_found")
        return self._folder / f"{session_id}.jsonl"

    def _existing(self, session_id: str) -> Path:
        path = self._path(session_id)
        if not path.is_file():
            raise SessionError(
                f"there is no session {session_id}",
                hint="`cass sessions list` shows them.",
                kind="session_not_found",
            )
        return path


def open_store(folder: Path, index: Path | None = None) -> JournalStore:
    """The store of the sessions in this folder, with a cache over them in a file."""
    return JournalStore(folder, index)


def _listed(reading: _digest.Reading) -> StoredSession:
    now = reading.digest
    return StoredSession(now.header, iso(reading.mtime), now.title, now.messages, now.tags, now.archived)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
