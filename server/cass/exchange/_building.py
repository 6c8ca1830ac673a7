"""Another program's conversation as events of ours: whole turns, and an answer for every call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from cass.protocol.events import AgentMessage, Event, StateUpdate, ToolCallUpdate, UserMessage
from cass.protocol.messages import ContentBlock, Image, Text, Thinking, ToolCall, ToolKind
from cass.protocol.wire import JsonObject, as_list, as_object

_NO_ANSWER = "The log holds no answer to this call."
_KINDS: dict[str, ToolKind] = {
    "bash": "execute", "shell": "execute", "exec_command": "execute", "local_shell": "execute", "read": "read",
    "view_image": "read", "edit": "edit", "multiedit": "edit", "write": "edit", "apply_patch": "edit",
    "notebookedit": "edit", "grep": "search", "glob": "search", "ls": "search", "web_search": "search",
    "websearch": "search", "webfetch": "fetch", "task": "think", "todowrite": "think", "update_plan": "think",
}  # fmt: skip

Answer = Text | Thinking | ToolCall


class Building:
    """Takes what was said in order; `done` gives the events. What fits nowhere is counted in `left_out`."""

    def __init__(self) -> None:
        self.left_out = 0
        self._events: list[Event] = []
        self._turns = 0
        self._messages = 0
        self._blocks: list[Answer] = []
        self._model = ""
        self._open: dict[str, ToolCall] = {}
        self._names: dict[str, str] = {}

    def said(self, content: Sequence[ContentBlock]) -> None:
        """The user's words, which begin a turn."""
        if content:
            self._end_turn()
            self._turns += 1
            self._events.append(StateUpdate(turn_id=self._turn(), state="running"))
            self._events.append(UserMessage(turn_id=self._turn(), message_id=self._id(), content=tuple(content)))

    def answered(self, blocks: Sequence[Answer], model: str = "") -> None:
        """Some of the model's answer; what comes without anything between belongs to the same one."""
        if not blocks:
            return
        if self._open and not self._blocks:
            self._give_up()
        self._model = model or self._model
        for block in blocks:
            self._blocks.append(self._renamed(block) if isinstance(block, ToolCall) else block)

    def resulted(self, call_id: str, content: Sequence[Text | Image], *, failed: bool = False) -> None:
        """What a call came to."""
        self._end_answer()
        call = self._open.pop(self._names.get(call_id, ""), None)
        if call is None:
            self.left_out += 1
            return
        self._result(call, tuple(content) or (Text(text=""),), "failed" if failed else "completed")

    def done(self) -> tuple[Event, ...]:
        """All of it."""
        self._end_turn()
        return tuple(self._events)

    def _turn(self) -> str:
        return f"turn-{self._turns}"

    def _id(self) -> str:
        self._messages += 1
        return f"msg-{self._messages}"

    def _renamed(self, call: ToolCall) -> ToolCall:
        """Ids that come twice would mix up their answers."""
        id, number = call.id or "call", 2
        while id in self._names.values():
            id, number = f"{call.id or 'call'}-{number}", number + 1
        self._names[call.id] = id
        return call.model_copy(update={"id": id})

    def _end_answer(self) -> None:
        if self._blocks:
            self._events.append(
                AgentMessage(
                    turn_id=self._turn(), message_id=self._id(), content=tuple(self._blocks), model=self._model
                )
            )
            self._open |= {block.id: block for block in self._blocks if isinstance(block, ToolCall)}
            self._blocks = []

    def _give_up(self) -> None:
        for call in self._open.values():
            self._result(call, (Text(text=_NO_ANSWER),), "cancelled")
        self._open = {}

    def _end_turn(self) -> None:
        self._end_answer()
        self._give_up()
        if self._turns and not (isinstance(last := self._events[-1], StateUpdate) and last.state == "idle"):
            self._events.append(StateUpdate(turn_id=self._turn(), state="idle", stop_reason="end_turn"))

    def _result(self, call: ToolCall, content: tuple[Text | Image, ...], status: str) -> None:
        self._events.append(
            ToolCallUpdate(
                turn_id=self._turn(),
                tool_call_id=call.id,
                status="failed" if status == "failed" else "cancelled" if status == "cancelled" else "completed",
                name=call.name,
                title=_title(call),
                kind=_KINDS.get(call.name.lower(), "other"),
                raw_input=call.arguments,
                result=content,
            )
        )


def tool_call(id: str, name: str, arguments: object) -> ToolCall:
    """A call as it was made; arguments that are no object are kept as text."""
    if isinstance(arguments, str):
        try:
            parsed: object = json.loads(arguments)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            return ToolCall(id=id, name=name, arguments={"input": arguments})
        return ToolCall(id=id, name=name, arguments=as_object(cast("object", parsed)))
    return ToolCall(id=id, name=name, arguments=as_object(arguments))


def picture(source: JsonObject) -> Image | None:
    """A picture whose bytes are there: Anthropic's `source`, or OpenAI's data URL under `url`."""
    url = str(source.get("url") or "")
    head, comma, data = url.partition(",")
    if comma and head.startswith("data:image/") and head.endswith(";base64"):
        return Image(data=data, mime_type=head[5:-7])
    if source.get("type") == "base64" and str(source.get("media_type") or "").startswith("image/"):
        return Image(data=str(source.get("data") or ""), mime_type=str(source["media_type"]))
    return None


def texts(content: object, *kinds: str) -> list[Text]:
    """The text blocks of a content that is a string or a list."""
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    blocks = (as_object(block) for block in as_list(content))
    return [Text(text=str(b["text"])) for b in blocks if b.get("type") in kinds and b.get("text")]


def _title(call: ToolCall) -> str:
    for key in ("command", "cmd", "file_path", "path", "pattern", "query", "url", "description", "input"):
        value = call.arguments.get(key)
        text = value if isinstance(value, str) else " ".join(map(str, as_list(value)))
        if text.strip():
            line = text.strip().splitlines()[0]
            return f"{call.name}: {line if len(line) <= 100 else line[:99] + '…'}"
    return call.name
