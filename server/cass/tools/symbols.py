"""Outline of a file (`path`), or symbols of the whole project that fit a `query`, by the editor's language server."""

from __future__ import annotations

from cass.errors import ToolError
from cass.ports import Action, Outcome, ToolContext
from cass.protocol.editing import Symbol
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, named, short

name = "symbols"
kind: ToolKind = "search"
needs = "documentSymbols"

_SHOWN = 200


class Params(ToolParams):
    path: str = ""
    query: str = ""


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name what is looked for; the editor is asked when the call runs."""
    if bool(params.path) == bool(params.query):
        raise ToolError("Give either a path or a query.")
    path = located(params.path, ctx) if params.path else None
    if path is None and "workspaceSymbols" not in ctx.ide.can:
        raise ToolError("This editor knows the symbols of single files only. Give a path, or use grep.")

    async def run() -> Outcome:
        found = await ctx.ide.symbols(path, params.query)
        lines = [_line(symbol, ctx) for symbol in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"[… {len(found) - _SHOWN} more]")
        return Outcome.text("\n".join(lines) or "No symbols.")

    title = f"Symbols of {short(path, ctx)}" if path else f"Symbols like {params.query}"
    return Action(title=title, kind=kind, changes=False, paths=(path,) if path else (), run=run)


def _line(symbol: Symbol, ctx: ToolContext) -> str:
    inside = f" in {symbol.container}" if symbol.container else ""
    return f"{named(symbol.uri, ctx)}:{symbol.range.start.line + 1} {symbol.kind} {symbol.name}{inside}"
