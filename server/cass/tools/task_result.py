"""A sub-agent by its name: its result, words for it, or its end."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cass.errors import ToolError
from cass.ports import Action, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "task_result"
kind: ToolKind = "think"
needs = "agents"


class Params(ToolParams):
    agent: str = Field(min_length=1, max_length=100)
    action: Literal["result", "tell", "stop"] = "result"
    words: str = Field(default="", max_length=20_000)
    wait: float = Field(default=60, ge=0, le=600, description="seconds")


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Looking and stopping changes nothing that was not allowed when it was begun."""
    agents = ctx.agents
    if params.action == "tell" and not params.words.strip():
        raise ToolError("words are missing.")

    async def run() -> Outcome:
        match params.action:
            case "tell":
                return await agents.tell(params.agent, params.words)
            case "stop":
                return await agents.stop(params.agent)
            case _:
                return await agents.result(params.agent, params.wait)

    title = f"{ {'tell': 'Tell', 'stop': 'Stop'}.get(params.action, 'Result of') } {params.agent}".strip()
    return Action(title=title, kind=kind, changes=False, subject=params.agent, run=run)
