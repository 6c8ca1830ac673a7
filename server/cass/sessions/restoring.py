"""Taking back what happened to files, path by path: first what would become of each, then doing it.

A path is followed from what it is now through the effects that are taken back, the newest first. Where somebody
changed it in between, their change is kept by merging, or the path is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cass import applying
from cass.agent import effects
from cass.errors import ToolError
from cass.merging import merge
from cass.ports import Checkpoints, Effect, Entry, FileEdit, FileText
from cass.protocol.rewinding import RewindAction, RewindFile
from cass.workspace.encoding import Decoded, decode

if TYPE_CHECKING:
    from cass.sessions.session import Session

_TOO_BIG = "its former content was not kept (checkpoints.max_file_mb sets how big a file may be)"


@dataclass(frozen=True)
class Step:
    """What becomes of one path. `open` is its text in an editor that has it open, and changes it then. `refused` says
    why it is left alone."""

    path: Path
    now: Entry | None
    wanted: Entry | None
    open: FileText | None = None
    is_merged: bool = False
    refused: str = ""

    def told(self, problem: str = "") -> RewindFile:
        """For clients."""
        why = problem or self.refused
        action: RewindAction = "refused" if why else "merged" if self.is_merged else "restored"
        if action == "restored" and (self.now is None or self.wanted is None):
            action = "recreated" if self.now is None else "removed"
        return RewindFile(path=effects.shown(self.path), action=action, reason=why or None)


class _Refused(Exception):
    pass


async def plan(session: Session, chains: Mapping[Path, Sequence[Effect]]) -> list[Step]:
    """What would be done. `chains` holds what happened to each path, the newest first."""
    steps = [await _step(session, path, chain) for path, chain in sorted(chains.items())]
    return [step for step in steps if step.refused or step.now != step.wanted]


async def run(session: Session, steps: Iterable[Step]) -> dict[Path, str]:
    """Do it: why not, in words, for each path where it could not be done."""
    failed: dict[Path, str] = {}
    for step in _ordered(steps):
        try:
            await _do(session, step)
        except ToolError as error:
            failed[step.path] = error.message.removesuffix(".")
    return failed


def notable(steps: Sequence[Step]) -> list[Step]:
    """The steps that somebody wants to read of: a folder that comes or goes with what is in it is not told."""
    holding = {parent for step in steps for parent in step.path.parents}
    return [s for s in steps if s.refused or s.path not in holding or "folder" not in _kinds(s)]


def _kinds(step: Step) -> set[str]:
    return {entry.kind for entry in (step.now, step.wanted) if entry}


# --- what becomes of a path ---


async def _step(session: Session, path: Path, chain: Sequence[Effect]) -> Step:
    checkpoints = session.checkpoints
    disk = await checkpoints.look(path)
    text = await _opened(session, path)
    if text and text.source == "buffer":
        now = await effects.now(session.workspace, checkpoints, path)
        step = await _follow(checkpoints, path, now, chain)
        if step.refused or step.wanted != now:
            return replace(step, open=text)
        # The buffer is as it was before, and was never saved: then only the disk is to be put right.
    elif text and not (disk and disk.kind == "file"):
        text = None
    step = await _follow(checkpoints, path, disk, chain)
    return replace(step, open=text if text and text.source != "buffer" else None)


async def _follow(checkpoints: Checkpoints, path: Path, now: Entry | None, chain: Sequence[Effect]) -> Step:
    state, merged = now, False
    try:
        for effect in chain:
            if state == effect.after:
                state = effect.before
            elif state != effect.before:
                state = await _with_later(checkpoints, state, effect)
                merged = True
        if state is not None and not state.is_kept and state != now:
            raise _Refused(_TOO_BIG)
        if state and state.kind == "file" and state != now and not await _is_there(checkpoints, state, now):
            raise _Refused("its former content is not kept any more")
    except _Refused as error:
        return Step(path, now, now, refused=str(error))
    return Step(path, now, state, is_merged=merged and state != now)


async def _with_later(checkpoints: Checkpoints, state: Entry | None, effect: Effect) -> Entry | None:
    """Take an effect back from what was changed after it."""
    before, after = effect.before, effect.after
    if "folder" in {entry.kind for entry in (state, before, after) if entry}:
        return _folder_with_later(state, before, after)
    if state is None:
        raise _Refused("it was deleted later")
    if after is None:
        raise _Refused("something else was made in its place later")
    if before is None:
        raise _Refused("it was changed later")
    if not state.kind == before.kind == after.kind == "file":
        raise _Refused("it was made something else later")
    mode = before.mode if state.mode == after.mode else state.mode
    if state.mode not in (after.mode, before.mode) and before.mode != after.mode:
        raise _Refused("its mode was changed later, too")
    if before.hash == after.hash:
        return replace(state, mode=mode)
    if state.hash == after.hash:
        return replace(before, mode=mode)
    return await checkpoints.keep(await _merged(checkpoints, state, before, after), mode)


def _folder_with_later(state: Entry | None, before: Entry | None, after: Entry | None) -> Entry | None:
    """Folders come and go for their contents' sake: one that is in use, or not needed any more, is no conflict."""
    if {entry.kind for entry in (state, before, after) if entry} != {"folder"}:
        raise _Refused("it was made something else later")
    return None if before is None else state


