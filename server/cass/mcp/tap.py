"""Between a server and the `mcp` package: what would make the package give up on a server as a whole is mended on its way.

The package refuses a list for one bad entry, waits ten seconds for servers that do not know its newest question, and does
not say when a server is gone. All three are seen in the messages.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectSendStream
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse
from pydantic import BaseModel, ValidationError

from cass.mcp import schemas
from cass.mcp.facts import MOST, line
from cass.protocol.wire import JsonObject, as_list, as_object

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams
    from mcp.shared.message import SessionMessage

PROBE_SECONDS = 2.5
"""How long a server may think about the newest generation's first question before it is taken for one of the older."""

_LISTS: dict[str, tuple[str, type[BaseModel]]] = {
    "tools/list": ("tools", types.Tool),
    "prompts/list": ("prompts", types.Prompt),
    "resources/list": ("resources", types.Resource),
    "resources/templates/list": ("resourceTemplates", types.ResourceTemplate),
}

log = logging.getLogger(__name__)


class Tap:
    """Of one connection. `gone` is set when nothing will come any more; `skipped` are entries that could not be mended."""

    def __init__(self) -> None:
        self.gone = anyio.Event()
        self.skipped: dict[str, str] = {}
        self._asked: dict[types.RequestId, str] = {}
        self._probing: types.RequestId | None = None
        self._probed = False

    @asynccontextmanager
    async def on(
        self, transport: AbstractAsyncContextManager[TransportStreams]
    ) -> AsyncGenerator[TransportStreams]:
        """The same transport, seen."""
        from mcp.shared.message import SessionMessage  # with the package, which is loaded by now

        to_client, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        outgoing, from_client = anyio.create_memory_object_stream[SessionMessage](0)
        async with transport as (reading, writing), anyio.create_task_group() as group:

            async def answer_probe(request: types.RequestId) -> None:
                await anyio.sleep(PROBE_SECONDS)
                if self._probing == request:
                    self._probing = None
                    error = types.ErrorData(code=types.METHOD_NOT_FOUND, message="no answer in time")
                    late = JSONRPCError(jsonrpc="2.0", id=request, error=error)
                    await _send(to_client, SessionMessage(late))

            async def read() -> None:
                try:
                    async for message in reading:
                        if isinstance(message, Exception):
                            log.info("an MCP server sent something that is no message: %s", type(message).__name__)
                            continue
                        self._received(message)
                        await _send(to_client, message)
                except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                    pass
                finally:
                    self.gone.set()
                    to_client.close()

            async def write() -> None:
                try:
                    async for message in from_client:
                        probe = self._sent(message)
                        if probe is not None:
                            group.start_soon(answer_probe, probe)
                        await writing.send(message)
                except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                    pass
                finally:
                    await writing.aclose()

            group.start_soon(read)
            group.start_soon(write)
            try:
                yield incoming, outgoing
            finally:
                group.cancel_scope.cancel()
                for stream in (to_client, incoming, outgoing, from_client):
                    stream.close()

    def _sent(self, message: SessionMessage) -> types.RequestId | None:
        """Remember what was asked; the id of a first question that must not take long."""
        request = message.message
        if not isinstance(request, JSONRPCRequest):
            return None
        if request.method in _LISTS:
            self._asked[request.id] = request.method
        if request.method == "server/discover" and not self._probed:
            self._probed, self._probing = True, request.id
            return request.id
        return None

    def _received(self, message: SessionMessage) -> None:
        """Mend what is in it."""
        answer = message.message
        if isinstance(answer, JSONRPCResponse | JSONRPCError) and answer.id == self._probing:
            self._probing = None
        if isinstance(answer, JSONRPCResponse) and (method := self._asked.pop(answer.id, None)):
            key, kind = _LISTS[method]
            answer.result[key] = self._good(as_list(answer.result.get(key)), key, kind)
            if not isinstance(answer.result.get("nextCursor"), str):
                answer.result.pop("nextCursor", None)

    def _good(self, entries: list[object], key: str, kind: type[BaseModel]) -> list[JsonObject]:
        good: list[JsonObject] = []
        for entry in entries[:MOST]:
            found = dict(as_object(entry))
            name = line(str(found.get("name", "")), 60) or "without a name"
            try:
                if key == "tools":
                    _mend(found)
                kind.model_validate(found, by_name=False)
            except schemas.Broken as broken:
                self.skipped[name] = f"{name}: {broken}"
            except ValidationError as error:
                self.skipped[name] = f"{name}: {'.'.join(map(str, error.errors()[0]['loc']))} is missing or wrong"
            else:
                good.append(found)
        if len(entries) > MOST:
            self.skipped[""] = f"all {key} after the first {MOST:,}"
        return good


def _mend(tool: JsonObject) -> None:
    """A tool's schemas as the package takes them; what it only says besides is left out where it is wrong."""
    schemas.mended(tool.get("inputSchema"))  # whether it can be
    given = tool.get("inputSchema")
    tool["inputSchema"] = {**as_object(given), "type": "object"}
    if as_object(tool.get("outputSchema")).get("type") != "object":
        tool.pop("outputSchema", None)
    for key in ("title", "description"):
        if not isinstance(tool.get(key), str):
            tool.pop(key, None)
    for key, good in (("annotations", dict), ("_meta", dict), ("execution", dict), ("icons", list)):
        if not isinstance(tool.get(key), good):
            tool.pop(key, None)
    hints = as_object(tool.get("annotations"))
    tool["annotations"] = {k: v for k, v in hints.items() if isinstance(v, str if k == "title" else bool)}


async def _send(stream: MemoryObjectSendStream[SessionMessage | Exception], message: SessionMessage) -> None:
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
        await stream.send(message)
