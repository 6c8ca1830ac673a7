"""Loads the client library beside other work. It is most of what a first prompt costs."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys


async def load_library() -> None:
    """Import the client library in a worker thread, so that nothing else waits for it. Who comes while it is being
    imported waits without blocking the event loop, too."""
    if not hasattr(
        sys.modules.get("openai"), "AsyncOpenAI"
    ):  # one that is half imported is there, but has no names
        await asyncio.to_thread(_load)


def _load() -> None:
    """Without the garbage collector, which would look through the library again and again while it grows; afterwards
    the library is out of its sight."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module("openai")
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
