"""The one process of a user that runs schedules by the clock, as long as it lives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
from collections.abc import Generator
from pathlib import Path

from cass.errors import SessionError
from cass.schedules import files
from cass.schedules.runner import Runner
from cass.schedules.store import WAKE, ScheduleStore, prepare

_LOCK_SECONDS = 1.0
_LOCK = "daemon.lock"


def holder(store: ScheduleStore) -> str | None:
    """The process that runs schedules now, as text; None when there is none."""
    path = store.folder / _LOCK
    if not files.is_held(path):
        return None
    with contextlib.suppress(OSError):
        return path.read_text("ascii", "replace").strip()[:20] or "unknown"
    return "unknown"


async def serve(store: ScheduleStore, runner: Runner) -> None:
    """Run schedules until SIGTERM or SIGINT; then what runs is ended, within seconds. SessionError when another process
    does it already."""
    await asyncio.to_thread(prepare, store.folder)
    lock = await _only_one(store)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        runner.poke.set()

    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, end)
        with _pipe(store.folder / WAKE) as fd:
            loop.add_reader(fd, _drain, fd, runner)
            try:
                await runner.open()
                await runner.serve(stop)
            finally:
                loop.remove_reader(fd)
                await runner.close()
    finally:
        os.close(lock)


async def _only_one(store: ScheduleStore) -> int:
    """The lock, with this process's id in it. Somebody who only looks whether it is held holds it for a moment."""
    path = store.folder / _LOCK
    until = asyncio.get_running_loop().time() + _LOCK_SECONDS
    while (lock := files.take(path)) is None:
        if asyncio.get_running_loop().time() > until:
            raise SessionError(
                f"schedules are run by process {holder(store) or 'unknown'} already",
                hint="One is enough. End that one first to have this one do it.",
                kind="daemon_running",
            )
        await asyncio.sleep(0.05)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    return lock


@contextlib.contextmanager
def _pipe(path: Path) -> Generator[int]:
    """Where others say that something has changed. Opened for both, so that it never ends."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISFIFO(path.lstat().st_mode):
            path.unlink()
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, 0o600)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _drain(fd: int, runner: Runner) -> None:
    with contextlib.suppress(OSError):
        os.read(fd, 4_096)
    runner.poke.set()
