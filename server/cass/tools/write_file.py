"""Create a file or replace its whole text. Prefer edit_file for changes."""

from __future__ import annotations

from cass.errors import ToolError
from cass.hunks import split_lines
from cass.ports import Action, FileEdit, FileText, ToolContext
from cass.protocol.events import ToolLocation
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, read_if_there, short

name = "write_file"
kind: ToolKind = "edit"


class Params(ToolParams):
    path: str
    content: str


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """One edit: a new file, or the whole text of an existing one in its own line ends."""
    path = located(params.path, ctx)
    shown = short(path, ctx)
    base = await read_if_there(params.path, ctx)
    text = _in_its_style(params.content, base)
    if base is not None and base.text == text:
        raise ToolError(f"{shown} has exactly this text already.")
    count = len(split_lines(text))
    lines = f"{count} line{'' if count == 1 else 's'}"
    if base is None:
        done = f"Created {shown} ({lines})."
    else:
        done = f"Replaced the existing {shown} ({lines}, before {len(split_lines(base.text))})."
    return Action(
        title=f"{'Create' if base is None else 'Write'} {shown}",
        kind=kind,
        changes=True,
        paths=(path,),
        locations=(ToolLocation(path=str(path)),),
        edits=(FileEdit(path, "add" if base is None else "modify", base, text),),
        done=done,
    )


def _in_its_style(content: str, base: FileText | None) -> str:
    if base is None:
        return content
    if base.bom:
        content = content.removeprefix("\ufeff")
    if base.eol == "\n":
        return content
    return content.replace("\r\n", "\n").replace("\n", base.eol)
