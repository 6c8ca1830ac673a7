"""Files that hold after a crash: written whole and flushed before anybody goes on, and locks that end with their process."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path

from cass import private
from cass.errors import StoreError

_LOCK_SECONDS = 10.0
_PAUSE = 0.005
_MOST_TAIL = 4_096


def write(path: Path, data: bytes) -> None:
    """Put a file in place of another, or of none, durably. OSError; then what was there still is."""
    private.make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fd = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def append(path: Path, data: bytes) -> None:
    """Add whole lines to a file, durably. What a crash left of a line before them is taken away: nobody was told that it is
    there. OSError."""
    private.make_folder(path.parent)
    is_new = not path.exists()
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(fd).st_size
        tail = os.pread(fd, _MOST_TAIL, max(0, size - _MOST_TAIL))
        if tail and not tail.endswith(b"\n"):
            size -= len(tail) - (tail.rfind(b"\n") + 1)
            os.ftruncate(fd, size)
        written = os.write(fd, data)
        if written != len(data):
            os.ftruncate(fd, size)
            raise OSError(28, "No space left on device", str(path))
        os.fsync(fd)
    finally:
        os.close(fd)
    if is_new:
        _flush_folder(path.parent)


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
    """Nobody else is in here meanwhile, in any process. StoreError when somebody is for ten seconds."""
    private.make_folder(path.parent)
    until = time.monotonic() + _LOCK_SECONDS
    while (fd := take(path)) is None:
        if time.monotonic() > until:
            raise StoreError(f"{path.parent} is being changed by another process", hint="Try again in a moment.")
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        os.close(fd)


def take(path: Path) -> int | None:
    """The lock as a descriptor, to be closed; it goes with the process, however that ends. None while another has it.
    StoreError where files cannot be locked."""
    if sys.platform == "win32":
        raise StoreError("schedules need file locks that cass does not have on Windows yet")
    import fcntl

    private.make_folder(path.parent)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


def is_held(path: Path) -> bool:
    """Whether a living process has this lock."""
    if not path.exists():
        return False
    fd = take(path)
    if fd is None:
        return True
    os.close(fd)
    return False


def _flush_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
