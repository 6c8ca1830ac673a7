"""Places to work at: so many at one time, the others wait in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from cass.errors import ToolError


@dataclass(eq=False)
class Place:
    """One who works, or waits for that, the `number`th of all. `lent` counts those of its own that it waits for: meanwhile its place is
    another's, so that all who wait for each other come to an end."""

    number: int = 0
    ready: asyncio.Future[None] | None = None
    lent: int = 0


@dataclass
class Slots:
    """`most` is asked each time."""

    most: Callable[[], int]
    _taken: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])

    @property
    def free(self) -> bool:
        """Whether one may begin now."""
        return self._taken < self.most() and not self._waiting

    @contextlib.asynccontextmanager
    async def taken(self, place: Place, above: Place | None) -> AsyncGenerator[None]:
        """Work meanwhile, once there is room; `above` waits for this one. ToolError where the waiting was ended by
        `give_up`."""
        if above is not None:
            above.lent += 1
            if above.lent == 1:
                self._leave()
        try:
            await self._enter(place)
            try:
                yield
            finally:
                if not place.lent:
                    self._leave()
        except BaseException:
            await self._back(above, at_once=True)
            raise
        await self._back(above, at_once=False)

    def give_up(self, place: Place) -> None:
        """It waits no more."""
        if place.ready is not None and not place.ready.done():
            place.ready.set_exception(ToolError("It was stopped before it began."))

    async def _back(self, above: Place | None, *, at_once: bool) -> None:
        """One of those that it waits for is done. After the last it works on, before all who have not begun."""
        if above is None:
            return
        above.lent -= 1
        if above.lent:
            return
        if at_once:
            self._taken += 1
            return
        try:
            await self._enter(above, first=True)
        except BaseException:
            self._taken += 1  # it gives its place back like any other
            raise

    async def _enter(self, place: Place, *, first: bool = False) -> None:
        if self.free or (first and self._taken < self.most()):
            self._taken += 1
            return
        place.ready = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(place.ready)
        else:
            self._waiting.append(place.ready)
        try:
            await place.ready
        except BaseException:
            if place.ready.done() and not place.ready.cancelled() and place.ready.exception() is None:
                self._leave()  # it was given a place and cancelled in the same moment
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(place.ready)

    def _leave(self) -> None:
        self._taken -= 1
        while self._waiting and self._taken < self.most():
            ready = self._waiting.popleft()
            if not ready.done():
                self._taken += 1
                ready.set_result(None)
