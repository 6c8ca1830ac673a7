"""What time it is, and waiting for a time, though clocks are set and machines sleep meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

LONGEST_WAIT = 30.0
"""Seconds after which the clock is looked at again: so soon it is seen that it was set, or that the machine slept."""
_POLL = 0.01


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        ...

    async def wait(self, until: datetime | None, poke: asyncio.Event) -> None:
        """Until it is that late, or somebody pokes, or it is time to look at the clock again."""
        ...


class SystemClock:
    """The machine's."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)

    async def wait(self, until: datetime | None, poke: asyncio.Event) -> None:
        """At most half a minute, exactly as long as is needed where that is less."""
        left = LONGEST_WAIT if until is None else (until - self.now()).total_seconds()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(left, LONGEST_WAIT))):
                await poke.wait()


def of(environ: Mapping[str, str]) -> Clock:
    """The machine's clock, or the file that `CASS_CLOCK` names."""
    path = environ.get("CASS_CLOCK")
    return FileClock(Path(path)) if path else SystemClock()


class FileClock:
    """A clock for trying things out: the moment that stands in a file (ISO 8601 with its offset), and nothing else. It goes
    on when the file is replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = datetime.fromtimestamp(0, UTC)

    def now(self) -> datetime:
        """What the file says; while it is being written, what it said last."""
        with contextlib.suppress(OSError, ValueError):
            found = datetime.fromisoformat(self._path.read_text("ascii").strip())
            self._last = found.astimezone(UTC)
        return self._last

    async def wait(self, until: datetime | None, poke: asyncio.Event) -> None:
        """Until the file says something else, or somebody pokes."""
        before = self._last
        while not poke.is_set() and self.now() == before and (until is None or until > before):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await poke.wait()
