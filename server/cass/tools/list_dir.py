"""List a folder; ignored files are left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pydantic import Field

from cass.ports import Action, Listing, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, short

name = "list_dir"
kind: ToolKind = "search"

_ENTRIES = 500


class Params(ToolParams):
    path: str = "."
    depth: int = Field(default=1, ge=1, le=3)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the folder; it is listed when the call runs."""
    folder = located(params.path, ctx)

    async def run() -> Outcome:
        listing = await ctx.workspace.files(folder, depth=params.depth)
        return Outcome.text(_shown(folder, listing, params.depth))

    return Action(title=f"List {short(folder, ctx)}", kind=kind, changes=False, paths=(folder,), run=run)


def _shown(folder: Path, listing: Listing, depth: int) -> str:
    """One entry a line, below its folder; a folder that is not opened says how many files it holds."""
    entries: set[str] = {f"{path.relative_to(folder).as_posix()}/" for path in listing.bare_folders}
    counts: Counter[str] = Counter()
    for path in listing.paths:
        parts = path.relative_to(folder).parts
        entries.update("/".join(parts[:n]) + "/" for n in range(1, min(len(parts), depth + 1)))
        if len(parts) <= depth:
            entries.add("/".join(parts))
        else:
            counts["/".join(parts[:depth]) + "/"] += 1
    if not entries:
        return "[empty folder]"
    lines = sorted(entries, key=lambda entry: entry.split("/"))
    out = [f"{line} ({_files(counts[line])})" if counts[line] else line for line in lines[:_ENTRIES]]
    if len(lines) > _ENTRIES:
        out.append(f"[… {len(lines) - _ENTRIES} more entries; list a folder below]")
    if not listing.complete:
        out.append("[the folder is too big: the list is not complete]")
    return "\n".join(out)


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
