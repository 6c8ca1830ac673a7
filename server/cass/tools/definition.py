"""Where a name is defined, by the editor's language server. `line` is one where the name stands."""

from __future__ import annotations

from pydantic import Field

from cass.ports import Action, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, places, short

name = "definition"
kind: ToolKind = "search"
needs = "definition"


class Params(ToolParams):
    path: str
    line: int = Field(ge=1)
    name: str


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the place; the editor is asked when the call runs."""
    path = located(params.path, ctx)

    async def run() -> Outcome:
        file = await ctx.workspace.read(path)
        return Outcome.text(places(await ctx.ide.definition(file, params.line, params.name), ctx))

    title = f"Definition of {params.name} ({short(path, ctx)}:{params.line})"
    return Action(title=title, kind=kind, changes=False, paths=(path,), run=run)
