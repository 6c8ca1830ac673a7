"""How asyncio learns that a child has ended."""

from __future__ import annotations

import asyncio
import os
import sys


def watch_children() -> None:
    """Have Linux tell the event loop of children that end, as Python does by itself from 3.12 on. Before, it starts a
    thread for each child, and a short command takes several times as long. Called once, in the
    event loop, before the first child."""
    if sys.platform != "linux" or sys.version_info >= (3, 12) or not hasattr(os, "pidfd_open"):
        return
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return  # an old kernel, or a sandbox that forbids it
    watcher = asyncio.PidfdChildWatcher()
    watcher.attach_loop(asyncio.get_running_loop())
    asyncio.set_child_watcher(watcher)  # pyright: ignore[reportDeprecated]  # not where it is deprecated: see above
