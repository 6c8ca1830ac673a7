"""Asking the editor about a name at a place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pydantic import Field

from cass.ports import Action, FileText, Outcome, ToolContext
from cass.protocol.editing import Location
from cass.tools._common import ToolParams, located, places, short


class PlaceParams(ToolParams):
    path: str
    line: int = Field(ge=1)
    name: str


def look(
    what: str, params: PlaceParams, ctx: ToolContext, ask: Callable[[FileText], Awaitable[Sequence[Location]]]
) -> Action:
    """Ask when the call runs; the places are the answer."""
    path = located(params.path, ctx)

    async def run() -> Outcome:
        return Outcome.text(places(await ask(await ctx.workspace.read(path)), ctx))

    title = f"{what} of {params.name} ({short(path, ctx)}:{params.line})"
    return Action(title=title, kind="search", changes=False, paths=(path,), run=run)
