"""Sessions as append-only JSON lines, one file each: a header line, then one line an event.

A line is written with one call and synced to the disk before `append` returns. On loading, a last line without
its end is kept when it is whole and set aside (`ID.torn`) when it is not; a damaged line in the middle is left
out and stays in the file. Files are readable by their owner alone. One process owns a session at a time.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from cass import private
from cass.errors import SessionError, StoreError
from cass.ports import SessionHeader, StoredSession
from cass.protocol.events import Event

name = "journal"

VERSION = 1
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")

log = logging.getLogger(__name__)


class FileJournal:
    """One session's file, open for appending and locked."""

    def __init__(self, path: Path, lock: int) -> None:
        self._path = path
        self._lock = lock
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
        self._size = os.fstat(self._fd).st_size

    def append(self, event: Event) -> None:
        """Keep the event: when this returns it is on disk. What a failed write left behind is taken back."""
        self._write(event.wire_json())

    def write_header(self, header: SessionHeader) -> None:
        """The first line."""
        self._write(
            json.dumps(
                {
                    "cass": VERSION,
                    "sessionId": header.session_id,
                    "cwd": header.cwd,
                    "createdAt": header.created_at,
                }
            )
        )

    def events(self) -> Iterator[Event]:
        """What is kept, oldest first."""
        return _events(self._path)

    def close(self) -> None:
        """Give the session free for other processes."""
        if self._fd >= 0:
            os.close(self._fd)
            _unlock(self._lock, self._path.with_suffix(".lock"))
            self._fd = -1

    def _write(self, line: str) -> None:
        if self._fd < 0:
            raise StoreError(f"the session {self._path.stem} is closed")
        data = line.encode("utf-8", "replace") + b"\n"
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
    """All sessions of a user, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, header: SessionHeader) -> FileJournal:
        """Begin a session."""
        path = self._path(header.session_id)
        try:
            private.make_folder(self._folder)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            journal = FileJournal(path, _lock(path))
        except OSError as error:
            raise StoreError(
                f"a session cannot be kept in {self._folder}: {error.strerror}",
                hint="Make the folder writable, or name another one in the variable CASS_HOME.",
            ) from error
        journal.write_header(header)
        _sync_folder(self._folder)
        return journal

    def open(self, session_id: str) -> tuple[SessionHeader, FileJournal]:
        """Own a session."""
        path = self._existing(session_id)
        lock = _lock(path)
        try:
            _repair(path)
            return _read_header(path), FileJournal(path, lock)
        except BaseException:
            _unlock(lock, path.with_suffix(".lock"))
            raise

    def read(self, session_id: str) -> tuple[SessionHeader, Iterator[Event]]:
        """A session's events without owning it."""
        path = self._existing(session_id)
        return _read_header(path), _events(path)

    def list(self, cwd: str | None) -> list[StoredSession]:
        """Stored sessions, newest first; files that are no sessions are left out."""
        try:
            paths = [p for p in self._folder.iterdir() if p.suffix == ".jsonl"]
        except OSError:
            return []
        found = [s for s in map(_summary, paths) if s and (cwd is None or s.header.cwd == cwd)]
        return sorted(found, key=lambda s: (s.updated_at, s.header.session_id), reverse=True)

    def delete(self, session_id: str) -> None:
        """Remove a session for good. SessionError when another process has it open."""
        path = self._existing(session_id)
        lock = _lock(path)
        path.unlink()
        path.with_suffix(".torn").unlink(missing_ok=True)
        _unlock(lock, path.with_suffix(".lock"))

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


def open_store(folder: Path) -> JournalStore:
    """The store of the sessions in this folder."""
    return JournalStore(folder)


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Event)


def _read_header(path: Path) -> SessionHeader:
    try:
        with path.open("rb") as file:
            return _header(file.readline(), path)
    except OSError as error:
        raise StoreError(f"the session {path.stem} cannot be read: {error.strerror}") from error


def _events(path: Path) -> Iterator[Event]:
    """The events of a journal, one at a time. A damaged line is left out; StoreError when reading fails."""
    validate = _adapter().validate_json
    try:
        with path.open("rb") as file:
            file.readline()
            for number, line in enumerate(file, 2):
                if line == b"\n":
                    continue
                try:
                    yield validate(line)
                except ValidationError:
                    log.warning("line %d of %s is damaged or from a newer cass; it is left out", number, path)
    except OSError as error:
        raise StoreError(f"the session {path.stem} cannot be read: {error.strerror}") from error


def _header(line: bytes, path: Path) -> SessionHeader:
    try:
        data = json.loads(line)
        return SessionHeader(
            session_id=str(data["sessionId"]),
            cwd=str(data["cwd"]),
            created_at=str(data["createdAt"]),
            version=int(data["cass"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path} does not begin as a session does", hint="It may have been cut off while it was begun."
        ) from error


def _summary(path: Path) -> StoredSession | None:
    title, messages = "", 0
    try:
        with path.open("rb") as file:
            header = _header(file.readline(), path)
            for line in file:
                if b'"sessionUpdate":"user_message"' in line:
                    messages += 1
                elif b'"sessionUpdate":"session_info_update"' in line:
                    title = _title(line) or title
        updated = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="milliseconds")
    except (OSError, StoreError):
        return None
    return StoredSession(header, updated, title, messages)


def _title(line: bytes) -> str:
    try:
        data: object = json.loads(line)
    except ValueError:
        return ""
    return str(cast("dict[str, object]", data).get("title", "")) if isinstance(data, dict) else ""


def _repair(path: Path) -> None:
    """End the last line: with a newline when it is whole, else by setting it aside."""
    with path.open("rb+") as file:
        data = file.read()
        if data.endswith(b"\n") or not data:
            return
        start = data.rfind(b"\n") + 1
        torn = data[start:]
        try:
            json.loads(torn)
            file.write(b"\n")
        except ValueError:
            if start == 0:
                return
            with path.with_suffix(".torn").open("ab") as aside:
                path.with_suffix(".torn").chmod(0o600)
                aside.write(torn + b"\n")
            file.truncate(start)
        file.flush()
        os.fsync(file.fileno())


def _lock(path: Path) -> int:
    """Own the session. The lock is the system's: it goes when the process goes, however that ends."""
    lock_path = path.with_suffix(".lock")
    fd = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(fd)
    except OSError:
        owner = os.read(fd, 32).decode("ascii", "replace").strip()
        os.close(fd)
        raise SessionError(
            f"the session {path.stem} is open in another process ({owner or 'unknown'})",
            hint="Close it there first, or begin a new session.",
            kind="session_busy",
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode("ascii"), 0)
    return fd


def _take(fd: int) -> None:
    import fcntl  # not on Windows, where sessions cannot be locked yet

    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(fd: int, lock_path: Path) -> None:
    lock_path.unlink(missing_ok=True)
    os.close(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
