"""Give back a tool result or a message of the user that was left out of this conversation."""

from __future__ import annotations

from pydantic import Field

from cass.errors import ToolError
from cass.hunks import split_lines
from cass.ports import Action, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "read_result"
kind: ToolKind = "read"
needs = "results"


class Params(ToolParams):
    id: str = Field(description="as the note says it")
    offset: int = Field(default=1, ge=1, description="first line, from 1")


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Look it up in what the session keeps."""

    async def run() -> Outcome:
        text = ctx.left_out(params.id)
        if text is None:
            raise ToolError(f"Nothing with the id {params.id!r} was left out.")
        return Outcome.text(_part(text, params.offset, ctx.settings.output_chars))

    return Action(title=f"Read again {params.id}", kind=kind, changes=False, run=run)


def _part(text: str, offset: int, room: int) -> str:
    lines = split_lines(text)
    if offset > max(1, len(lines)):
        raise ToolError(f"It has {len(lines)} lines; offset {offset} is past its end.")
    taken: list[str] = []
    for line in lines[offset - 1 :]:
        room -= len(line)
        if room < 0 and taken:
            break
        taken.append(line[: max(room + len(line), 1)])
    last = offset + len(taken) - 1
    if offset == 1 and last == len(lines):
        return "".join(taken)
    more = f"; go on with offset {last + 1}" if last < len(lines) else ""
    return f"[lines {offset}-{last} of {len(lines)}{more}]\n{''.join(taken)}"
