"""Ask the user something that only they can decide."""

from __future__ import annotations

from pydantic import Field

from cass.ports import Action, Outcome, Question, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "ask_user"
kind: ToolKind = "other"


class Params(ToolParams):
    question: str = Field(min_length=1)
    options: list[str] = Field(default_factory=list[str], max_length=10)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Ask when the call runs."""

    async def run() -> Outcome:
        answer = await ctx.ask(Question(params.question, tuple(params.options)))
        if answer is None:
            return Outcome.text("Nobody can answer now. Decide yourself and say what you assumed.")
        return Outcome.text(f"The user answers: {answer}")

    return Action(title=params.question.splitlines()[0][:120], kind=kind, changes=False, run=run)
