"""Making edits of files that others change at the same time: rebased where both fit, refused where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cass.errors import ToolError
from cass.hunks import split_lines
from cass.merging import Merged, line_after, merge
from cass.ports import Applied, AppliedFile, FileEdit, Workspace

_TRIES = 4
_SHOWN_LINES = 30


async def apply(workspace: Workspace, edits: Sequence[FileEdit]) -> Applied:
    """Make the edits, each merged with what happened to its file since it was made. A conflict is a ToolError of
    the kind `conflict` that holds the present text, and then nothing of that file was changed; `Applied.failed` has
    those that could not be made after others were."""
    done: list[AppliedFile] = []
    failed: list[tuple[FileEdit, str]] = []
    left = list(edits)
    for attempt in range(_TRIES):
        last = attempt == _TRIES - 1
        try:
            result = await workspace.apply([await rebased(workspace, edit) for edit in left])
        except ToolError as error:
            if error.kind == "stale" and not last:
                continue
            if not done:
                raise
            return Applied(tuple(done), tuple((edit, str(error)) for edit in left))
        done += result.files
        failed = list(result.failed)
        if not failed or last:
            break
        left = [edit for edit, _ in failed]
    return Applied(tuple(done), tuple(failed))


async def rebased(workspace: Workspace, edit: FileEdit) -> FileEdit:
    """The edit on the file as it is now. ToolError of the kind `conflict` when both changed the same lines."""
    if edit.base is None or edit.base.source == "overlay":
        return edit
    try:
        now = await workspace.actual(edit.path)
    except ToolError as error:
        if error.kind != "not_found":
            raise
        raise ToolError(f"{edit.path} does not exist any more. Nothing was changed.", kind="conflict") from None
    if now.hash == edit.base.hash:
        return replace(edit, base=now)
    if edit.new_text is None:
        word = "moved" if edit.move_to else "deleted"
        raise ToolError(f"{edit.path} changed meanwhile and was not {word}. Read it again.", kind="conflict")
    merged = merge(edit.base.text, edit.new_text, now.text)
    if not merged.clean:
        raise ToolError(_conflict(edit.path, edit.base.text, now.text, merged), kind="conflict")
    return replace(edit, base=now, new_text=merged.text)


def _conflict(path: Path, base: str, now: str, merged: Merged) -> str:
    """What the model needs to make its edit again: the lines as they are."""
    lines, where = split_lines(now), line_after(base, now)
    shown: list[str] = []
    for first, last in merged.collided:
        start, end = max(0, where.line(first - 1) - 2), min(len(lines), where.line(max(first - 1, last)) + 2)
        shown += [f"{n + 1}\t{lines[n].rstrip()}" for n in range(start, max(start, end))]
    shown = list(dict.fromkeys(shown))
    cut = [f"[... {len(shown) - _SHOWN_LINES} more lines ...]"] if len(shown) > _SHOWN_LINES else []
    return "\n".join(
        [
            f"{path} changed meanwhile in the lines of this edit, so nothing was changed in it. It now reads there:",
            *shown[:_SHOWN_LINES],
            *cut,
        ]
    )
