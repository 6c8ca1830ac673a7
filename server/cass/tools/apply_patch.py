"""Change several files at once, all or none. Format:
*** Begin Patch
*** Update File: PATH
*** Move to: NEWPATH (optional)
@@ class or function the lines are in (optional)
 context line
-old line
+new line
*** Add File: PATH
+line
*** Delete File: PATH
*** End Patch
Give 3 lines of context."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from cass.errors import ToolError
from cass.ports import Action, FileEdit, FileText, ToolContext
from cass.protocol.edits import EditOp
from cass.protocol.events import ToolLocation
from cass.protocol.messages import ToolKind
from cass.tools._chunks import apply_chunks
from cass.tools._common import ToolParams, located, read_if_there, refusal, short
from cass.tools._patch import Section, parse

name = "apply_patch"
kind: ToolKind = "edit"


class Params(ToolParams):
    patch: str


@dataclass(frozen=True)
class _File:
    """What becomes of a file: `text` is None when it is gone."""

    base: FileText | None
    text: str | None
    move_to: Path | None = None


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """One edit for each file, checked against the files as they are now."""
    sections = parse(params.patch)
    if not sections:
        raise ToolError("The patch is empty: nothing would change.")
    files: dict[Path, _File] = {}
    for section in sections:
        path = located(section.path, ctx)
        state = files.get(path) or await _present(section.path, ctx)
        try:
            files[path] = await asyncio.to_thread(_after, section, state, ctx)
        except ToolError as error:
            return refusal(f"Patch {short(path, ctx)}", path, error)
    edits = tuple(edit for path, file in files.items() if (edit := _edit(path, file)))
    if not edits:
        raise ToolError("The files have the new text already: nothing would change.")
    names = [short(edit.path, ctx) for edit in edits]
    return Action(
        title=f"Patch {', '.join(names)}"[:120],
        kind=kind,
        changes=True,
        paths=tuple(path for edit in edits for path in (edit.path, edit.move_to) if path),
        locations=tuple(ToolLocation(path=str(edit.move_to or edit.path)) for edit in edits),
        edits=edits,
        done="Patched: " + ", ".join(_word(edit, ctx) for edit in edits) + ".",
    )


async def _present(path: str, ctx: ToolContext) -> _File:
    base = await read_if_there(path, ctx)
    return _File(base, base.text if base else None)


def _after(section: Section, file: _File, ctx: ToolContext) -> _File:
    shown = section.path
    if section.op == "add":
        if file.text is not None:
            raise ToolError(f"{shown} exists already. Use *** Update File, or write_file to replace it.")
        eol = file.base.eol if file.base else "\n"
        return replace(file, text=section.text.replace("\n", eol))
    if file.text is None:
        raise ToolError(f"{shown} does not exist, so it cannot be {section.op}d. Check the path with glob.")
    if section.op == "delete":
        return replace(file, text=None)
    text = apply_chunks(file.text, section.chunks, shown)
    return replace(file, text=text, move_to=located(section.move_to, ctx) if section.move_to else file.move_to)


def _edit(path: Path, file: _File) -> FileEdit | None:
    if file.base is None:
        return None if file.text is None else FileEdit(file.move_to or path, "add", None, file.text)
    if file.text is None:
        return FileEdit(path, "delete", file.base, None)
    unchanged = file.text == file.base.text
    if file.move_to is not None and file.move_to != path:
        return FileEdit(path, "move", file.base, None if unchanged else file.text, file.move_to)
    return None if unchanged else FileEdit(path, "modify", file.base, file.text)


def _word(edit: FileEdit, ctx: ToolContext) -> str:
    words: dict[EditOp, str] = {"add": "added", "modify": "changed", "delete": "deleted", "move": "moved"}
    target = f" to {short(edit.move_to, ctx)}" if edit.move_to else ""
    return f"{words[edit.op]} {short(edit.path, ctx)}{target}"
