"""`cass mcp serve`: one client, on standard input and output."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from cass.app import App
from cass.mcp_server.asking_cass import Agent
from cass.mcp_server.client import McpClient
from cass.protocol.methods import Rules, SessionNewParams


def serve(environ: Mapping[str, str], cwd: Path, options: dict[str, str], rules: Rules) -> int:
    """Serve one client in this folder; the process's exit code: 0 when the client is gone, 130 and 143 after SIGINT and
    SIGTERM. CassError for options that cannot be."""
    if sys.stdin.isatty():
        sys.stderr.write("cass mcp serve speaks the Model Context Protocol with a program.\n")
    return asyncio.run(_serve(environ, cwd, options, rules))


async def _serve(environ: Mapping[str, str], cwd: Path, options: dict[str, str], rules: Rules) -> int:
    from mcp.server.stdio import stdio_server

    from cass.mcp_server.server import Server

    app, client = App(environ), McpClient()
    stopped: list[int] = []
    task = asyncio.current_task()

    def stop(number: int) -> None:
        stopped.append(number)
        if task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    server: Server | None = None
    try:
        session = app.library.new(SessionNewParams(cwd=str(cwd), config_options=options, rules=rules), client)
        server = Server(session, Agent(app, client, str(cwd), options, rules))
        built = server.built()
        async with stdio_server() as (reading, writing):
            await built.run(reading, writing, built.create_initialization_options())
    except asyncio.CancelledError:
        if not stopped:
            raise
    finally:
        if server is not None:
            await server.close()
        await app.close()
    return 128 + stopped[0] if stopped else 0
