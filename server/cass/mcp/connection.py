"""An open conversation with one server, over the `mcp` package. Only loaded once a server is started."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import mcp_types as types
from mcp.client import Client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from cass import __version__
from cass.errors import ToolError
from cass.mcp import listing, transports
from cass.mcp.answers import Answers
from cass.mcp.facts import Facts, line, plain
from cass.mcp.oauth import LoginNeeded
from cass.mcp.tap import Tap
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from httpx2 import Auth

    from cass.mcp.files import Definition
    from cass.mcp.hearing import Hearing
    from cass.process import Talk

LONGEST = 3_600.0
"""Seconds that a call may take, whatever progress it tells of."""

_LIST_SECONDS = 30.0

T = TypeVar("T")

log = logging.getLogger(__name__)


class NeedsLogin(ToolError):
    """The server wants the user to sign in."""

    kind = "login"


class Gone(ToolError):
    """The server ended, or the connection to it was lost."""

    kind = "gone"


@dataclass(frozen=True)
class Ears:
    """What is told of a connection while it lasts: something that it offers has changed, it wrote to its log."""

    changed: Callable[[], None]
    logged: Callable[[str, str], None]


class _Limit(Protocol):
    def when(self) -> float | None: ...
    def reschedule(self, when: float | None) -> None: ...
    def expired(self) -> bool: ...


class Connection:
    """Asked from any task; opened and closed in one."""

    def __init__(self, one: Definition, tap: Tap, ears: Ears) -> None:
        self._one = one
        self._tap = tap
        self._ears = ears
        self._client: Client | None = None
        self._limits: dict[int, tuple[_Limit, float]] = {}
        self._asking = 0

    @property
    def era(self) -> str:
        """`modern` or `legacy`."""
        return "modern" if self._now.protocol_version in MODERN_PROTOCOL_VERSIONS else "legacy"

    @property
    def _now(self) -> Client:
        if self._client is None:
            raise Gone(f"the MCP server {self._one.name} is not connected")
        return self._client

    def begin(self, client: Client) -> None:
        """It can be asked from now on."""
        self._client = client

    async def gone(self) -> None:
        """Wait until the other side is not there any more."""
        await self._tap.gone.wait()

    @contextlib.contextmanager
    def pausing(self) -> Generator[None]:
        """The user is asked meanwhile: no call's time runs."""
        self._asking += 1
        for limit, _ in self._limits.values():
            _set(limit, None)
        try:
            yield
        finally:
            self._asking -= 1
            if not self._asking:
                for limit, seconds in self._limits.values():
                    _set(limit, seconds)

    async def facts(self) -> Facts:
        """Everything that it offers, freshly listed. ToolError where it cannot be."""
        client = self._now
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                found = await listing.everything(client)
        except TimeoutError:
            raise ToolError(f"it did not list its tools within {_LIST_SECONDS:g} s") from None
        except (MCPError, ValidationError, RuntimeError) as error:
            raise ToolError(f"it cannot list its tools: {plain(str(error), 400)}") from None
        info = client.server_info
        return Facts(
            era=self.era,
            title=line(f"{info.title or info.name} {info.version}" if info else ""),
            instructions=plain(client.instructions, 2_000),
            tools=found.tools,
            prompts=found.prompts,
            resources=found.resources,
            skipped=tuple(f"{self._one.name}: left out {one}" for one in self._tap.skipped.values()),
        )

    async def call(self, tool: str, arguments: JsonObject, show: Callable[[str], None]) -> types.CallToolResult:
        """Run a tool. ToolError when it does not answer in its time, is gone, or answers with an error of the
        protocol. Cancelling tells the server."""

        async def ask(moved: Callable[[], None]) -> types.CallToolResult:
            async def told(progress: float, total: float | None, message: str | None) -> None:
                moved()
                share = f"{progress:g}" + (f" of {total:g}" if total is not None else "")
                show(f"{share} {line(message, 200)}".strip() + "\n")

            return await self._now.call_tool(tool, arguments, progress_callback=told)

        return await self._asked(f"the tool {tool}", ask)

    async def prompt(self, name: str, arguments: dict[str, str]) -> types.GetPromptResult:
        """One of its prompts. ToolError as for `call`."""
        return await self._asked(f"the prompt {name}", lambda moved: self._now.get_prompt(name, arguments))

    async def read(self, uri: str) -> types.ReadResourceResult:
        """One of its resources. ToolError as for `call`."""
        return await self._asked(f"the resource {uri[:200]}", lambda moved: self._now.read_resource(uri))

    async def listen(self) -> None:
        """Hear of changes, for as long as this runs; servers of the older generation say it unasked."""
        client = self._now
        if self.era == "legacy":
            return
        pause, is_known = 1.0, False
        while True:
            try:
                async with client.listen(
                    tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True
                ) as heard:
                    is_known = True
                    async for _ in heard:
                        self._ears.changed()
            except SubscriptionLost:
                pass
            except (ListenNotSupportedError, MCPError, TimeoutError):
                if not is_known:  # it cannot; else it is away for a while
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 60.0)

    async def heard(self, message: types.ServerNotification | Exception) -> None:
        """Something that was told without being asked for."""
        if isinstance(
            message,
            types.ToolListChangedNotification
            | types.PromptListChangedNotification
            | types.ResourceListChangedNotification,
        ):
            self._ears.changed()

    async def logged(self, params: types.LoggingMessageNotificationParams) -> None:
        """A line of its log."""
        self._ears.logged(str(params.level), line(str(cast("object", params.data)), 500))

    async def _asked(self, what: str, ask: Callable[[Callable[[], None]], Awaitable[T]]) -> T:
        name, seconds = self._one.name, self._one.config.timeout
        key = id(ask)
        try:
            async with asyncio.timeout(LONGEST), asyncio.timeout(seconds) as limit:
                self._limits[key] = limit, seconds
                return await ask(lambda: _set(limit, None if self._asking else seconds))
        except TimeoutError:
            raise ToolError(
                f"{what} of the MCP server {name} did not answer within {seconds:g} s (mcp.servers.{name}.timeout)."
            ) from None
        except MCPError as error:
            if error.code == types.CONNECTION_CLOSED or self._tap.gone.is_set():
                raise Gone(
                    f"The MCP server {name} ended while {what} was asked; whether it did its work is not known."
                ) from None
            said = plain(error.message, 2_000)
            raise ToolError(f"The MCP server {name} answered {what} with an error: {said}") from None
        except (ValidationError, RuntimeError, ValueError) as error:
            raise ToolError(
                f"The MCP server {name} answered {what} with what is no answer: {plain(str(error), 600)}"
            ) from None
        finally:
            self._limits.pop(key, None)


