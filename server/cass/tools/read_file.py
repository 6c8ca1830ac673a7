"""Read a text file or an image."""

from __future__ import annotations

import base64
from pathlib import Path

from pydantic import Field

from cass.errors import ToolError
from cass.hunks import line_end, split_lines
from cass.ports import Action, Outcome, ToolContext
from cass.protocol.events import ToolLocation
from cass.protocol.messages import Image, Text, ToolKind
from cass.tools._common import ToolParams, located, short

name = "read_file"
kind: ToolKind = "read"

IMAGE_LIMIT = 5_000_000
"""Bytes of the biggest image that is given to a model."""

LINE_LIMIT = 2_000
"""Characters of a line that are shown."""

_HEADER_ROOM = 200
_IMAGES = {
    ".png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    ".jpg": (b"\xff\xd8\xff", "image/jpeg"),
    ".jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    ".gif": (b"GIF8", "image/gif"),
    ".webp": (b"RIFF", "image/webp"),
}


class Params(ToolParams):
    path: str
    offset: int = Field(default=1, ge=1, description="first line, from 1")
    limit: int = Field(default=0, ge=0, description="lines")


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Name the file; it is read when the call runs."""
    path = located(params.path, ctx)

    async def run() -> Outcome:
        if path.suffix.lower() in _IMAGES:
            return await _image(path, ctx)
        text = (await ctx.workspace.read(path)).text
        return Outcome.text(_excerpt(text, params, short(path, ctx), ctx))

    line = params.offset if params.offset > 1 else None
    return Action(
        title=f"Read {short(path, ctx)}",
        kind=kind,
        changes=False,
        paths=(path,),
        locations=(ToolLocation(path=str(path), line=line),),
        run=run,
    )


def _excerpt(text: str, params: Params, shown: str, ctx: ToolContext) -> str:
    lines = split_lines(text)
    if not lines:
        return f"[{shown} is empty]"
    if params.offset > len(lines):
        raise ToolError(f"{shown} has {len(lines)} lines; offset {params.offset} is past its end.")
    wanted = min(params.limit or ctx.settings.read_lines, ctx.settings.read_lines)
    room = ctx.settings.output_chars - _HEADER_ROOM
    taken: list[str] = []
    cut = 0
    for line in lines[params.offset - 1 : params.offset - 1 + wanted]:
        end = line_end(line)
        body = line[: len(line) - len(end)]
        if len(body) > LINE_LIMIT:
            body = f"{body[:LINE_LIMIT]}[… {len(body) - LINE_LIMIT} more characters]"
            cut += 1
        room -= len(body) + 1
        if room < 0 and taken:
            break
        taken.append(body + ("\n" if end else ""))
    last = params.offset + len(taken) - 1
    out = "".join(taken)
    if params.offset == 1 and last == len(lines):
        return out
    more = f"; go on with offset {last + 1}" if last < len(lines) else ""
    return f"[lines {params.offset}-{last} of {len(lines)}{more}]\n{out}"


async def _image(path: Path, ctx: ToolContext) -> Outcome:
    magic, mime_type = _IMAGES[path.suffix.lower()]
    data = await ctx.workspace.read_bytes(path, IMAGE_LIMIT)
    shown = short(path, ctx)
    if not data.startswith(magic):
        raise ToolError(f"{shown} is not the image that its name says.")
    picture = Image(data=base64.b64encode(data).decode("ascii"), mime_type=mime_type)
    return Outcome((Text(text=f"[{shown}, {mime_type}, {len(data):,} bytes]"), picture))
