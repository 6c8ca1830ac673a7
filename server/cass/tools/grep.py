"""Search file contents with a regular expression (ripgrep); ignored files are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from cass.ports import Action, Outcome, SearchHit, SearchQuery, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, short

name = "grep"
kind: ToolKind = "search"

_LINES = 200
_FILES = 300
_WIDTH = 300


class Params(ToolParams):
    pattern: str
    path: str = "."
    glob: str = Field(default="", description="only these files")
    ignore_case: bool = False
    context: int = Field(default=0, ge=0, le=20, description="lines around")
    mode: Literal["content", "files", "count"] = "content"


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the place; it is searched when the call runs."""
    path = located(params.path, ctx)
    query = SearchQuery(
        params.pattern,
        path,
        glob=params.glob,
        ignore_case=params.ignore_case,
        context=params.context,
        want="lines" if params.mode == "content" else "files" if params.mode == "files" else "counts",
        limit=_LINES if params.mode == "content" else _FILES,
    )

    async def run() -> Outcome:
        result = await ctx.workspace.search(query)
        if not result.hits:
            return Outcome.text(
                "No matches." if result.complete else "No matches in what could be searched in time."
            )
        lines = _content(result.hits, ctx) if params.mode == "content" else _per_file(result.hits, ctx)
        return Outcome.text(_bounded(lines, ctx.settings.output_chars, complete=result.complete))

    return Action(
        title=f"Search {params.pattern}", kind=kind, changes=False, paths=(path,), subject=params.pattern, run=run
    )


def _content(hits: Sequence[SearchHit], ctx: ToolContext) -> list[str]:
    """Per file its name, then `12:` before a match and `12-` before a line around it."""
    lines: list[str] = []
    before: SearchHit | None = None
    for hit in hits:
        if before is None or before.path != hit.path:
            lines.append(short(hit.path, ctx))
        elif hit.line > before.line + 1 and (not hit.is_match or not before.is_match):
            lines.append("--")
        text = hit.text if len(hit.text) <= _WIDTH else f"{hit.text[:_WIDTH]}[…]"
        lines.append(f"{hit.line}{':' if hit.is_match else '-'}{text}")
        before = hit
    return lines


def _per_file(hits: Sequence[SearchHit], ctx: ToolContext) -> list[str]:
    return [f"{short(hit.path, ctx)}: {hit.count}" if hit.count else short(hit.path, ctx) for hit in hits]


def _bounded(lines: Sequence[str], room: int, *, complete: bool) -> str:
    out: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            complete = False
            break
        out.append(line)
    if not complete:
        out.append("[… there is more; narrow the pattern, path or glob]")
    return "\n".join(out)
