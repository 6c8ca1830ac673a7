"""An open conversation with one server, over the `mcp` package. Only loaded once a server is started."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import mcp_types as types
from mcp.client import Client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError, UrlElicitationRequiredError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from cass.errors import ToolError
from cass.mcp import listing
from cass.mcp.facts import Facts, line, plain
from cass.mcp.tap import Tap
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from cass.mcp.files import Definition

LONGEST = 3_600.0
"""Seconds that a call may take, whatever progress it tells of."""

_LIST_SECONDS = 30.0

T = TypeVar("T")
Visit = Callable[[Sequence[types.ElicitRequestURLParams]], Awaitable[bool]]

log = logging.getLogger(__name__)


class Gone(ToolError):
    """The server ended, or the connection to it was lost."""

    kind = "gone"


class AddressesFirst(ToolError):
    """The user has to open these addresses before the server does what it is asked."""

    def __init__(self, message: str, wanted: Sequence[types.ElicitRequestURLParams]) -> None:
        super().__init__(message)
        self.wanted = wanted


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
        self._visit: Visit | None = None
        self._limits: dict[int, tuple[_Limit, float]] = {}
        self._asking = 0
        self._asks: dict[int, Callable[[], object]] = {}

    @property
    def era(self) -> str:
        """`modern` or `legacy`."""
        return "modern" if self._now.protocol_version in MODERN_PROTOCOL_VERSIONS else "legacy"

    @property
    def _now(self) -> Client:
        if self._client is None:
            raise Gone(f"the MCP server {self._one.name} is not connected")
        return self._client

    def begin(self, client: Client, visit: Visit) -> None:
        """It can be asked from now on."""
        self._client = client
        self._visit = visit

    async def gone(self) -> None:
        """Wait until the other side is not there any more."""
        await self._tap.gone.wait()

    async def ask(self, question: Coroutine[object, object, T]) -> T | None:
        """Put something to the user: no call's time runs meanwhile. None when the call that it is about is cancelled."""
        task = asyncio.ensure_future(question)
        self._asks[id(task)] = task.cancel
        try:
            with self._pausing():
                await asyncio.wait({task})
        finally:
            del self._asks[id(task)]
            task.cancel()
        return None if task.cancelled() else task.result()

    @contextlib.contextmanager
    def _pausing(self) -> Generator[None]:
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
        protocol. Cancelling tells the server. A call that needs the user to open an address is made again when they did."""

        async def ask(moved: Callable[[], None]) -> types.CallToolResult:
            async def told(progress: float, total: float | None, message: str | None) -> None:
                moved()
                share = f"{progress:g}" + (f" of {total:g}" if total is not None else "")
                show(f"{share} {line(message, 200)}".strip() + "\n")

            return await self._now.call_tool(tool, arguments, progress_callback=told)

        try:
            return await self._asked(f"the tool {tool}", ask)
        except AddressesFirst as first:
            if self._visit is None or not await self._visit(first.wanted):
                raise
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
        except asyncio.CancelledError:
            for withdraw in list(self._asks.values()) if len(self._limits) == 1 else ():
                withdraw()
            raise
        except TimeoutError:
            raise ToolError(
                f"{what} of the MCP server {name} did not answer within {seconds:g} s (mcp.servers.{name}.timeout)."
            ) from None
        except MCPError as error:
            if error.code == types.CONNECTION_CLOSED or self._tap.gone.is_set():
                raise Gone(
                    f"The MCP server {name} ended while {what} was asked; whether it did its work is not known."
                ) from None
            said = f"The MCP server {name} answered {what} with an error: {plain(error.message, 2_000)}"
            raise AddressesFirst(said, wanted) if (wanted := _addresses(error)) else ToolError(said) from None
        except (ValidationError, RuntimeError, ValueError) as error:
            raise ToolError(
                f"The MCP server {name} answered {what} with what is no answer: {plain(str(error), 600)}"
            ) from None
        finally:
            self._limits.pop(key, None)


def _addresses(error: MCPError) -> list[types.ElicitRequestURLParams]:
    """Those that an error asks to be opened first."""
    if error.code != types.URL_ELICITATION_REQUIRED:
        return []
    with contextlib.suppress(ValidationError, ValueError, TypeError, AttributeError):
        return UrlElicitationRequiredError.from_error(error.error).elicitations
    return []


def _set(limit: _Limit, seconds: float | None) -> None:
    if not limit.expired():
        with contextlib.suppress(RuntimeError):
            limit.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)
