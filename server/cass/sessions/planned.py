"""A turn whose first or last calls a command planned, not the model. They pass the gate as the model's do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent.turn import Turn
from cass.protocol.events import AgentMessage, StateUpdate, UserMessage
from cass.protocol.messages import Text, ToolCall
from cass.sessions.command import Reply

if TYPE_CHECKING:
    from cass.sessions.session import Session


async def play(session: Session, turn: Turn, reply: Reply) -> StateUpdate:
    """Run the turn with what the command planned around it."""
    await _make(session, turn, reply.calls)
    end = await turn.run()
    more = reply.again() if end.stop_reason == "end_turn" else ""
    if more:
        id = f"msg-{uuid4().hex[:12]}"
        content = (Text(text=f"[cass, not typed by the user]\n{more}"),)
        session.emit(UserMessage(message_id=id, turn_id=turn.turn_id, content=content, source="editor"))
        end = await turn.run()
    if reply.after is not None and end.stop_reason != "cancelled":
        await _make(session, turn, await reply.after())
    return end


async def _make(session: Session, turn: Turn, calls: Sequence[ToolCall]) -> None:
    if calls:
        id = f"msg-{uuid4().hex[:12]}"
        session.emit(AgentMessage(message_id=id, turn_id=turn.turn_id, content=tuple(calls), planned=True))
        await turn.resume(calls)
