"""Replace your to-do list. Use it for work of three or more steps; keep one entry in_progress."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from cass.ports import Action, Outcome, ToolContext
from cass.protocol.events import PlanEntry, PlanUpdate
from cass.protocol.messages import Text, ToolKind
from cass.tools._common import ToolParams

name = "todos"
kind: ToolKind = "think"
needs = "todos"


class Entry(BaseModel):
    content: str = Field(min_length=1, max_length=500)
    status: Literal["pending", "in_progress", "completed"] = "pending"


_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "content": {"type": "string"},
            "status": {"enum": ["pending", "in_progress", "completed"]},
        },
        "required": ["content"],
    },
}
"""Written out, for some endpoints do not follow references in a schema."""


class Params(ToolParams):
    entries: Annotated[list[Entry], WithJsonSchema(_SCHEMA)] = Field(max_length=50)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """The new list as an event; nothing else changes."""
    entries = tuple(PlanEntry(content=entry.content, status=entry.status) for entry in params.entries)
    completed = sum(entry.status == "completed" for entry in entries)

    async def run() -> Outcome:
        text = f"{len(entries)} to-dos, {completed} completed." if entries else "The list is empty now."
        return Outcome((Text(text=text),), events=(PlanUpdate(entries=entries),))

    return Action(title=f"Plan: {completed}/{len(entries)} done", kind=kind, changes=False, run=run)
