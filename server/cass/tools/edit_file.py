"""Replace text in a file. old_string must be unique; add lines around it if not. Empty old_string creates a file."""

from __future__ import annotations

import asyncio

from cass.errors import ToolError
from cass.ports import Action, FileEdit, FileText, ToolContext
from cass.protocol.events import ToolLocation
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, refusal, short
from cass.tools._match import Found, find, flatten, quoted
from cass.tools._replace import replaced

name = "edit_file"
kind: ToolKind = "edit"


class Params(ToolParams):
    path: str
    old_string: str
    new_string: str
    replace_all: bool = False


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """One edit, checked against the file as it is now."""
    path = located(params.path, ctx)
    shown = short(path, ctx)
    if params.old_string == params.new_string:
        raise ToolError("old_string and new_string are the same: nothing would change.")
    try:
        base = await ctx.workspace.read(path)
    except ToolError as error:
        if error.kind == "not_found" and not params.old_string:
            return _action(params, ctx, None, params.new_string, 1, f"Created {shown}.")
        raise
    if not params.old_string:
        if base.text.strip():
            raise ToolError(
                f"{shown} is not empty. Name the text to replace in old_string, or use write_file for all of it."
            )
        return _action(params, ctx, base, base.text + params.new_string, 1, f"Wrote {shown}.")
    old, new = flatten(params.old_string).text, flatten(params.new_string).text
    if old == new:
        raise ToolError("old_string and new_string differ in line ends only. Convert them in the shell.")
    flat = flatten(base.text)
    # In a thread: in a big file, looking for something that is only alike takes a while.
    found = await asyncio.to_thread(find, flat.text, old)
    problem = await asyncio.to_thread(_problem, params, found, flat.text, shown)
    if problem is not None:
        return refusal(f"Edit {shown}", path, problem)
    text = replaced(base.text, flat, found, old, new, base.eol)
    if text == base.text:
        raise ToolError(f"{shown} has the new text already: nothing would change.")
    lines = [flat.text.count("\n", 0, start) + 1 for start, _ in found.spans]
    return _action(params, ctx, base, text, lines[0], _done(shown, lines, found.how))


def _action(params: Params, ctx: ToolContext, base: FileText | None, text: str, line: int, done: str) -> Action:
    path = located(params.path, ctx)
    return Action(
        title=f"{'Create' if base is None else 'Edit'} {short(path, ctx)}",
        kind=kind,
        changes=True,
        paths=(path,),
        locations=(ToolLocation(path=str(path), line=line),),
        edits=(FileEdit(path, "add" if base is None else "modify", base, text),),
        done=done,
    )


def _done(shown: str, lines: list[int], how: str) -> str:
    where = f"{len(lines)} places" if len(lines) > 1 else f"line {lines[0]}"
    note = f" It matched {how}; the new text was fitted to the file." if how else ""
    return f"Edited {shown}, {where}.{note}"


def _problem(params: Params, found: Found, text: str, shown: str) -> ToolError | None:
    if len(found.spans) > 1 and not params.replace_all:
        lines = [str(text.count("\n", 0, start) + 1) for start, _ in found.spans[:10]]
        more = ", …" if len(found.spans) > 10 else ""
        return ToolError(
            f"old_string stands {len(found.spans)} times in {shown}: lines {', '.join(lines)}{more}. "
            "Add lines around it to make it unique, or set replace_all."
        )
    if found.spans:
        return None
    return ToolError(f"old_string is not in {shown}.{quoted(text, params.old_string)}")
