"""The conversation as the model is sent it, folded from events; and which of them count.

Going back and giving back what a compaction left out never change the journal: they are events, too, and say that
others do not count any more. What counts is decided first, in one look over the journal; then it is folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from cass.agent.compact import shortened
from cass.protocol.events import (
    AgentMessage,
    CompactionUpdate,
    Event,
    HistoryCleared,
    PlanEntry,
    PlanUpdate,
    PromptDropped,
    PromptQueued,
    Rewound,
    SummaryEdited,
    ToolCallUpdate,
    Uncompacted,
    UserMessage,
)
from cass.protocol.messages import Message, Text, ToolCall, ToolResult

_INTERRUPTED = "This call was interrupted before it ended; whether it had an effect is not known."
_UNBEGUN = "This call did not run: the turn ended before it was begun or approved."
_ENDED = ("completed", "failed", "cancelled")


@dataclass
class History:
    """`messages` is what the model is sent. `open_calls` are tool calls without an answer yet, `started` those of them
    that began to run; `used` is the size of the last request and its answer in tokens, 0 when it was not reported
    since the conversation last became another one. `compaction` is the latest that counts; `said` are the user's own
    messages and `answers` the number of the model's, also of those that are not among the messages any more."""

    messages: list[Message] = field(default_factory=list[Message])
    open_calls: dict[str, ToolCall] = field(default_factory=dict[str, ToolCall])
    started: set[str] = field(default_factory=set[str])
    plan: tuple[PlanEntry, ...] = ()
    used: int = 0
    compaction: CompactionUpdate | None = None
    said: list[Message] = field(default_factory=list[Message])
    answers: int = 0

    def fold(self, event: Event) -> None:
        """Take in one event that counts."""
        match event:
            case UserMessage():
                self.messages.append(Message(role="user", content=event.content))
                if event.source == "user":
                    self.said.append(self.messages[-1])
            case AgentMessage():
                self._answer(event)
            case ToolCallUpdate() if event.status == "in_progress":
                self.started.add(event.tool_call_id)
            case ToolCallUpdate() if event.status in _ENDED:
                self._result(event)
            case PlanUpdate():
                self.plan = event.entries
            case HistoryCleared():
                self.__init__()
            case CompactionUpdate() if event.status == "completed":
                self.compaction, self.used = event, 0
                self.messages = compacted(self.messages, event)
            case SummaryEdited() if self.compaction and self.compaction.compaction_id == event.compaction_id:
                self.messages[: len(self.compaction.kept)] = event.kept
                self.compaction = self.compaction.model_copy(update={"summary": event.summary, "kept": event.kept})
                self.used = 0
            case _:
                pass

    def interrupted_calls(self, turn_id: str | None) -> list[ToolCallUpdate]:
        """The answers that open calls get when nobody else will give one: the history must have one for each."""
        return [
            ToolCallUpdate(
                tool_call_id=id,
                status="cancelled",
                result=(Text(text=_INTERRUPTED if id in self.started else _UNBEGUN),),
                turn_id=turn_id,
            )
            for id in self.open_calls
        ]

    def _answer(self, event: AgentMessage) -> None:
        calls = () if event.interrupted else tuple(b for b in event.content if isinstance(b, ToolCall))
        content = tuple(b for b in event.content if not isinstance(b, ToolCall)) + calls
        if content:
            self.messages.append(Message(role="assistant", content=content))
            self.answers += not event.planned
        for call in calls:
            self.open_calls[call.id] = call
        if event.usage:
            self.used = event.usage.input + event.usage.output

    def _result(self, event: ToolCallUpdate) -> None:
        self.started.discard(event.tool_call_id)
        if self.open_calls.pop(event.tool_call_id, None) is None:
            return
        content = event.result or (Text(text="(no output)"),)
        result = ToolResult(call_id=event.tool_call_id, content=content, is_error=event.status != "completed")
        self.messages.append(Message(role="tool", content=(result,)))


def compacted(messages: Iterable[Message], event: CompactionUpdate) -> list[Message]:
    """The conversation after a compaction."""
    shorter = [shortened(message, event.folded, event.arguments) for message in messages]
    return [*event.kept, *shorter[event.replaced :]]


def void(events: Iterable[Event]) -> Set[int]:
    """The positions of those events that do not count for the conversation: what was rewound, and compactions that
    were taken back."""
    gone: set[int] = set()
    begun: dict[str, int] = {}
    compactions: dict[str, int] = {}
    rewinds: dict[str, set[int]] = {}
    for position, event in enumerate(events):
        if isinstance(event, CompactionUpdate):
            compactions[event.compaction_id] = position
        elif isinstance(event, Uncompacted) and event.compaction_id in compactions:
            gone.add(compactions[event.compaction_id])
        elif isinstance(event, Rewound) and event.talks:
            if event.undoes is not None:
                gone -= rewinds.pop(event.undoes, set())
            elif event.turn_id in begun:
                now = set(range(begun[event.turn_id], position)) - gone
                rewinds[event.rewind_id] = now
                gone |= now
        if event.turn_id and not isinstance(event, Rewound | PromptQueued | PromptDropped):  # those come before it
            begun.setdefault(event.turn_id, position)
    return gone


def decides(event: Event) -> bool:
    """Whether this event changes what counts before it."""
    return isinstance(event, Uncompacted | Rewound)
