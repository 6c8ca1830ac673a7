"""Hand a task to a sub-agent with a conversation of its own; you get its last answer. It knows only what prompt says. Several calls in one answer run at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cass.ports import Action, Order, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "task"
kind: ToolKind = "think"
needs = "agents"


class Params(ToolParams):
    description: str = Field(default="", max_length=200, description="3-6 words")
    prompt: str = Field(min_length=1, max_length=100_000)
    profile: str = Field(default="", max_length=64)
    model: str = Field(default="", max_length=200)
    background: bool = False
    isolation: Literal["", "none", "worktree"] = Field(
        default="", description="worktree: a copy of the files; its changes are offered to the user"
    )


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Find the profile; the sub-agent begins when the call runs. What it does is judged call by call."""
    first = params.prompt.strip().splitlines()
    order = Order(
        task=params.description.strip() or (first[0][:60] if first else "task"),
        prompt=params.prompt,
        profile=params.profile.strip(),
        model=params.model.strip(),
        background=params.background,
        apart=params.isolation == "worktree",
    )
    agents = ctx.agents
    profile = await agents.check(order)

    async def run() -> Outcome:
        return await agents.run(order)

    return Action(title=f"{profile}: {order.task}", kind=kind, changes=False, subject=profile, run=run)
