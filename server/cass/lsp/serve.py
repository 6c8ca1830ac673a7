"""Runs the server on standard input and output until its client is gone, told to go, or killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Mapping

from cass.app import App
from cass.lsp.client import WireClient
from cass.lsp.endpoint import Endpoint
from cass.lsp.parent import alive
from cass.lsp.server import Server
from cass.lsp.transport import Transport, take_standard_streams
from cass.process import watch_children

_WATCH_SECONDS = 2.0
_CLOSE_SECONDS = 4.0

log = logging.getLogger(__name__)


def serve(environ: Mapping[str, str], *, lines: bool) -> int:
    """Serve one client; the process's exit code: 0 after shutdown and exit, or when the client is gone; 1 for exit
    without shutdown; 130 and 143 after SIGINT and SIGTERM."""
    fds = take_standard_streams()
    code = asyncio.run(_serve(fds, environ, lines=lines))
    logging.shutdown()
    os._exit(code)  # the threads of the wire may still wait for a peer that neither writes nor reads


async def _serve(fds: tuple[int, int], environ: Mapping[str, str], *, lines: bool) -> int:
    watch_children()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[int] = loop.create_future()

    def leave(code: int) -> None:
        if not done.done():
            done.set_result(code)

    transport = Transport(fds, lines=lines, loop=loop)
    endpoint = Endpoint(transport)
    app = App(environ)
    server = Server(app, endpoint, WireClient(endpoint, transport), leave)
    transport.start(endpoint.on_message, endpoint.on_fault, lambda: leave(0))
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, leave, code)
    watch = loop.create_task(_watch_parent(server, leave))
    code = await done
    watch.cancel()
    endpoint.lost()
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await app.close()
    except TimeoutError:
        log.error("something would not stop; leaving it")
    transport.close()
    return code


async def _watch_parent(server: Server, leave: Callable[[int], None]) -> None:
    """Leave when the process that started us, or the one it named, is gone."""
    started_by = os.getppid()
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if os.getppid() != started_by or (server.parent is not None and not alive(server.parent)):
            log.warning("the client's process is gone")
            leave(0)
            return
