"""Where a name is used, by the editor's language server. `line` is one where the name stands."""

from __future__ import annotations

from cass.ports import Action, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._place import PlaceParams as Params
from cass.tools._place import look

name = "references"
kind: ToolKind = "search"
needs = "references"


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the place; the editor is asked when the call runs."""
    return look("References", params, ctx, lambda file: ctx.ide.references(file, params.line, params.name))
