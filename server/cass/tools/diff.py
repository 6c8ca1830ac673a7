"""Show changes as a unified diff: this session's, or all uncommitted ones (git)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from cass.errors import ToolError
from cass.hunks import unified
from cass.ports import Action, Outcome, ToolContext
from cass.process import run_git
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, short

name = "diff"
kind: ToolKind = "read"

_FILES = 200


class Params(ToolParams):
    path: str = "."
    of: Literal["session", "git"] = "session"


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the place; the changes are looked up when the call runs."""
    path = located(params.path, ctx)

    async def run() -> Outcome:
        patches = _session(path, ctx) if params.of == "session" else _git(path, ctx)
        return Outcome.text(await _joined(patches, ctx.settings.output_chars) or "No changes.")

    return Action(title=f"Diff {short(path, ctx)}", kind=kind, changes=False, paths=(path,), run=run)


async def _session(below: Path, ctx: ToolContext) -> AsyncIterator[str]:
    for path in ctx.changed_paths:
        if path.is_relative_to(below):
            yield await _patch(path, ctx.baseline(path), ctx)


async def _git(below: Path, ctx: ToolContext) -> AsyncIterator[str]:
    """Compared here and not by git, so that unsaved text counts and no filter of the repository runs."""
    top = Path((await _ask_git(["rev-parse", "--show-toplevel"], ctx.cwd)).decode("utf-8", "replace").rstrip("\n"))
    if not below.is_relative_to(top):
        raise ToolError(f"{short(below, ctx)} is not in the git repository {top}.")
    where = ["--", f":(literal){below.relative_to(top).as_posix()}"]
    head = (await run_git(["rev-parse", "--verify", "--quiet", "HEAD"], top, os.environ)).exit_code == 0
    tracked = ["diff-index", "--name-only", "-z", "HEAD"] if head else ["ls-files", "-z"]
    names = _names(await _ask_git([*tracked, *where], top))
    names += _names(await _ask_git(["ls-files", "--others", "--exclude-standard", "-z", *where], top))
    for name in sorted(set(names))[:_FILES]:
        old = await run_git(["cat-file", "blob", f"HEAD:{name}"], top, os.environ) if head else None
        if old is None or old.exit_code != 0:
            yield await _patch(top / name, None, ctx)
        elif b"\0" in old.stdout:
            yield f"{short(top / name, ctx)}: binary file changed\n"
        else:
            yield await _patch(top / name, old.stdout.decode("utf-8", "replace"), ctx)
    if len(names) > _FILES:
        yield f"[… {len(names) - _FILES} more changed files; name a path]\n"


async def _patch(path: Path, old: str | None, ctx: ToolContext) -> str:
    shown = short(path, ctx)
    try:
        new = (await ctx.workspace.read(path)).text
    except ToolError as error:
        if error.kind != "not_found":
            return f"{shown}: changed, but not readable as text\n"
        return unified(shown, old, "").replace(f"+++ b/{shown}", "+++ /dev/null", 1) if old else ""
    if old is None:
        return unified(shown, "", new).replace(f"--- a/{shown}", "--- /dev/null", 1) or f"{shown}: new, empty\n"
    if "\r\n" in new and "\r" not in old:
        # With core.autocrlf the repository holds plain line ends.
        old = old.replace("\n", "\r\n")
    return unified(shown, old, new)


async def _joined(patches: AsyncIterator[str], room: int) -> str:
    out: list[str] = []
    async for patch in patches:
        room -= len(patch)
        if room < 0:
            out.append(patch[:room] + "\n[… cut; name a path to see more]\n")
            break
        out.append(patch)
    return "".join(out)


async def _ask_git(args: list[str], cwd: Path) -> bytes:
    done = await run_git(args, cwd, os.environ)
    if done.exit_code != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ToolError(f"git cannot tell: {words[0] if words else 'it gave no answer in time'}")
    return done.stdout


def _names(raw: bytes) -> list[str]:
    return [os.fsdecode(name) for name in raw.split(b"\0") if name]
