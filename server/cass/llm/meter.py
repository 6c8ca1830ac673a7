"""Measures requests: what the endpoint counted is taken as it is, only what is new since is estimated. Each count
teaches how this model counts each kind of text, and shows when a server read less than it was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cass.llm.tokens import UNKNOWN, Rates, Size, learned
from cass.ports import ModelRequest, ToolSpec
from cass.protocol.messages import Message

MAX_ANCHORS = 16
"""Conversations of which the last count is kept."""

LEAST = 100.0
"""Tokens: from something smaller nothing is learned."""

FIRST_TRUST, LATER_TRUST = 0.9, 0.4
"""How much of a difference is believed: for the first counts of a conversation, and after."""

_FEW = 4

TRUNCATED_BELOW = 0.6
"""A whole prompt that is counted smaller than this part of its estimate was cut by the server."""

GROWTH_BELOW = 0.35
"""So was one that grew by less than this part of what was put behind it."""

_NOTICEABLE = 250.0
_MANY = 1_500.0


@dataclass(frozen=True)
class Anchor:
    """A request that was counted."""

    system: str
    tools: Sequence[ToolSpec]
    messages: tuple[Message, ...]
    size: Size
    counted: int
    seen: int

    def begins(self, request: ModelRequest) -> bool:
        """Whether this request is the beginning of that one."""
        return (
            self.system == request.system
            and len(self.messages) <= len(request.messages)
            and self.messages == tuple(request.messages[: len(self.messages)])
            and tuple(self.tools) == tuple(request.tools)
        )


class Meter:
    """Measures the requests to one model. `rates` gives what is known of it, `learn` keeps what was learned."""

    def __init__(self, rates: Callable[[], Rates], learn: Callable[[Rates], None]) -> None:
        self._rates = rates
        self._learn = learn
        self._anchors: dict[str, Anchor] = {}

    def expect(self, request: ModelRequest, size: Size) -> float:
        """About how many tokens the endpoint will count."""
        anchor = self._anchor(request)
        if anchor is None:
            return size.at(self._rates())
        return anchor.counted + (size - anchor.size).at(self._rates())

    def weigh(self, request: ModelRequest, size: Size, counted: int, *, whole: bool = False) -> bool:
        """Take in what the endpoint counted. True when it read clearly less than it was sent: then nothing is
        learned, for the count is no count of this request. `whole`: this endpoint never cuts."""
        anchor = self._anchor(request)
        if not whole and self._is_cut(anchor, size, counted):
            self._anchors.pop(request.cache_key, None)
            return True
        new = size - anchor.size if anchor else size
        more = counted - anchor.counted if anchor else counted
        seen = anchor.seen + 1 if anchor else 1
        if new.tokens >= LEAST:
            self._learn(learned(self._rates(), new, more, trust=self._trust(seen)))
        self._anchors.pop(request.cache_key, None)
        self._anchors[request.cache_key] = Anchor(
            request.system, request.tools, tuple(request.messages), size, counted, seen
        )
        while len(self._anchors) > MAX_ANCHORS:
            self._anchors.pop(next(iter(self._anchors)))
        return False

    def forget(self) -> None:
        """The endpoint counts otherwise from now on."""
        self._anchors.clear()

    def _is_cut(self, anchor: Anchor | None, size: Size, counted: int) -> bool:
        if anchor is None:
            expected = size.at(self._rates())
            return counted >= 1_000 and counted < expected * TRUNCATED_BELOW and expected - counted > _MANY
        rates = self._rates()
        if anchor.seen < _FEW:  # what was learned of the first request may be the tools' overhead
            rates = Rates(*(min(rate, 1.0) for rate in rates))
        grown = (size - anchor.size).at(rates)
        more = counted - anchor.counted
        if grown >= _NOTICEABLE and _is_round(counted) and more < grown * 0.9:
            return True
        far = counted < (anchor.counted + grown) * 0.93
        return far and counted >= 1_000 and grown >= _NOTICEABLE and more < grown * GROWTH_BELOW

    def _trust(self, seen: int) -> float:
        """How much of a difference is believed. The first request of a conversation says little about its texts, for
        it carries tools in a form that nobody knows; but more than nothing."""
        if seen == 1:
            return FIRST_TRUST if self._rates() == UNKNOWN else 0.3
        return FIRST_TRUST if seen <= _FEW else LATER_TRUST

    def _anchor(self, request: ModelRequest) -> Anchor | None:
        anchor = self._anchors.get(request.cache_key)
        return anchor if anchor and anchor.begins(request) else None


def _is_round(counted: int) -> bool:
    """Whether a count is a window's size: a power of two, or one token less."""
    return any(n >= 2_048 and n & (n - 1) == 0 for n in (counted, counted + 1))
