"""A call on its way. It runs in a task of its own; what it has to ask waits until whoever made it has answered.

The two generations of the protocol ask differently: in the older one the server asks while the call runs, in the newer one
the call answers with the question, and the client makes it again with the user's answer. Both read the same from here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import uuid4

from cass.errors import CassError
from cass.protocol.asking import ElicitationResult
from cass.protocol.wire import JsonObject

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A question to the user: a flat JSON Schema object of fields."""

    message: str
    schema: JsonObject
    answer: asyncio.Future[ElicitationResult]


@dataclass(frozen=True)
class Content:
    """How a call ended: blocks of the protocol, as JSON. `data` are the fields that programs read."""

    blocks: tuple[JsonObject, ...]
    is_error: bool = False
    data: JsonObject | None = None


@dataclass(frozen=True)
class Said:
    """A word about how far it is."""

    text: str


Work = Callable[[], Awaitable[Content]]


@dataclass
class Call:
    """One call. `can_ask`: whether its maker can put questions to a person."""

    can_ask: bool
    name: str = ""
    arguments: JsonObject = field(default_factory=dict[str, object])
    id: str = field(default_factory=lambda: uuid4().hex)
    _out: asyncio.Queue[Asked | Said | Content] = field(
        default_factory=lambda: asyncio.Queue[Asked | Said | Content]()
    )
    _task: asyncio.Task[None] | None = None
    _asked: Asked | None = None

    def begin(self, work: Work) -> None:
        """Run it; whatever it starts knows that it is part of this call."""

        async def run() -> None:
            CURRENT.set(self)
            try:
                self._out.put_nowait(await work())
            except CassError as error:
                self._out.put_nowait(_failed(str(error)))
            except Exception as error:
                log.exception("the tool %s failed", self.name)
                self._out.put_nowait(_failed(f"{self.name} failed inside cass: {type(error).__name__}"))

        self._task = asyncio.get_running_loop().create_task(run())

    async def next(self) -> Asked | Said | Content:
        """What comes next of it."""
        return await self._out.get()

    def say(self, text: str) -> None:
        """Tell its maker how far it is; the queue is bounded, for words may be left out."""
        if self._out.qsize() < 100:
            self._out.put_nowait(Said(text))

    async def ask(self, message: str, schema: JsonObject) -> ElicitationResult:
        """Put a question to its maker's user."""
        if not self.can_ask:
            return ElicitationResult(action="cancel")
        self._asked = Asked(message, schema, asyncio.get_running_loop().create_future())
        self._out.put_nowait(self._asked)
        return await self._asked.answer

    def answer(self, result: ElicitationResult) -> None:
        """The answer to the question that was put last."""
        if self._asked is not None and not self._asked.answer.done():
            self._asked.answer.set_result(result)

    async def cancel(self) -> None:
        """End it, and wait a moment until it has ended."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=3.0)


def _failed(text: str) -> Content:
    return Content(({"type": "text", "text": text},), is_error=True)


CURRENT: ContextVar[Call | None] = ContextVar("the call that this is part of", default=None)
"""Questions and progress go to whoever made the call that they come from, however many run at once."""


class Waiting:
    """Calls that wait for their maker to come back with an answer: few, and not for ever."""

    MOST = 32
    SECONDS = 600.0

    def __init__(self) -> None:
        self._calls: dict[str, tuple[Call, asyncio.TimerHandle]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def keep(self, call: Call) -> None:
        """Until it is taken; where there are too many, the oldest one ends."""
        if len(self._calls) >= self.MOST:
            self._end(next(iter(self._calls)))
        loop = asyncio.get_running_loop()
        self._calls[call.id] = call, loop.call_later(self.SECONDS, self._end, call.id)

    def take(self, id: str) -> Call | None:
        """The call; None when it is over."""
        call, timer = self._calls.pop(id, (None, None))
        if timer is not None:
            timer.cancel()
        return call

    async def close(self) -> None:
        """End them all."""
        for id in list(self._calls):
            self._end(id)
        if self._ending:
            await asyncio.wait(self._ending, timeout=5.0)

    def _end(self, id: str) -> None:
        if (call := self.take(id)) is not None:
            task = asyncio.get_running_loop().create_task(call.cancel())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
