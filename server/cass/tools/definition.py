"""Where a name is defined, by the editor's language server. `line` is one where the name stands."""

from __future__ import annotations

from cass.ports import Action, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._place import PlaceParams as Params
from cass.tools._place import look

name = "definition"
kind: ToolKind = "search"
needs = "definition"


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the place; the editor is asked when the call runs."""
    return look("Definition", params, ctx, lambda file: ctx.ide.definition(file, params.line, params.name))
