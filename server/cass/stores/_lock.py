"""One process owns a session at a time. The lock is the system's: it goes when the process goes, however that ends."""

from __future__ import annotations

import os
from pathlib import Path

from cass.errors import SessionError


def lock(path: Path) -> int:
    """Own the session whose journal this is. SessionError `session_busy` when another process does."""
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


def unlock(fd: int, path: Path) -> None:
    """Give the session free."""
    path.with_suffix(".lock").unlink(missing_ok=True)
    os.close(fd)


def _take(fd: int) -> None:
    import fcntl  # not on Windows, where sessions cannot be locked yet

    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
