"""One server of one session: started when it is wanted, started again when it crashed, listened to, ended."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cass.errors import ToolError
from cass.mcp import trusted
from cass.mcp.facts import Facts
from cass.mcp.files import Definition
from cass.mcp.hearing import Hearing
from cass.mcp.wiring import Wiring

if TYPE_CHECKING:
    from cass.mcp.connection import Connection
    from cass.process import Talk

State = Literal["waiting", "starting", "ready", "failed", "login", "changed", "off"]

_TRIES = 5
_STEADY_SECONDS = 60.0
"""A server that lived so long and ended is started again as if it were the first time."""

_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_AGAIN_SECONDS = 3.0
"""How long after it failed to start it is not tried again, whoever calls it."""

_CALM = 0.2
"""Seconds after a change is told of until it is looked at: they come in bursts."""

_CLOSE_SECONDS = 4.0
_LOG_LINES = 50

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Around:
    """The session around it: what it hears, whether the server may run this moment, who is told that it stands otherwise."""

    hearing: Hearing
    may: Callable[[Definition], bool]
    told: Callable[[Server], None]
    cwd: Path


class Server:
    """Its own task opens and closes the connection; anybody may ask it. What is known of it is there before it runs."""

    def __init__(self, one: Definition, wiring: Wiring, around: Around) -> None:
        self.one = one
        self.problem = ""
        self.log: list[str] = []
        self.kept = wiring.catalog.read(one.key)
        self._wiring = wiring
        self._around = around
        self._state: State = "waiting"
        self._connection: Connection | None = None
        self._talk: Talk | None = None
        self._last_words = ""
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()
        self._failed_at = 0.0
        self._exit: int | None = None

    @property
    def name(self) -> str:
        """As the user calls it."""
        return self.one.name

    @property
    def state(self) -> State:
        """How it stands."""
        return "changed" if self._state == "ready" and self.kept.changed else self._state

    @property
    def is_known(self) -> bool:
        """Whether it was ever reached."""
        return self.kept.facts is not None

    @property
    def is_coming(self) -> bool:
        """Whether it may be there in a moment."""
        return self._state in ("waiting", "starting")

    @property
    def complaints(self) -> str:
        """The last that it wrote to standard error, this time or the last."""
        return (self._talk.complaints if self._talk else "") or self._last_words

    def start(self) -> None:
        """Begin to start it, unless it runs or is off."""
        if self._state != "off" and (self._task is None or self._task.done()):
            self._settled.clear()
            self._stop.clear()
            self._set("starting")
            self._task = asyncio.get_running_loop().create_task(self._live())

    async def connection(self) -> Connection:
        """It, running. Waits for its start, within its limit. ToolError says why it does not run."""
        if not self._around.may(self.one):
            raise ToolError(
                f"The MCP server {self.name} may not run: its folder is not trusted as it is now (/trust)."
            )
        if self._state == "off":
            raise ToolError(f"The MCP server {self.name} is switched off.")
        if self._state not in ("failed", "login") or time.monotonic() - self._failed_at > _AGAIN_SECONDS:
            self.start()
        if self._connection is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.one.config.start_timeout + 5.0):
                    await self._settled.wait()
        if self._connection is None:
            raise ToolError(f"The MCP server {self.name} does not run: {self.problem or 'it is still starting'}.")
        return self._connection

    async def settled(self, seconds: float) -> None:
        """Wait at most so long until it runs or has failed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settled.wait()

    def accept(self) -> None:
        """The user agreed to what it says of its tools now."""
        self.kept = self.kept.accepted()
        self._wiring.catalog.write(self.one.key, self.kept)
        self._tell()

    async def switch(self, *, on: bool) -> None:
        """Switch it off, or on (again): it starts anew."""
        await self.close()
        self._set("waiting" if on else "off")
        if on:
            self.start()

    async def close(self) -> None:
        """End it, with all that it started; one that is only starting at once."""
        self._stop.set()
        if self._task is None or self._task.done():
            return
        if self._connection is None:
            self._task.cancel()
        await asyncio.wait([self._task], timeout=_CLOSE_SECONDS)
        self._task.cancel()
        await asyncio.wait([self._task], timeout=_CLOSE_SECONDS)

    async def _live(self) -> None:
        """Its whole life. Ends when it is stopped, could not be started, or crashed too often."""
        tries, pause = 0, _PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                await self._reached()
            except ToolError as error:
                self._fail("login" if error.kind == "login" else "failed", error.message)
                return
            except Exception as error:
                log.exception("the MCP server %s failed", self.name)
                self._fail("failed", f"cass met a fault of its own: {type(error).__name__}")
                return
            if self._stop.is_set():
                return
            if time.monotonic() - began > _STEADY_SECONDS:
                tries, pause = 0, _PAUSE
            tries += 1
            if tries >= _TRIES:
                self._fail("failed", f"it ended {tries} times; /mcp restart {self.name} tries again")
                return
            self._set("starting", f"it ended{self._how()} and is started again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stop.wait()
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _reached(self) -> None:
        """Run it by the first way that leads to it, until it ends or is stopped. ToolError where none does."""
        known = self.kept.facts or Facts()
        if self.one.config.command is not None:
            try:
                await self._run("stdio", known.era)
            except ToolError as error:
                if error.kind != "closed" or known.era == "legacy":
                    raise
                await self._run("stdio", "legacy")  # it may have ended at a question that it did not know
            return
        wanted = self.one.config.transport
        first = "sse" if wanted == "sse" or (wanted == "auto" and known.transport == "sse") else "http"
        try:
            await self._run(first, known.era)
        except ToolError as error:
            if wanted != "auto" or first == "sse" or error.kind != "tool_error":
                raise
            try:
                await self._run("sse", "legacy")
            except ToolError:
                raise error from None

    async def _run(self, transport: str, era: str) -> None:
        if not self._around.may(self.one):
            raise ToolError("its folder is not trusted as it is now: /trust")
        self._set("starting")
        await asyncio.to_thread(
            importlib.import_module, "cass.mcp.connection"
        )  # half a second, beside everything else
        from cass.mcp import reaching
        from cass.mcp.connection import Ears

        try:
            if transport == "stdio":
                self._talk = await self._started()
            way = reaching.Way(transport, era, self._talk, self._wiring.auth(self.one))
            ears = Ears(self._changed.set, self._logged)
            async with reaching.opened(self.one, way, self._around.hearing, ears) as connection:
                self._learn(await connection.facts(), transport)
                self._connection = connection
                self._set("ready")
                self._settled.set()
                await self._stay(connection)
        except ToolError as error:
            if self._talk is not None and await self._talk.has_ended(_CALM):
                raise ToolError(f"it ended at once{self._how()}{self._last()}", kind="closed") from None
            raise ToolError(f"{error.message}{self._last()}", kind=error.kind) from None
        finally:
            self._connection = None
            self._settled.clear()
            if self._talk is not None:
                talk, self._talk = self._talk, None
                await talk.end()
                self._last_words = talk.complaints
                self._exit = talk.exit_code

    async def _started(self) -> Talk:
        config = self.one.config
        return await self._wiring.piped.start([config.command or "", *config.args], self._folder(), config.env)

    def _folder(self) -> Path:
        return trusted.folder(self.one, self._around.cwd, Path(self._wiring.environ.get("HOME") or Path.home()))

    async def _stay(self, connection: Connection) -> None:
        """Until it is gone or stopped; lists again what has changed."""
        listening = asyncio.ensure_future(connection.listen())
        ends = [asyncio.ensure_future(connection.gone()), asyncio.ensure_future(self._stop.wait())]
        try:
            while True:
                change = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait([*ends, change], return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
                if any(end.done() for end in ends):
                    return
                await asyncio.sleep(_CALM)
                self._changed.clear()
                with contextlib.suppress(ToolError):
                    self._learn(await connection.facts())
                    self._tell()
        finally:
            for task in (listening, *ends):
                task.cancel()
            await asyncio.wait([listening, *ends])

    def _learn(self, facts: Facts, transport: str = "") -> None:
        known = self.kept.facts
        facts = facts.model_copy(update={"transport": transport or (known.transport if known else "")})
        learned = self.kept.learned(facts)
        if learned != self.kept:
            self.kept = learned
            self._wiring.catalog.write(self.one.key, learned)

    def _logged(self, level: str, text: str) -> None:
        self.log.append(f"{level}: {text}")
        del self.log[:-_LOG_LINES]

    def _how(self) -> str:
        code = self._talk.exit_code if self._talk else self._exit
        return f" (exit code {code})" if code is not None else ""

    def _last(self) -> str:
        """The last line that it complained with."""
        lines = self.complaints.strip().splitlines()
        return f"; it said: {lines[-1].strip()[:200]}" if lines else ""

    def _fail(self, state: State, problem: str) -> None:
        self._failed_at = time.monotonic()
        self._set(state, problem)
        self._settled.set()

    def _set(self, state: State, problem: str = "") -> None:
        if (state, problem) != (self._state, self.problem):
            self._state, self.problem = state, problem
            self._tell()

    def _tell(self) -> None:
        self._around.told(self)
