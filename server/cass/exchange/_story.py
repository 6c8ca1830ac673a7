"""A session's events as a person reads them: what was said, what was done, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cass.protocol.events import (
    AgentMessage,
    CompactionUpdate,
    DiffContent,
    Event,
    HistoryCleared,
    Notice,
    Rewound,
    StateUpdate,
    ToolCallUpdate,
    Uncompacted,
    UserMessage,
)
from cass.protocol.messages import EmbeddedText, Image, Resource, ResourceLink, Text, Thinking
from cass.protocol.wire import JsonObject

_ENDED = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Said:
    """Words: of the user (`who` is `user`) or the model."""

    who: str
    text: str
    thinking: str = ""
    images: tuple[Image, ...] = ()
    files: tuple[EmbeddedText, ...] = ()
    interrupted: bool = False


@dataclass(frozen=True)
class Did:
    """A tool call with its end."""

    title: str
    name: str
    status: str
    arguments: JsonObject
    result: str
    diffs: tuple[DiffContent, ...] = ()


@dataclass(frozen=True)
class Happened:
    """Something about the session itself, in a line."""

    text: str


Entry = Said | Did | Happened


def entries(events: Iterable[Event]) -> Iterator[Entry]:
    """The story, one entry at a time."""
    begun: dict[str, ToolCallUpdate] = {}
    for event in events:
        match event:
            case UserMessage() if event.source == "user":
                yield _said(event)
            case AgentMessage():
                words = "".join(b.text for b in event.content if isinstance(b, Text))
                thought = "\n\n".join(b.text for b in event.content if isinstance(b, Thinking) and b.text)
                if words.strip() or thought or event.interrupted:
                    yield Said("model", words, thought, interrupted=event.interrupted)
            case ToolCallUpdate() if event.status in _ENDED:
                yield _did(event, begun.pop(event.tool_call_id, None))
            case ToolCallUpdate():
                begun[event.tool_call_id] = event
            case _:
                if text := _happened(event):
                    yield Happened(text)


def _said(event: UserMessage) -> Said:
    words = [b.text for b in event.content if isinstance(b, Text)]
    words += [f"[{b.name or b.uri}]({b.uri})" for b in event.content if isinstance(b, ResourceLink)]
    images = tuple(b for b in event.content if isinstance(b, Image))
    files = tuple(b.resource for b in event.content if isinstance(b, Resource))
    return Said("user", "\n\n".join(words), images=images, files=files)


def _did(event: ToolCallUpdate, begun: ToolCallUpdate | None) -> Did:
    name = event.name or (begun.name if begun else None) or "tool"
    title = event.title or (begun.title if begun else None) or name
    arguments = event.raw_input or (begun.raw_input if begun else None) or {}
    content = event.content or (begun.content if begun else None) or ()
    result = "\n".join(b.text if isinstance(b, Text) else "(a picture)" for b in event.result or ())
    diffs = tuple(part for part in content if isinstance(part, DiffContent))
    return Did(title, name, event.status, arguments, result, diffs)


def _happened(event: Event) -> str:
    match event:
        case StateUpdate() if event.error:
            return f"The turn failed: {event.error.message}"
        case StateUpdate() if event.stop_reason not in (None, "end_turn"):
            return f"The turn ended early: {event.stop_reason}."
        case HistoryCleared():
            return "The model began with an empty conversation here."
        case CompactionUpdate():
            return f"The conversation was made shorter here.\n\n{event.summary or ''}".strip()
        case Uncompacted():
            return "What was left out of the conversation was put back here."
        case Rewound():
            return f"The session went back here, to before the turn {event.turn_id} ({event.scope})."
        case Notice():
            return event.text
        case _:
            return ""
