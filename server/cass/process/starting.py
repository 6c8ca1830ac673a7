"""Starting a process whose pipes are read, so that being cancelled ends, whatever else is cancelled with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

_SECONDS = 8.0
_PAUSE = 0.1


async def started(argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None) -> asyncio.subprocess.Process:
    """The process, in a group of its own, without input. OSError or ValueError when it cannot be started, TimeoutError
    when it takes 8 s. Cancelled, it is killed before this returns."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    )
    try:
        async with asyncio.timeout(_SECONDS):
            return await asyncio.shield(starting)
    except (asyncio.CancelledError, TimeoutError):
        # Where the loop ends and cancels all that it runs, asyncio waits for ever for pipes that it does not connect any
        # more: it is cancelled once more then. Else the start is a matter of milliseconds.
        await asyncio.wait({starting}, timeout=_PAUSE if starting.cancelling() else _SECONDS)
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError, ValueError):
            _kill(await starting)
        raise


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
