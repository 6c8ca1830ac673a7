"""Find files by name, newest first. `*.py` matches at any depth, `src/**/*.ts` below src; ignored files are left out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cass.ports import Action, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, short

name = "glob"
kind: ToolKind = "search"

_SHOWN = 200
_DATED = 20_000


class Params(ToolParams):
    pattern: str
    path: str = "."


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the folder; it is searched when the call runs."""
    folder = located(params.path, ctx)

    async def run() -> Outcome:
        listing = await ctx.workspace.files(folder, glob=params.pattern)
        if not listing.paths:
            return Outcome.text(f"No file in {short(folder, ctx)} fits {params.pattern}.")
        paths = await asyncio.to_thread(_newest_first, listing.paths)
        lines = [short(path, ctx) for path in paths[:_SHOWN]]
        if len(paths) > _SHOWN:
            lines.append(f"[… {len(paths) - _SHOWN} more files; use a narrower pattern]")
        if not listing.complete:
            lines.append("[the folder is too big: not all of it was looked at]")
        return Outcome.text("\n".join(lines))

    return Action(
        title=f"Find {params.pattern}",
        kind=kind,
        changes=False,
        paths=(folder,),
        subject=params.pattern,
        run=run,
    )


def _newest_first(paths: tuple[Path, ...]) -> list[Path]:
    return sorted(paths, key=_age) if len(paths) <= _DATED else list(paths)


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0
