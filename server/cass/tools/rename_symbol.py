"""Rename a symbol everywhere, by the editor's language server. `line` is one where the name stands."""

from __future__ import annotations

from pydantic import Field

from cass.errors import ToolError
from cass.ports import Action, FileEdit, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, short

name = "rename_symbol"
kind: ToolKind = "edit"
needs = "rename"


class Params(ToolParams):
    path: str
    line: int = Field(ge=1)
    name: str
    new_name: str


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Ask the editor what would change; the changes are edits like any others."""
    path = located(params.path, ctx)
    file = await ctx.workspace.read(path)
    if file.source == "overlay":
        raise ToolError("This file has proposed changes, which the language server does not see. Edit it instead.")
    after = await ctx.ide.rename(file, params.line, params.name, params.new_name)
    edits: list[FileEdit] = []
    for other, text in sorted(after.items()):
        base = await ctx.workspace.read(other)
        if base.text != text:
            edits.append(FileEdit(other, "modify", base, text))
    if not edits:
        raise ToolError(f"The language server would rename nothing for {params.name!r} there.")
    return Action(
        title=f"Rename {params.name} to {params.new_name} in {len(edits)} file{'s' if len(edits) > 1 else ''}",
        kind=kind,
        changes=True,
        paths=tuple(edit.path for edit in edits),
        edits=tuple(edits),
        done="Renamed in:\n" + "\n".join(short(edit.path, ctx) for edit in edits),
    )