async def _merged(checkpoints: Checkpoints, state: Entry, before: Entry, after: Entry) -> bytes:
    """The later changes on what was before. They must not touch the same lines."""
    texts: list[Decoded] = []
    for entry in (state, before, after):
        data = await checkpoints.content(entry)
        if data is None:
            raise _Refused("it was changed later, and what it was is not kept")
        try:
            texts.append(decode(data, ""))
        except ToolError:
            raise _Refused("it was changed later, and is no text") from None
    now, old, new = texts
    if len({(text.encoding, text.bom) for text in texts}) > 1:
        raise _Refused("it was changed later, and its encoding is another one")
    merged = merge(new.text, old.text, now.text)
    if not merged.clean:
        raise _Refused("it was changed later in the same lines")
    return now.bom + merged.text.encode(now.encoding)


async def _is_there(checkpoints: Checkpoints, wanted: Entry, now: Entry | None) -> bool:
    return bool(now and now.hash == wanted.hash) or await checkpoints.has(wanted)


async def _opened(session: Session, path: Path) -> FileText | None:
    """The text of a file that an editor has open."""
    try:
        found = await session.workspace.actual(path)
    except ToolError:
        return None
    return found if found.version is not None or found.source == "buffer" else None


# --- doing it ---


def _ordered(steps: Iterable[Step]) -> list[Step]:
    """Folders are opened first and closed last; what goes makes room for what comes."""
    found: list[tuple[tuple[int, int], Step]] = []
    for step in steps:
        depth = len(step.path.parts)
        now, wanted = step.now, step.wanted
        if wanted is None:
            is_folder = now is not None and now.kind == "folder"
            found.append(((2, -depth) if is_folder else (1, 0), step))
        elif wanted.kind != "folder":
            found.append(((4, 0), step))
        elif now and now.kind == "folder" and wanted.mode & 0o200:
            found.append(((0, depth), step))
        else:
            wide = replace(wanted, mode=wanted.mode | 0o700)
            if not (now and now.kind == "folder"):
                found.append(((3, depth), replace(step, wanted=wide)))
            if wide != wanted:
                found.append(((5, -depth), replace(step, now=wide, wanted=wanted)))
    return [step for _, step in sorted(found, key=lambda one: (one[0], one[1].path))]


async def _do(session: Session, step: Step) -> None:
    text = step.open
    if text is None or not await _through_editor(session, step, text):
        if text is not None and text.source == "buffer":
            raise ToolError("the editor holds unsaved changes of it")
        await session.checkpoints.put(step.path, step.now, step.wanted)


async def _through_editor(session: Session, step: Step, text: FileText) -> bool:
    """Have the editor make it, as a change that can be undone there; false for what is no change of text."""
    if step.wanted is None:
        await _apply(session, FileEdit(text.path, "delete", text, None))
        return True
    if step.wanted.kind != "file" or (step.now and step.now.kind != "file"):
        return False
    data = await session.checkpoints.content(step.wanted)
    try:
        wanted = decode(data or b"", step.path.name)
    except ToolError:
        return False
    if data is None or (wanted.encoding, wanted.bom) != (text.encoding, text.bom):
        return False
    if wanted.text != text.text:
        await _apply(session, FileEdit(text.path, "modify", text, wanted.text))
    disk = await session.checkpoints.look(step.path)
    if disk and disk.hash == step.wanted.hash:
        await session.checkpoints.put(step.path, disk, step.wanted)  # its mode
    return True


async def _apply(session: Session, edit: FileEdit) -> None:
    applied = await applying.apply(session.workspace, [edit])
    for _, why in applied.failed:
        raise ToolError(why)
