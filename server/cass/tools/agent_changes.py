"""Make the changes of a sub-agent that worked on a copy of the files. cass calls it; no model is offered it."""

from __future__ import annotations

from pydantic import Field

from cass.ports import Action, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "agent_changes"
kind: ToolKind = "edit"
needs = "agent_changes"


class Params(ToolParams):
    offer: str = Field(min_length=1, max_length=64)
    title: str = Field(default="Changes of a sub-agent", max_length=300)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """The edits that wait under this key."""
    edits = await ctx.agents.changes(params.offer)
    paths = tuple(edit.path for edit in edits)
    return Action(
        title=params.title, kind=kind, changes=True, paths=paths, edits=edits, done="The changes were made."
    )
