"""One answer of the model: streamed to whoever looks on, kept whole, and kept in part when it breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from cass.agent.desk import Desk
from cass.errors import BadResponse, CassError, ModelError
from cass.ports import Completed, Model, ModelNotice, ModelRequest, Retrying, TextDelta, ThinkingDelta
from cass.protocol.events import (
    AgentMessage,
    AgentMessageChunk,
    AgentThoughtChunk,
    MessageDiscarded,
    Notice,
    Retry,
    UsageUpdate,
)
from cass.protocol.messages import Text


@dataclass
class Answers:
    """Asks the model on behalf of one turn."""

    desk: Desk
    model: Model
    turn_id: str
    _message_id: str = ""
    _partial: list[str] = field(default_factory=list[str])

    async def ask(self, request: ModelRequest) -> Completed:
        """One request. The whole answer is in the journal when this returns."""
        self._message_id, self._partial = f"msg-{uuid4().hex[:12]}", []
        async for event in self.model.stream(request):
            match event:
                case TextDelta(text):
                    self._partial.append(text)
                    chunk = Text(text=text)
                    self.desk.emit(
                        AgentMessageChunk(turn_id=self.turn_id, message_id=self._message_id, content=chunk)
                    )
                case ThinkingDelta(text):
                    chunk = Text(text=text)
                    self.desk.emit(
                        AgentThoughtChunk(turn_id=self.turn_id, message_id=self._message_id, content=chunk)
                    )
                case Retrying():
                    self._retrying(event)
                case ModelNotice(text):
                    self.notice(text)
                case Completed():
                    self._keep(event)
                    return event
        raise BadResponse("The model's answer stopped before its end.")

    def notice(self, text: str) -> None:
        """Warn the user."""
        self.desk.emit(Notice(turn_id=self.turn_id, level="warning", text=text))

    def keep_partial(self, error: CassError | None = None) -> None:
        """What was said before the break stays in the history, marked as unfinished."""
        kept = error.partial if isinstance(error, ModelError) else ()
        text = "".join(self._partial) or "".join(b.text for b in kept if isinstance(b, Text))
        self._partial = []
        if text:
            self.desk.emit(
                AgentMessage(
                    turn_id=self.turn_id,
                    message_id=self._message_id,
                    content=(Text(text=text),),
                    model=self.model.name,
                    interrupted=True,
                )
            )

    def _keep(self, answer: Completed) -> None:
        self._partial = []
        self.desk.emit(
            AgentMessage(
                turn_id=self.turn_id,
                message_id=self._message_id,
                content=answer.content,
                model=answer.model or self.model.name,
                usage=answer.usage,
            )
        )
        if answer.usage:
            self.desk.emit(
                UsageUpdate(
                    turn_id=self.turn_id,
                    used=answer.usage.input + answer.usage.output,
                    size=self.model.window.tokens,
                    estimated=False,
                    total=self.desk.total,
                )
            )

    def _retrying(self, event: Retrying) -> None:
        if self._partial:
            self._partial = []
            self.desk.emit(MessageDiscarded(turn_id=self.turn_id, message_id=self._message_id))
        self.desk.emit(
            Retry(
                turn_id=self.turn_id,
                attempt=event.attempt,
                max_attempts=event.max_attempts,
                in_ms=round(event.delay * 1000),
                reason=event.reason,
            )
        )
