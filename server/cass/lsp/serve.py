"""`cass serve`: editors, the terminal and other programs on one connection."""

from __future__ import annotations

from collections.abc import Mapping

from cass.app import App
from cass.lsp.server import Server
from cass.rpc import serve as rpc
from cass.rpc.endpoint import Endpoint
from cass.rpc.transport import Transport


def serve(environ: Mapping[str, str], *, lines: bool) -> int:
    """Serve one client; the process's exit code: 0 after shutdown and exit, or when the client is gone; 1 for exit
    without shutdown; 130 and 143 after SIGINT and SIGTERM."""

    def open_door(endpoint: Endpoint, transport: Transport, leave: rpc.Leave) -> rpc.Door:
        return Server(App(environ), endpoint, transport, leave)

    return rpc.serve(open_door, lines=lines)
