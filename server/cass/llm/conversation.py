"""Writes a conversation as JSON values, and remembers what it wrote: a step costs what is new in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cass.llm.encoded import Encoded, EncodedCache, Written
from cass.llm.sequence import valid_sequence
from cass.llm.tokens import NOTHING, Size
from cass.protocol.messages import Message

MAX_CONVERSATIONS = 8

OPEN = 8
"""Messages at the end that are written anew each time: they may still be continued, or are to be marked."""

Encode = Callable[[Message], Encoded]


def begin(
    messages: Sequence[Message], style: int, cache: EncodedCache, encode: Encode
) -> tuple[Written, list[Message]]:
    """What is written for good, and the messages behind it, made valid. Both together are the conversation."""
    if len(messages) <= OPEN:
        return Written(), valid_sequence(messages)
    key = (style, id(messages[0]))
    known = cache.begun.pop(key, Written())
    count = len(known.messages)
    if known.messages != tuple(messages[:count]):  # fast, for they are the same objects
        known, count = Written(), 0
    settled = _settled(messages, count)
    if settled > count:
        parts, size = write(valid_sequence(messages[count:settled]), encode)
        known = Written(tuple(messages[:settled]), [*known.parts, *parts], known.size + size)
    cache.begun[key] = known  # the latest one stands last
    while len(cache.begun) > MAX_CONVERSATIONS:
        del cache.begun[next(iter(cache.begun))]
    return known, valid_sequence(messages[settled:])


def write(messages: Sequence[Message], encode: Encode) -> tuple[list[bytes], Size]:
    """Valid messages as JSON values, with their size. What belongs behind a run of tool results stands there."""
    parts: list[bytes] = []
    after: list[bytes] = []
    size = NOTHING
    for message in messages:
        if after and message.role != "tool":
            parts += after
            after = []
        encoded = encode(message)
        if encoded.body:
            parts.append(encoded.body)
        if encoded.after:
            after.append(encoded.after)
        size += encoded.size
    return [*parts, *after], size


def array(name: str, values: Sequence[bytes]) -> list[bytes]:
    """The last field of an object, and the object's end, as pieces to be joined by commas: a long conversation is
    copied once, not once for each pair of brackets around it."""
    start = f'"{name}":['.encode()
    if not values:
        return [start + b"]}"]
    if len(values) == 1:
        return [start + values[0] + b"]}"]
    return [start + values[0], *values[1:-1], values[-1] + b"]}"]


def _settled(messages: Sequence[Message], least: int) -> int:
    """How many messages from the beginning no later one can change the writing of: all before the last one that is no
    tool result, the open end aside. At least two of those that follow are no answers of the model."""
    for position in range(len(messages) - OPEN, least, -1):
        if messages[position].role != "tool":
            said = sum(message.role != "assistant" for message in messages[position:])
            return position if said >= 2 else least
    return least
