"""Asks a model and keeps all that it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cass.errors import ModelError
from cass.ports import (
    Completed,
    Model,
    ModelEvent,
    ModelNotice,
    ModelRequest,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolSpec,
)
from cass.protocol.messages import Message, Text, Thinking, ToolCall, ToolResult

READ_FILE = ToolSpec(
    "read_file",
    "Reads a file.",
    {"type": "object", "properties": {"path": {"type": "string"}, "line": {"type": "integer"}}},
)
WRITE_FILE = ToolSpec(
    "write_file", "Writes a file.", {"type": "object", "properties": {"path": {"type": "string"}}}
)


@dataclass
class Heard:
    """Everything that one request gave."""

    events: list[ModelEvent] = field(default_factory=list)
    completed: Completed | None = None
    error: ModelError | None = None

    @property
    def text(self) -> str:
        """The text of the finished answer."""
        assert self.completed is not None, f"no answer, but {self.error!r}"
        return "".join(block.text for block in self.completed.content if isinstance(block, Text))

    @property
    def thinking(self) -> str:
        """The reasoning of the finished answer."""
        assert self.completed is not None, f"no answer, but {self.error!r}"
        return "".join(block.text for block in self.completed.content if isinstance(block, Thinking))

    @property
    def calls(self) -> list[ToolCall]:
        """The tool calls of the finished answer."""
        assert self.completed is not None, f"no answer, but {self.error!r}"
        return [block for block in self.completed.content if isinstance(block, ToolCall)]

    @property
    def shown(self) -> str:
        """The text that was streamed since the last retry."""
        return "".join(e.text for e in self._last_attempt() if isinstance(e, TextDelta))

    @property
    def shown_thinking(self) -> str:
        """The reasoning that was streamed since the last retry."""
        return "".join(e.text for e in self._last_attempt() if isinstance(e, ThinkingDelta))

    @property
    def retries(self) -> list[Retrying]:
        """The retries."""
        return [event for event in self.events if isinstance(event, Retrying)]

    @property
    def notices(self) -> list[str]:
        """The notices."""
        return [event.text for event in self.events if isinstance(event, ModelNotice)]

    def _last_attempt(self) -> list[ModelEvent]:
        last = max((i for i, e in enumerate(self.events) if isinstance(e, Retrying)), default=-1)
        return self.events[last + 1 :]


async def ask(model: Model, request: ModelRequest | str = "hi", tools: Sequence[ToolSpec] = ()) -> Heard:
    """Ask, and wait for the end, good or bad."""
    if isinstance(request, str):
        request = ModelRequest("Be brief.", [user(request)], tools)
    heard = Heard()
    try:
        async for event in model.stream(request):
            assert heard.completed is None, "something came after the finished answer"
            heard.events.append(event)
            if isinstance(event, Completed):
                heard.completed = event
    except ModelError as error:
        heard.error = error
    assert (heard.completed is None) != (heard.error is None), "neither an answer nor an error"
    return heard


def user(text: str) -> Message:
    """A prompt."""
    return Message(role="user", content=(Text(text=text),))


def said(*blocks: Any) -> Message:
    """An earlier answer."""
    return Message(role="assistant", content=tuple(Text(text=b) if isinstance(b, str) else b for b in blocks))


def result(call_id: str, *blocks: Any) -> Message:
    """What a tool gave."""
    content = tuple(Text(text=b) if isinstance(b, str) else b for b in blocks)
    return Message(role="tool", content=(ToolResult(call_id=call_id, content=content),))
