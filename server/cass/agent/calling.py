"""From a tool call to what it would do: the tool is found, the arguments are checked, the action is prepared."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from cass import proposals
from cass.agent import unmasking
from cass.agent.desk import Desk
from cass.errors import ToolError
from cass.ports import Action, Tool
from cass.protocol.edits import EditProposal
from cass.protocol.messages import ToolCall


async def prepare(desk: Desk, tools: Mapping[str, Tool], call: ToolCall, turn_id: str) -> tuple[Tool, Action]:
    """The tool, and what it would do. ToolError when it cannot be done."""
    tool, params = _validated(tools, call)
    return tool, await unmasking.prepare(desk, tool, params, call, turn_id)


def proposal(desk: Desk, call: ToolCall, turn_id: str, action: Action) -> EditProposal | None:
    """The edits as they are put to the user; None for an action without any."""
    if not action.edits:
        return None
    return proposals.propose(
        action.edits,
        proposal_id=f"edit-{uuid4().hex[:12]}",
        session_id=desk.session_id,
        turn_id=turn_id,
        tool_call_id=call.id,
        title=action.title,
    )


def _validated(tools: Mapping[str, Tool], call: ToolCall) -> tuple[Tool, BaseModel]:
    tool = tools.get(call.name)
    if tool is None:
        raise ToolError(f"There is no tool {call.name!r}. The tools are: {', '.join(sorted(tools))}.")
    if call.raw is not None:
        raise ToolError(
            f"The arguments of {call.name} were not a whole JSON object. Send the call again, complete."
        )
    try:
        return tool, tool.params.model_validate(call.arguments)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors())
        raise ToolError(f"{call.name} was called wrongly. {'; '.join(problems)}") from None
