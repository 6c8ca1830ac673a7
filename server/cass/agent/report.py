"""What the session is told of a call: that it began, what became of its proposal, how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from cass import proposals
from cass.agent.desk import Desk
from cass.ports import Action, Outcome
from cass.protocol.edits import EditProposal, HunkDecision, ProposalState
from cass.protocol.events import EditUpdate, ToolCallUpdate, ToolLocation
from cass.protocol.messages import Image, Text, ToolCall, ToolStatus

_RESULT_LIMIT = 200_000
"""Characters of one result, whatever the tool: a tool bounds its own output far below this."""


@dataclass
class Clock:
    """How long a call has run: the time that a person took to answer does not count."""

    began: float = field(default_factory=time.monotonic)

    def restart(self) -> None:
        """Count from now."""
        self.began = time.monotonic()

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds so far."""
        return round((time.monotonic() - self.began) * 1000)


def started(desk: Desk, call: ToolCall, turn_id: str, action: Action, status: ToolStatus) -> None:
    """The call waits for an answer (`pending`) or runs (`in_progress`)."""
    locations = action.locations or tuple(ToolLocation(path=str(p)) for p in action.paths)
    desk.emit(
        ToolCallUpdate(
            tool_call_id=call.id,
            turn_id=turn_id,
            status=status,
            name=call.name,
            title=action.title,
            kind=action.kind,
            raw_input=call.arguments,
            locations=locations,
            content=proposals.display(action.edits) or None,
        )
    )


def finished(
    desk: Desk, call: ToolCall, turn_id: str, clock: Clock, outcome: Outcome, status: ToolStatus | None = None
) -> None:
    """The call's one end."""
    for event in outcome.events:
        desk.emit(event)
    desk.emit(
        ToolCallUpdate(
            tool_call_id=call.id,
            turn_id=turn_id,
            name=call.name,
            status=status or ("failed" if outcome.is_error else "completed"),
            content=outcome.display or None,
            result=tuple(_bounded(block, desk.settings.result_chars) for block in outcome.content),
            exit_code=outcome.exit_code,
            elapsed_ms=clock.elapsed_ms,
        )
    )


def proposed(desk: Desk, turn_id: str, proposal: EditProposal) -> None:
    """A proposal was made."""
    desk.emit(
        EditUpdate(turn_id=turn_id, proposal_id=proposal.proposal_id, state=proposal.state, proposal=proposal)
    )


def resolved(
    desk: Desk,
    turn_id: str,
    proposal: EditProposal,
    state: ProposalState,
    decisions: Sequence[HunkDecision] = (),
) -> None:
    """A proposal went one step on."""
    desk.emit(
        EditUpdate(turn_id=turn_id, proposal_id=proposal.proposal_id, state=state, decisions=tuple(decisions))
    )


def _bounded(block: Text | Image, limit: int) -> Text | Image:
    limit = min(limit, _RESULT_LIMIT)
    if isinstance(block, Image) or len(block.text) <= limit:
        return block
    half = limit // 2
    left_out = len(block.text) - 2 * half
    return Text(text=f"{block.text[:half]}\n[... {left_out} characters left out ...]\n{block.text[-half:]}")
