"""Runs one door on standard input and output until its client is gone, told to go, or killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from typing import Protocol

from cass.process import watch_children
from cass.rpc.endpoint import LSP, Dialect, Endpoint
from cass.rpc.parent import alive
from cass.rpc.transport import Transport, take_standard_streams

_WATCH_SECONDS = 2.0
_CLOSE_SECONDS = 4.0

Leave = Callable[[int], None]

log = logging.getLogger(__name__)


class Door(Protocol):
    """What serves the client. `parent` is a process whose end means that the client is gone, None for no such."""

    parent: int | None

    async def close(self) -> None:
        """Stop everything behind the door."""
        ...


Opened = Callable[[Endpoint, Transport, Leave], Door]


def serve(open_door: Opened, *, lines: bool, dialect: Dialect = LSP) -> int:
    """Serve one client; the process's exit code: 0 when the client is gone, what the door says when it leaves by
    itself, 130 and 143 after SIGINT and SIGTERM. `lines` is the framing: one message a line, else LSP's headers."""
    fds = take_standard_streams()
    code = asyncio.run(_serve(fds, open_door, lines=lines, dialect=dialect))
    logging.shutdown()
    os._exit(code)  # the threads of the wire may still wait for a peer that neither writes nor reads


async def _serve(fds: tuple[int, int], open_door: Opened, *, lines: bool, dialect: Dialect) -> int:
    watch_children()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[int] = loop.create_future()

    def leave(code: int) -> None:
        if not done.done():
            done.set_result(code)

    transport = Transport(fds, lines=lines, loop=loop)
    endpoint = Endpoint(transport, dialect)
    door = open_door(endpoint, transport, leave)
    transport.start(endpoint.on_message, endpoint.on_fault, lambda: leave(0))
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, leave, code)
    watch = loop.create_task(_watch_parent(door, leave))
    code = await done
    watch.cancel()
    endpoint.lost()
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await door.close()
    except TimeoutError:
        log.error("something would not stop; leaving it")
    transport.close()
    return code


async def _watch_parent(door: Door, leave: Leave) -> None:
    """Leave when the process that started us, or the one it named, is gone."""
    started_by = os.getppid()
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if os.getppid() != started_by or (door.parent is not None and not alive(door.parent)):
            log.warning("the client's process is gone")
            leave(0)
            return
