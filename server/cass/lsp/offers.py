"""What was offered at a cursor, kept: who types on as offered is shown the rest without a model being asked."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

_SEEN = 1_000


@dataclass(frozen=True)
class Spot:
    """A cursor in a document: how many characters stand before it, and what stands around it."""

    uri: str
    offset: int
    prefix: str
    suffix: str


class Offers:
    """The last offers. An empty one is remembered, too: at that very spot there was nothing to say."""

    def __init__(self, most: int = 100) -> None:
        self._kept: deque[tuple[Spot, str]] = deque(maxlen=most)

    def put(self, spot: Spot, text: str) -> None:
        """Remember what was offered at a spot."""
        self._kept.append((_short(spot), text))

    def find(self, spot: Spot) -> str | None:
        """What is left of an offer; None when nothing is known of this spot."""
        here = _short(spot)
        for there, text in reversed(self._kept):
            typed = here.offset - there.offset
            if (there.uri, there.suffix) != (here.uri, here.suffix) or not 0 <= typed < max(1, len(text)):
                continue
            if (there.prefix + text[:typed]).endswith(here.prefix):
                return text[typed:]
        return None

    def forget(self) -> None:
        """Begin anew."""
        self._kept.clear()


def _short(spot: Spot) -> Spot:
    return replace(spot, prefix=spot.prefix[-_SEEN:], suffix=spot.suffix[:_SEEN])
