"""The user's own index while a commit is made from a copy of it. What the commit takes is put into it first, as by `git add`:
so it never undoes the commit, at whatever moment this process ends. Where no commit comes of it, that is taken out again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from cass.errors import ToolError
from cass.git.index import Index, read_raw
from cass.git.plan import Plan

_TRIES = 20
_PAUSE = 0.1


@asynccontextmanager
async def staged(plan: Plan) -> AsyncGenerator[None]:
    """With an error inside the index is byte for byte what it was; where somebody else changed it meanwhile, theirs stays.
    ToolError when another git works there."""
    index = _users(plan)
    if index.path.with_name("index.lock").exists():
        raise ToolError(f"Another git works in {plan.repository.top} (index.lock). Wait for it, then try again.")
    before = await asyncio.to_thread(_bytes, index.path)
    put = before
    try:
        if not plan.staged:
            await index.update({change.name: change.new for change in plan.changes})
            put = await asyncio.to_thread(_bytes, index.path)
        yield
    except BaseException:
        if not plan.staged and await head_of(plan) == plan.head:
            await _as_it_was(plan, index, before, put)
        raise


async def followed(plan: Plan, used: Index) -> str:
    """After the commit: what hooks put into the index that it was made from is put into the user's, where that holds what
    was planned. Words for the user if that fails."""
    index = _users(plan)
    try:
        changed = read_raw(await used.ask("diff-index", *_RAW, plan.tree))
        there = await index.entries([change.name for change in changed])
        await index.update({c.name: c.new for c in changed if there.get(c.name) == c.old})
    except ToolError as error:
        return (
            f"The index could not be brought up to date ({error.message}): `git status` shows more than there is."
        )
    return ""


_RAW = ("--cached", "--ita-invisible-in-index", "--raw", "-z", "--no-renames", "--abbrev=64")


async def head_of(plan: Plan) -> str:
    """The commit that HEAD is at; empty before the first."""
    return await plan.repository.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def _users(plan: Plan) -> Index:
    return Index(plan.repository, plan.repository.git_dir / "index", {})


async def _as_it_was(plan: Plan, index: Index, before: bytes | None, put: bytes | None) -> None:
    """Put the bytes back under git's own lock; if they are not those any more, only what was put in is taken out."""
    lock = index.path.with_name("index.lock")
    for _ in range(_TRIES):
        try:
            with lock.open("xb") as file:
                file.write(before or b"")
        except FileExistsError:
            await asyncio.sleep(_PAUSE)
            continue
        if _bytes(index.path) != put:
            lock.unlink()
            break
        if before is None:
            index.path.unlink(missing_ok=True)
            lock.unlink()
        else:
            with contextlib.suppress(OSError):
                shutil.copymode(index.path, lock)
            lock.replace(index.path)
        return
    with contextlib.suppress(ToolError):
        there = await index.entries([change.name for change in plan.changes])
        await index.update({c.name: c.old for c in plan.changes if there.get(c.name) == c.new})


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def drop_locks(plan: Plan, there: frozenset[Path]) -> None:
    """Take away what a git that was killed left, but what was `there` before."""
    for lock in locks(plan) - there:
        lock.unlink(missing_ok=True)


def locks(plan: Plan) -> frozenset[Path]:
    """The locks of HEAD and of the branch that are held at this moment."""
    repository = plan.repository
    named = [repository.git_dir / "HEAD.lock"]
    named += [repository.common_dir / "refs" / "heads" / f"{plan.branch}.lock"] if plan.branch else []
    return frozenset(lock for lock in named if os.path.lexists(lock))
