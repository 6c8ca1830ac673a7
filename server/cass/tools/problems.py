"""What the editor's language servers report: of one file, or of all."""

from __future__ import annotations

from cass.ports import Action, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, named, short

name = "problems"
kind: ToolKind = "read"
needs = "diagnostics"

_SHOWN = 100
_WORDS = {1: "error", 2: "warning", 3: "information", 4: "hint"}


class Params(ToolParams):
    path: str = ""


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the file; the editor is asked when the call runs."""
    path = located(params.path, ctx) if params.path else None

    async def run() -> Outcome:
        found = sorted(
            await ctx.ide.diagnostics([path] if path else []), key=lambda d: (d.severity, d.uri, d.range.start.line)
        )
        lines = [
            f"{named(d.uri, ctx)}:{d.range.start.line + 1}: {_WORDS[d.severity]}: {d.message}"
            f"{f' ({d.source})' if d.source else ''}"
            for d in found[:_SHOWN]
        ]
        if len(found) > _SHOWN:
            lines.append(f"[… {len(found) - _SHOWN} more]")
        return Outcome.text("\n".join(lines) or "No problems.")

    title = f"Problems of {short(path, ctx)}" if path else "Problems"
    return Action(title=title, kind=kind, changes=False, paths=(path,) if path else (), run=run)
