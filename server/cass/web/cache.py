"""Keeps what was read for a while, in memory only, within a bound."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """The newest things, `room` characters of them together; what is older than `seconds` counts as gone."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._used = 0
        self._kept: OrderedDict[str, tuple[float, int, T]] = OrderedDict()

    def get(self, key: str, seconds: float) -> T | None:
        """What was kept under this key in the last so many seconds."""
        found = self._kept.get(key)
        if found is None or time.monotonic() - found[0] > seconds:
            return None
        self._kept.move_to_end(key)
        return found[2]

    def put(self, key: str, value: T, size: int) -> None:
        """Keep it; what was not asked for longest goes first."""
        old = self._kept.pop(key, None)
        self._used += size - (old[1] if old else 0)
        self._kept[key] = (time.monotonic(), size, value)
        while self._used > self._room and self._kept:
            self._used -= self._kept.popitem(last=False)[1][1]
