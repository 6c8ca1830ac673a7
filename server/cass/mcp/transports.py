"""The ways to a server: a program's standard input and output, HTTP, and the older HTTP with server-sent events."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import mcp_types as types
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.message import SessionMessage

from cass.errors import ToolError

if TYPE_CHECKING:
    from httpx2 import Auth, Response, Timeout
    from mcp.client._transport import TransportStreams

    from cass.mcp.files import Definition
    from cass.process import Talk


@dataclass
class Seen:
    """What HTTP answers said that the package does not pass on: the last status that was no success."""

    status: int = 0
    wants: str = field(default="")
    """What the answer asks for (`WWW-Authenticate`)."""

    async def look(self, response: Response) -> None:
        """Keep it."""
        if response.status_code >= 400:
            self.status, self.wants = response.status_code, response.headers.get("www-authenticate", "")[:500]
        elif response.status_code < 300:
            self.status = 0


@asynccontextmanager
async def stdio(talk: Talk) -> AsyncGenerator[TransportStreams]:
    """A program that was started. What it prints besides messages is kept with its complaints."""
    to_client, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, from_client = anyio.create_memory_object_stream[SessionMessage](0)

    async def read() -> None:
        async with to_client:
            with contextlib.suppress(ToolError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                while (line := await talk.line()) is not None:
                    if not line.lstrip().startswith(b"{"):
                        talk.note(line)
                        continue
                    try:
                        message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
                    except ValueError:
                        talk.note(line)
                        continue
                    await to_client.send(SessionMessage(message))

    async def write() -> None:
        try:
            async for sent in from_client:
                text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                await talk.say(text.encode("utf-8", "replace") + b"\n")
        except ToolError:
            to_client.close()  # nothing will be answered any more

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        group.start_soon(write)
        try:
            yield incoming, outgoing
        finally:
            group.cancel_scope.cancel()
            for stream in (to_client, incoming, outgoing, from_client):
                stream.close()


@asynccontextmanager
async def http(one: Definition, auth: Auth | None, seen: Seen) -> AsyncGenerator[TransportStreams]:
    """Streamable HTTP."""
    client = create_mcp_http_client(headers=dict(one.config.headers), auth=auth)
    client.event_hooks["response"].append(seen.look)
    async with client, streamable_http_client(one.config.url or "", http_client=client) as streams:
        yield streams


def sse(one: Definition, auth: Auth | None, seen: Seen) -> AbstractAsyncContextManager[TransportStreams]:
    """HTTP with server-sent events, as servers had it before."""

    def make(headers: dict[str, str] | None = None, timeout: Timeout | None = None, auth: Auth | None = None):
        client = create_mcp_http_client(headers=headers, timeout=timeout, auth=auth)
        client.event_hooks["response"].append(seen.look)
        return client

    return sse_client(
        one.config.url or "",
        headers=dict(one.config.headers),
        timeout=30.0,
        sse_read_timeout=86_400.0,
        httpx_client_factory=make,
        auth=auth,
    )