def _set(limit: _Limit, seconds: float | None) -> None:
    if not limit.expired():
        with contextlib.suppress(RuntimeError):
            limit.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)


@dataclass(frozen=True)
class Way:
    """How to reach a server this time. `era` is what is known of it; empty for nothing."""

    transport: str
    era: str = ""
    talk: Talk | None = None
    auth: Auth | None = None


@asynccontextmanager
async def opened(one: Definition, way: Way, hearing: Hearing, ears: Ears) -> AsyncGenerator[Connection]:
    """Reach it, within its time; closed in the same task. ToolError says why it cannot be reached, NeedsLogin that its
    user has to sign in first."""
    tap, seen = Tap(), transports.Seen()
    connection = Connection(one, tap, ears)
    answers = Answers(one.name, hearing, connection.pausing)
    if way.talk is not None:
        transport = transports.stdio(way.talk)
    elif way.transport == "sse":
        transport = transports.sse(one, way.auth, seen)
    else:
        transport = transports.http(one, way.auth, seen)
    client = Client(
        tap.on(transport),
        client_info=types.Implementation(name="cass", version=__version__),
        mode="legacy" if way.era == "legacy" else "auto",
        sampling_callback=answers.sample,
        list_roots_callback=answers.roots,
        elicitation_callback=answers.elicit,
        logging_callback=connection.logged,
        message_handler=connection.heard,
        cache=None,
    )
    stack = AsyncExitStack()
    try:
        try:
            async with asyncio.timeout(one.config.start_timeout):
                connection.begin(await stack.enter_async_context(client))
        except TimeoutError:
            raise ToolError(f"it did not answer within {one.config.start_timeout:g} s") from None
        except Exception as error:
            if seen.status == 401 or isinstance(_cause(error), LoginNeeded):
                raise NeedsLogin("it wants you to sign in") from None
            where = f"{one.config.url} cannot be reached: " if one.config.url else ""
            raise ToolError(f"{where}{_why(error, seen)}") from None
        yield connection
    finally:
        try:
            await stack.aclose()
        except Exception as error:
            log.info("the connection to the MCP server %s ended with %s", one.name, _why(error, seen))


def _cause(error: BaseException) -> BaseException:
    """The one cause in nested groups of errors."""
    while inner := cast("tuple[BaseException, ...]", getattr(error, "exceptions", ())):
        error = inner[0]
    return error


def _why(error: BaseException, seen: transports.Seen) -> str:
    """The cause in words."""
    error = _cause(error)
    if isinstance(error, ToolError):
        return error.message
    status = f" (HTTP {seen.status})" if seen.status else ""
    said = plain(str(error), 400)
    return f"{said or type(error).__name__}{status}"
