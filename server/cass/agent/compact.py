"""What of a conversation is left out when it grows too long for the model's window. Only decides; pure functions.

Cheap steps first: results of calls that lie behind are folded to a line, from which the model can have them back. If
that is not enough, all that lies behind is replaced by notes. The end of the conversation stays as it is, and it is
never cut between a call and its answer; only a result that alone is too big for the window is shortened in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cass.protocol.messages import Image, Message, Text, ToolCall, ToolResult

FOLD_LEAST = 400
"""Characters: a shorter result is left as it is, a line for it would save nothing."""

RECENT = 0.25
"""The part of the room, or of a shorter conversation, that its end keeps for itself."""

ENOUGH = 0.5
"""Folding alone is enough when what is left fills no more than this part of the room."""

_FOLDED = "[Left out: "
_EXCERPT_LEAST = 300

Count = Callable[[Message], int]
"""About how many tokens a message is."""


@dataclass(frozen=True)
class Room:
    """Tokens: `whole` is what a request may be at most, `fixed` what system prompt and tools take of it."""

    whole: int
    fixed: int

    @property
    def free(self) -> int:
        """What is left for the conversation."""
        return max(0, self.whole - self.fixed)


@dataclass(frozen=True)
class Plan:
    """`folded` maps a call's id to what stands for its result; then the first `cut` messages are replaced by notes."""

    folded: dict[str, str]
    cut: int = 0

    def __bool__(self) -> bool:
        return bool(self.folded or self.cut)


def plan(messages: Sequence[Message], count: Count, room: Room, *, thorough: bool = False) -> Plan:
    """What to leave out so that the conversation fits the room. `thorough`: with notes in any case. Empty where there
    is nothing to leave out."""
    keeps = min(room.free, sum(map(count, messages))) if thorough else room.free
    recent = _recent(messages, count, int(keeps * RECENT))
    folded = {
        block.call_id: folded_line(block)
        for message in messages[:recent]
        for block in message.content
        if isinstance(block, ToolResult) and is_foldable(block)
    }
    left = sum(count(_with(message, folded)) for message in messages)
    saves = sum(map(count, messages)) - left
    if not thorough and left <= room.free * ENOUGH and saves >= room.free * 0.1:
        return Plan(folded)
    ending = {**_shortened(messages[recent:], count, int(room.free * ENOUGH))}
    return Plan({**folded, **ending}, recent)


def is_foldable(result: ToolResult) -> bool:
    """Whether folding this result saves anything."""
    return len(result.text) > FOLD_LEAST or any(isinstance(block, Image) for block in result.content)


def folded_line(result: ToolResult) -> str:
    """What stands for a result that was folded."""
    lines = result.text.count("\n") + 1
    return f"{_FOLDED}{len(result.text):,} characters, {lines:,} lines. read_result {result.call_id} has them.]"


def is_folded(text: str) -> bool:
    """Whether this is such a line."""
    return text.startswith(_FOLDED)


def _recent(messages: Sequence[Message], count: Count, room: int) -> int:
    """Where the end of the conversation begins: the last step in any case, and as many before it as fit. A step is
    what the user said, or an answer of the model with all that its calls gave."""
    begin = len(messages)
    for start in reversed(_steps(messages)):
        room -= sum(map(count, messages[start:begin]))
        if room < 0 and begin < len(messages):
            break
        begin = start
    return begin


def _steps(messages: Sequence[Message]) -> list[int]:
    """Where the conversation may be cut: not between a call and its answer, nor where calls are still open."""
    starts: list[int] = []
    waiting: set[str] = set()
    for at, message in enumerate(messages):
        if message.role != "tool" and not waiting:
            starts.append(at)
        waiting |= {block.id for block in message.content if isinstance(block, ToolCall)}
        waiting -= {block.call_id for block in message.content if isinstance(block, ToolResult)}
    return starts


def _shortened(messages: Sequence[Message], count: Count, room: int) -> dict[str, str]:
    """Beginning and end of those results in the last step that do not fit the room, the longest first."""
    over = sum(map(count, messages)) - room
    results = [b for m in messages for b in m.content if isinstance(b, ToolResult) and is_foldable(b)]
    shorter: dict[str, str] = {}
    for result in sorted(results, key=lambda r: len(r.text), reverse=True):
        if over <= 0:
            break
        tokens = count(Message(role="tool", content=(result,)))
        wanted = max(0, tokens - over)
        kept = max(_EXCERPT_LEAST, int(len(result.text) * wanted / max(1, tokens)))
        shorter[result.call_id] = excerpt(result, kept)
        over -= tokens - count(Message(role="tool", content=(_text(result, shorter[result.call_id]),)))
    return shorter


def excerpt(result: ToolResult, characters: int) -> str:
    """Beginning and end of a result, and how to have the rest."""
    text = result.text
    half = characters // 2
    left_out = len(text) - 2 * half
    if left_out <= 0:
        return text
    return (
        f"{text[:half]}\n{_FOLDED}{left_out:,} characters. read_result {result.call_id} has them.]\n{text[-half:]}"
    )


def _with(message: Message, folded: dict[str, str]) -> Message:
    blocks = tuple(
        _text(block, folded[block.call_id]) if isinstance(block, ToolResult) and block.call_id in folded else block
        for block in message.content
    )
    return message if blocks == message.content else Message(role=message.role, content=blocks)


def _text(result: ToolResult, text: str) -> ToolResult:
    return result.model_copy(update={"content": (Text(text=text),)})
