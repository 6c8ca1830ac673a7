"""Keeps what was encoded once, so that a step costs what is new in it and not the whole history."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from cass.llm.tokens import NOTHING, Size
from cass.protocol.messages import Message

MAX_ENTRIES = 8_000
MAX_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True)
class Encoded:
    """JSON of one entry: `body` goes where the entry stands, `after` behind the run of tool results that it is in.
    Both are comma-separated JSON values, or empty."""

    body: bytes
    after: bytes = b""
    size: Size = NOTHING


@dataclass(frozen=True)
class Written:
    """The beginning of a conversation: messages, the JSON values that they became, and their size."""

    messages: tuple[Message, ...] = ()
    parts: list[bytes] = field(default_factory=list[bytes])
    size: Size = NOTHING


class EncodedCache:
    """Encoded forms by the identity of a frozen value and the style it was written in; the least lately used ones
    are forgotten beyond MAX_ENTRIES or MAX_BYTES. `begun` holds what `conversation` remembers, by style and the
    identity of the first message."""

    def __init__(self) -> None:
        self.begun: dict[tuple[int, int], Written] = {}
        self._entries: OrderedDict[tuple[int, object], tuple[object, Encoded]] = OrderedDict()
        self._bytes = 0
        self._styles: dict[object, int] = {}

    def style(self, style: object) -> int:
        """A short name of a style, for `get`: a long conversation looks up hundreds of entries in one style."""
        return self._styles.setdefault(style, len(self._styles))

    def get(self, value: object, style: object, encode: Callable[[], Encoded]) -> Encoded:
        """The encoded form, made by `encode` when it is not at hand."""
        key = (id(value), style)
        entry = self._entries.get(key)
        if entry is not None and entry[0] is value:
            self._entries.move_to_end(key)
            return entry[1]
        encoded = encode()
        self._entries[key] = (value, encoded)
        self._bytes += len(encoded.body) + len(encoded.after)
        while self._entries and (len(self._entries) > MAX_ENTRIES or self._bytes > MAX_BYTES):
            _, (_, old) = self._entries.popitem(last=False)
            self._bytes -= len(old.body) + len(old.after)
        return encoded
