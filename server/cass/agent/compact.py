"""What of a conversation is left out when it grows too long for the model's window. Only decides; pure functions.

Cheap steps first: results of calls that lie behind, and long texts in their arguments, are folded to a line, from
which the model can have them back. If that is not enough, all that lies behind is replaced by notes. The end of the
conversation stays as it is, and it is never cut between a call and its answer; only a result, or a call's arguments,
that alone are too big for the window are shortened in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cass.protocol.messages import Block, Image, Message, Text, ToolCall, ToolResult
from cass.protocol.wire import JsonObject, as_list, as_object

FOLD_LEAST = 400
"""Characters: a shorter result is left as it is, a line for it would save nothing."""

RECENT = 0.25
"""The part of the room, or of a shorter conversation, that its end keeps for itself."""

ENOUGH = 0.5
"""Folding alone is enough when what is left fills no more than this part of the room."""

ARGUMENTS = "arguments-"
"""With a call's id behind it, this names its arguments for `read_result`."""

LARGEST = 0.8
"""The part of the room that what the user said last may take as it is."""

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
    """`folded` maps a call's id to what stands for its result, `arguments` to what stands for its arguments; then the
    first `cut` messages are replaced by notes."""

    folded: dict[str, str]
    cut: int = 0
    arguments: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])

    def __bool__(self) -> bool:
        return bool(self.folded or self.cut or self.arguments)


def plan(messages: Sequence[Message], count: Count, room: Room, *, thorough: bool = False) -> Plan:
    """What to leave out so that the conversation fits the room. `thorough`: with notes in any case. Empty where there
    is nothing to leave out."""
    keeps = min(room.free, sum(map(count, messages))) if thorough else room.free
    recent = _recent(messages, count, int(keeps * RECENT), int(room.free * LARGEST))
    behind = [block for message in messages[:recent] for block in message.content]
    folded = {b.call_id: folded_line(b) for b in behind if isinstance(b, ToolResult) and is_foldable(b)}
    arguments = {b.id: folded_arguments(b) for b in behind if isinstance(b, ToolCall) and long_texts(b)}
    earlier = sum(count(shortened(message, folded, arguments)) for message in messages[:recent])
    end = sum(map(count, messages[recent:]))
    enough = int(room.free * ENOUGH)
    saves = sum(map(count, messages)) - earlier - end
    if not thorough and earlier + end <= enough and saves >= room.free * 0.1:
        return Plan(folded, 0, arguments)
    if not thorough and end > enough and earlier <= room.free * RECENT:  # only the last step is too big
        shorter, texts = _shortened(messages[recent:], count, int((enough - earlier) * 0.9))
        if earlier + sum(count(shortened(message, shorter, texts)) for message in messages[recent:]) <= enough:
            return Plan({**folded, **shorter}, 0, {**arguments, **texts})
    shorter, texts = _shortened(messages[recent:], count, enough)
    return Plan({**folded, **shorter}, recent, {**arguments, **texts})


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


def _recent(messages: Sequence[Message], count: Count, room: int, free: int) -> int:
    """Where the end of the conversation begins: the last step in any case, and as many before it as fit. A step is
    what the user said, or an answer of the model with all that its calls gave. Words of the user's that alone are too
    much for `free` are no such end: the notes have beginning and end of them."""
    begin = len(messages)
    if messages and messages[-1].role == "user" and count(messages[-1]) > free > 0:
        return begin
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


def _shortened(
    messages: Sequence[Message], count: Count, room: int
) -> tuple[dict[str, str], dict[str, JsonObject]]:
    """Beginning and end of those results and arguments in the last step that do not fit the room, the longest first."""
    over = sum(map(count, messages)) - room
    found = [b for m in messages for b in m.content if isinstance(b, ToolResult | ToolCall)]
    results: dict[str, str] = {}
    arguments: dict[str, JsonObject] = {}
    for block in sorted(found, key=_length, reverse=True):
        length = _length(block)
        if over <= 0 or length <= FOLD_LEAST:
            break
        role = "tool" if isinstance(block, ToolResult) else "assistant"
        alone = Message(role=role, content=(block,))
        tokens = count(alone)
        kept = max(_EXCERPT_LEAST, int(length * max(0, tokens - over) / max(1, tokens)))
        if isinstance(block, ToolResult):
            results[block.call_id] = excerpt(block, kept)
        else:
            arguments[block.id] = folded_arguments(block, min(0.9, kept / length))
        over -= tokens - count(shortened(alone, results, arguments))
    return results, arguments


def _length(block: ToolResult | ToolCall) -> int:
    """Characters of what could be shortened in a block. A picture is longer than any line for it."""
    if isinstance(block, ToolCall):
        return sum(map(len, long_texts(block)))
    pictures = sum(isinstance(part, Image) for part in block.content)
    return len(block.text) + pictures * 2 * FOLD_LEAST


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


def long_texts(call: ToolCall) -> list[str]:
    """The texts in a call's arguments that are long enough to be folded."""
    return [text for text in _texts(call.arguments) if len(text) > FOLD_LEAST]


def folded_arguments(call: ToolCall, part: float = 0.0) -> JsonObject:
    """The arguments of a call with a line for each long text in them; `part` of it, 0 to 1, stays around the line."""

    def shorter(value: object) -> object:
        if isinstance(value, str) and len(value) > FOLD_LEAST:
            half = int(len(value) * part) // 2
            left_out = f"{len(value) - 2 * half:,} characters"
            note = f"{_FOLDED}{left_out}. read_result {ARGUMENTS}{call.id} has them.]"
            return f"{value[:half]}\n{note}\n{value[-half:]}" if half else note
        if parts := as_list(value):
            return [shorter(part) for part in parts]
        if members := as_object(value):
            return {key: shorter(member) for key, member in members.items()}
        return value

    return {key: shorter(value) for key, value in call.arguments.items()}


def original(call: ToolCall) -> str:
    """What was left out of a call's arguments: the long text itself where there is one, else all of them as JSON."""
    long = long_texts(call)
    return long[0] if len(long) == 1 else json.dumps(call.arguments, ensure_ascii=False, indent=1)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in (*as_list(value), *as_object(value).values()):
        yield from _texts(part)


def shortened(message: Message, results: Mapping[str, str], arguments: Mapping[str, JsonObject]) -> Message:
    """A message with what stands for the results and the arguments of some calls."""

    def shorter(block: Block) -> Block:
        if isinstance(block, ToolResult) and block.call_id in results:
            return block.model_copy(update={"content": (Text(text=results[block.call_id]),)})
        if isinstance(block, ToolCall) and block.id in arguments:
            return block.model_copy(update={"arguments": arguments[block.id]})
        return block

    blocks = tuple(map(shorter, message.content))
    return message if blocks == message.content else message.model_copy(update={"content": blocks})
