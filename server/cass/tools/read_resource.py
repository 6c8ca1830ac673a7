"""Read a resource of an MCP server; without a uri, list what can be read."""

from __future__ import annotations

from pydantic import Field

from cass.errors import ToolError
from cass.ports import Action, Outcome, ToolContext
from cass.ports.mcp import McpResource
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "read_resource"
kind: ToolKind = "read"
needs = "mcp_resources"


class Params(ToolParams):
    server: str = Field(default="", max_length=100)
    uri: str = Field(default="", max_length=4_000)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name what is read."""
    if not params.uri:

        async def list_them() -> Outcome:
            return Outcome.text(_listed(await ctx.servers.resources(params.server), ctx.settings.output_chars))

        return Action(title=f"List resources {params.server}".strip(), kind=kind, changes=False, run=list_them)
    if not params.server:
        raise ToolError("Say which server: read_resource needs server and uri.")

    async def read() -> Outcome:
        return Outcome.text(await ctx.servers.read(params.server, params.uri))

    title = f"Read {params.uri[:200]} of {params.server}"
    return Action(title=title, kind=kind, changes=False, sends=True, subject=params.server, run=read)


def _listed(found: tuple[McpResource, ...], room: int) -> str:
    rows = [f"{one.server}: {one.uri}{_about(one)}" for one in found]
    kept: list[str] = []
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            kept.append(f"[… {len(rows) - len(kept)} more]")
            break
        kept.append(row)
    return "\n".join(kept) or "There is nothing to be read."


def _about(one: McpResource) -> str:
    words = ": ".join(part for part in (one.name, one.description) if part and part != one.uri)
    return f" ({words})" if words else ""
