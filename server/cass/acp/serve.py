"""`cass acp`: an ACP client on one connection, one JSON document a line."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from cass.acp.client import AcpClient
from cass.acp.server import DIALECT, Server
from cass.app import App
from cass.layers import Tree
from cass.rpc import serve as rpc
from cass.rpc.endpoint import Endpoint
from cass.rpc.transport import Transport


def serve(environ: Mapping[str, str], flags: Tree) -> int:
    """Serve one client with these settings over all others; the process's exit code: 0 when the client is gone, 130
    and 143 after SIGINT and SIGTERM."""

    def open_door(endpoint: Endpoint, transport: Transport, leave: rpc.Leave) -> rpc.Door:
        return Server(App(environ), endpoint, AcpClient(endpoint, transport), flags)

    if sys.stdin.isatty():
        sys.stderr.write("cass acp speaks Agent Client Protocol with an editor. To talk to cass here, run: cass\n")
    return rpc.serve(open_door, lines=True, dialect=DIALECT)
