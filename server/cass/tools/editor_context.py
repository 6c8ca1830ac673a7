"""What the user is looking at: active file, selection, visible lines, open tabs."""

from __future__ import annotations

from cass.ports import Action, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, named

name = "editor_context"
kind: ToolKind = "read"
needs = "context"

_TABS = 50
_SELECTED = 4_000


class Params(ToolParams):
    pass


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """The editor is asked when the call runs."""

    async def run() -> Outcome:
        found = await ctx.ide.context()
        lines: list[str] = []
        if found.active:
            active, place = found.active, found.active.selection
            lines.append(f"Active: {named(active.uri, ctx)}, line {place.start.line + 1} to {place.end.line + 1}")
            if active.visible:
                lines.append(f"Visible: lines {active.visible.start.line + 1} to {active.visible.end.line + 1}")
            if active.selected_text:
                lines.append(f"Selected:\n```\n{active.selected_text[:_SELECTED]}\n```")
        tabs = [f"{named(tab.uri, ctx)}{' (unsaved)' if tab.dirty else ''}" for tab in found.open[:_TABS]]
        lines.append("Open: " + (", ".join(tabs) or "nothing"))
        return Outcome.text("\n".join(lines))

    return Action(title="What the editor shows", kind=kind, changes=False, run=run)
