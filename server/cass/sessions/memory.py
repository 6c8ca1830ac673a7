"""What a session knows beside the conversation that the model is sent: `agent.desk.Memory`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent import notes
from cass.agent.compact import ARGUMENTS, original
from cass.protocol.events import AgentMessage, CompactionUpdate, ToolCallUpdate, UserMessage
from cass.protocol.messages import Message, Text, ToolCall, Usage
from cass.sessions.history import compacted

if TYPE_CHECKING:
    from cass.sessions.session import Session

_SAID = "said-"


class Memory:
    """Belongs to one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def said(self) -> Sequence[Message]:
        """The user's own messages, in order."""
        return self._session.stream.state.history.said

    @property
    def answers(self) -> int:
        """How many answers the model gave."""
        return self._session.stream.state.history.answers

    def left_out(self, id: str) -> str | None:
        """A result or a message of the user's, as the journal has it; None for none."""
        if id.startswith(_SAID) and id.removeprefix(_SAID).isdigit():
            number = int(id.removeprefix(_SAID))
            return notes.words_of(self.said[number - 1]) if 1 <= number <= len(self.said) else None
        if id.startswith(ARGUMENTS):
            return self._arguments(id.removeprefix(ARGUMENTS))
        for event in self._session.stream.durable():
            if isinstance(event, ToolCallUpdate) and event.tool_call_id == id and event.result is not None:
                return "\n".join(block.text for block in event.result if isinstance(block, Text))
        return None

    def _arguments(self, id: str) -> str | None:
        """The long texts in a call's arguments as they were, or all the arguments where that would be unclear."""
        for event in self._session.stream.durable():
            calls = [b for b in event.content if isinstance(b, ToolCall)] if isinstance(event, AgentMessage) else []
            if call := next((call for call in calls if call.id == id), None):
                return original(call)
        return None

    def shortened(self, compaction: CompactionUpdate) -> list[Message]:
        """What the conversation would be after a compaction."""
        return compacted(self._session.messages, compaction)

    def known(self) -> notes.Known:
        """What cass knows for certain."""
        session = self._session
        return notes.Known(
            session.cwd,
            todos=session.plan,
            proposals=session.stream.state.pending_proposals(),
            files=session.ledger.hashes(),
            changed=session.changed_paths,
        )

    def today(self) -> Usage:
        """What all sessions used today."""
        return self._session.house.spending.today()

    async def news(self) -> list[UserMessage]:
        """What happened to files that the model knows, in words for it."""
        text = await self._session.ledger.news()
        if not text:
            return []
        return [
            UserMessage(
                message_id=f"msg-{uuid4().hex[:12]}",
                turn_id=self._session.turn_id,
                content=(Text(text=f"[Editor, not typed by the user]\n{text}"),),
                steering=True,
                source="editor",
            )
        ]
