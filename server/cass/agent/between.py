"""What hooks say between a turn's requests: about the user's words, the model's, and the end of the turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from cass.agent.desk import Desk
from cass.agent.hooking import told
from cass.errors import SessionError
from cass.ports import Completed, HookAnswer
from cass.protocol.events import CompactionUpdate, Notice, PromptDropped, UserMessage
from cass.protocol.history import CompactionTrigger
from cass.protocol.messages import ContentBlock, Text, ToolCall
from cass.protocol.wire import JsonObject

_CONTINUED_AT_MOST = 10
"""How often hooks may keep one turn from ending."""


@dataclass
class Between:
    """One turn, between its requests."""

    desk: Desk
    _continued: int = field(default=0, init=False)

    async def words(self) -> list[UserMessage]:
        """What the model is told before its next request: what the user said meanwhile, and what happened to files."""
        return [*await self._steered(), *await self.desk.news()]

    async def more(self) -> list[UserMessage]:
        """The model has finished: what the user said meanwhile, else why a hook wants the turn to go on. Empty: it
        ends."""
        said = await self._steered()
        if said or not self.desk.hooks.has("Stop"):
            return said
        last = next((m.text for m in reversed(self.desk.messages) if m.role == "assistant"), "")
        data: JsonObject = {"stop_hook_active": self._continued > 0, "last_assistant_message": last}
        answer = await self.desk.hooks.fire("Stop", data)
        if answer.blocked is None or answer.stop is not None:
            return []
        self._continued += 1
        if self._continued > _CONTINUED_AT_MOST:
            text = f"Hooks kept this turn from ending {_CONTINUED_AT_MOST} times; it ends all the same."
            self.desk.emit(Notice(turn_id=self.desk.turn_id, level="warning", text=text))
            return []
        return messages(self.desk, [answer.blocked, *answer.context])

    async def _steered(self) -> list[UserMessage]:
        said: list[UserMessage] = []
        taken = self.desk.take_steering()
        try:
            for message in taken:
                try:
                    said += [message, *await submitted(self.desk, message)]
                except SessionError as error:
                    self._drop(message)
                    self.desk.emit(Notice(turn_id=message.turn_id, level="warning", text=str(error)))
        except asyncio.CancelledError:
            for message in taken:
                self._drop(message)
            raise
        return said

    def _drop(self, message: UserMessage) -> None:
        self.desk.emit(PromptDropped(turn_id=message.turn_id, message_id=message.message_id))


async def submitted(desk: Desk, message: UserMessage) -> list[UserMessage]:
    """The user's words are about to be sent: what hooks have the model told with them. SessionError where one refuses
    them."""
    if message.source != "user" or not desk.hooks.has("UserPromptSubmit"):
        return []
    answer = await desk.hooks.fire("UserPromptSubmit", {"prompt": _text(message.content)})
    _refuse(answer, "these words, and they were not sent")
    return messages(desk, answer.context)


async def before_model(desk: Desk, model: str, context: Sequence[str]) -> None:
    """A request is about to be made, with what hooks said about the last answer. SessionError where one refuses it."""
    for message in messages(desk, context):
        desk.emit(message)
    if not desk.hooks.has("PreModel"):
        return
    last = desk.messages[-1] if desk.messages else None
    data: JsonObject = {
        "model": model,
        "messages": len(desk.messages),
        "last_message": last.wire() if last else None,
    }
    answer = await desk.hooks.fire("PreModel", data)
    _refuse(answer, "the request to the model")
    for message in messages(desk, answer.context):
        desk.emit(message)


async def after_model(desk: Desk, model: str, answer: Completed) -> Sequence[str]:
    """An answer has come, and nothing was done with it yet: what hooks have the model told with its next request.
    SessionError where one refuses it."""
    if not desk.hooks.has("PostModel"):
        return ()
    calls = [block for block in answer.content if isinstance(block, ToolCall)]
    data: JsonObject = {
        "model": answer.model or model,
        "text": "".join(block.text for block in answer.content if isinstance(block, Text)),
        "tool_calls": [{"id": c.id, "tool_name": c.name, "tool_input": c.arguments} for c in calls],
        "usage": answer.usage.wire() if answer.usage else None,
    }
    said = await desk.hooks.fire("PostModel", data)
    _refuse(said, "the model's answer")
    return said.context


async def may_compact(desk: Desk, trigger: CompactionTrigger, focus: str) -> bool:
    """Whether hooks let the conversation be made shorter; what the user asked for, they are only told of."""
    if not desk.hooks.has("PreCompact"):
        return True
    data: JsonObject = {"trigger": _trigger(trigger), "custom_instructions": focus}
    answer = await desk.hooks.fire("PreCompact", data)
    return trigger == "manual" or (answer.blocked is None and answer.stop is None)


async def compacted(desk: Desk, update: CompactionUpdate) -> None:
    """The conversation was made shorter."""
    context: list[str] = []
    if desk.hooks.has("PostCompact"):
        data: JsonObject = {
            "trigger": _trigger(update.trigger),
            "compact_summary": update.summary or "",
            "before": update.before,
            "after": update.after,
        }
        context += told(await desk.hooks.fire("PostCompact", data))
    if desk.hooks.has("SessionStart"):
        context += told(await desk.hooks.fire("SessionStart", {"source": "compact"}))
    for message in messages(desk, context):
        desk.emit(message)


def messages(desk: Desk, context: Sequence[str]) -> list[UserMessage]:
    """What hooks have the model told, as words that nobody typed."""
    return [
        UserMessage(
            message_id=f"msg-{uuid4().hex[:12]}",
            turn_id=desk.turn_id,
            content=(Text(text=f"[Told by a hook, not typed by the user]\n{text}"),),
            steering=True,
            source="hook",
        )
        for text in context
    ]


def _refuse(answer: HookAnswer, what: str) -> None:
    why = answer.blocked if answer.blocked is not None else answer.stop
    if why is not None:
        raise SessionError(f"A hook refused {what}: {why}", hint="`cass hooks list` shows it.", kind="hook_blocked")


def _trigger(trigger: CompactionTrigger) -> str:
    return "manual" if trigger == "manual" else "auto"


def _text(content: Sequence[ContentBlock]) -> str:
    return "".join(block.text for block in content if isinstance(block, Text))
