"""A server of both generations, made with the `mcp` package itself: `python mcpmodern.py` speaks over stdio, with a port over
HTTP."""

from __future__ import annotations

import sys

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

server = MCPServer("modern")


@server.tool()
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
async def grow(ctx: Context) -> str:
    """Offer one tool more."""

    def grown(text: str) -> str:
        """Came later."""
        return f"grown {text}"

    server.add_tool(grown)
    await ctx.notify_tools_changed()
    return "ok"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run(transport="streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
