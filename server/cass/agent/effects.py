"""What calls do to files, kept so that it can be taken back: all that a command did, and the files of an edit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from cass.agent.desk import Desk
from cass.errors import ToolError
from cass.ports import Begun, Checkpoints, Effect, Effects, Entry, FileEdit, FileText, Outcome, Workspace
from cass.protocol.events import EffectsUpdate, Notice

_NAMED = 100

T = TypeVar("T")


async def around(desk: Desk, turn_id: str, call_id: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Do the work and keep what became of the files meanwhile, also when it is cut off."""
    async with _begun(desk, Begun(new_id(), turn_id, call_id)) as begun:
        taken = await desk.checkpoints.take(begun)
        try:
            return await work()
        finally:
            await to_the_end(_since(desk, begun, taken))


@contextlib.asynccontextmanager
async def editing(
    desk: Desk, turn_id: str | None, call_id: str | None, edits: Sequence[FileEdit]
) -> AsyncGenerator[None]:
    """Make these edits meanwhile: what becomes of their files is kept and told, also when it is cut off. With a ToolError
    nothing was made."""
    async with _begun(desk, Begun(new_id(), turn_id, call_id)) as begun:
        were = await _seen(desk, edits)
        await desk.checkpoints.begin(begun, were)
        try:
            yield
        except ToolError:
            raise
        except BaseException:
            await to_the_end(_tell(desk, begun, were))
            raise
        await to_the_end(_tell(desk, begun, were))


def new_id() -> str:
    """An id for effects that are to be."""
    return f"effects-{uuid4().hex[:12]}"


@contextlib.asynccontextmanager
async def _begun(desk: Desk, begun: Begun) -> AsyncGenerator[Begun]:
    try:
        yield begun
    finally:
        await to_the_end(desk.checkpoints.ended(begun))


async def _seen(desk: Desk, edits: Sequence[FileEdit]) -> dict[Path, Entry | None]:
    """What the files of these edits are before they are made."""
    paths = dict.fromkeys(real(p, edit) for edit in edits for p in (edit.path, edit.move_to) if p)
    made = dict.fromkeys(parent for path in paths for parent in path.parents if not parent.exists())
    return {path: await now(desk.workspace, desk.checkpoints, path) for path in (*made, *paths)}


async def _tell(desk: Desk, begun: Begun, were: Mapping[Path, Entry | None]) -> None:
    """These files were that before: keep and tell what they are now."""
    changes = [Effect(path, was, await now(desk.workspace, desk.checkpoints, path)) for path, was in were.items()]
    emit(desk, begun, await desk.checkpoints.record(changes, begun))


def emit(desk: Desk, call: Begun, effects: Effects | None, *, recovered: bool = False) -> None:
    """Tell of what was kept, and of what could not be."""
    turn_id = None if call.is_rewind else call.turn_id
    for text in desk.checkpoints.news():
        desk.emit(Notice(turn_id=turn_id, level="warning", text=text))
    if effects is None:
        return
    desk.emit(
        EffectsUpdate(
            turn_id=turn_id,
            effects_id=effects.effects_id,
            tool_call_id=call.call_id,
            files=len(effects.changes),
            paths=tuple(shown(e.path) for e in effects.changes[:_NAMED]),
            missing=tuple(shown(path) for path in effects.missing[:_NAMED]),
            recovered=recovered,
        )
    )


async def now(workspace: Workspace, checkpoints: Checkpoints, path: Path) -> Entry | None:
    """What a path is: the open buffer where it holds what the disk does not, else the disk."""
    entry = await checkpoints.look(path)
    text = await unsaved(workspace, path) if entry is None or entry.kind == "file" else None
    if text is None:
        return entry
    data = raw(text)
    return entry if data is None else await checkpoints.keep(data, entry.mode if entry else 0o644)


async def unsaved(workspace: Workspace, path: Path) -> FileText | None:
    """The open buffer's text, where the disk does not hold it."""
    with contextlib.suppress(ToolError):
        found = await workspace.actual(path)
        if found.source == "buffer":
            return found
    return None


def raw(text: FileText) -> bytes | None:
    """The bytes that the text would be on disk; None where its encoding lacks a character."""
    try:
        return text.bom + text.text.encode(text.encoding)
    except UnicodeEncodeError:
        return None


def real(path: Path, edit: FileEdit) -> Path:
    """The path that an edit of `path` changes: where links lead, but for a link that is itself taken away."""
    itself = Path(os.path.realpath(path.parent)) / path.name
    if path == edit.path and (edit.op == "delete" or edit.move_to):
        return itself
    try:
        linked = stat.S_ISLNK(itself.lstat().st_mode)
    except OSError:
        linked = False
    return followed(path) if linked else itself


def followed(path: Path) -> Path:
    """Where a path leads, every link followed."""
    return Path(os.path.realpath(path))


def shown(path: Path) -> str:
    """The path in words: bytes that are no text as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


async def _since(desk: Desk, begun: Begun, taken: object) -> None:
    emit(desk, begun, await desk.checkpoints.since(taken))


async def to_the_end(work: Awaitable[T]) -> T:
    """Wait for it even when cancelled meanwhile: what was done must be known."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
