"""Where a browser comes back to after the user signed in: a page of 127.0.0.1, or what they paste of its address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from cass.errors import AuthenticationError

if TYPE_CHECKING:
    from mcp.client.auth import AuthorizationCodeResult

_SECONDS = 600.0
_MOST_BYTES = 16_384
_PATH = "/callback"
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>cass</title><p style='font:1.1em sans-serif;margin:4em'>{}"
    "<p style='font:1em sans-serif;margin:4em'>You can close this page."
)

Paste = Callable[[], Awaitable[str]]
"""Waits for what the user pastes; cancelled when the browser came back first."""


class Redirect:
    """Sign-ins of one server, one after the other: a call can ask for more than the first one gave. `address` is where
    the browser is to come back to."""

    def __init__(self, port: int, paste: Paste | None) -> None:
        self.address = f"http://127.0.0.1:{port}{_PATH}"
        self._paste = paste
        self._came: asyncio.Queue[str] = asyncio.Queue(maxsize=4)

    async def result(self) -> AuthorizationCodeResult:
        """What the authorisation server answered, by browser or paste, within ten minutes. AuthenticationError."""
        waits = [asyncio.ensure_future(self._came.get())]
        if self._paste is not None:
            waits.append(asyncio.ensure_future(self._paste()))
        try:
            async with asyncio.timeout(_SECONDS):
                done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise AuthenticationError("nobody signed in within ten minutes") from None
        finally:
            for one in waits:
                one.cancel()
        return read(next(iter(done)).result())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of the browser."""
        try:
            async with asyncio.timeout(10):
                line = (await reader.readuntil(b"\r\n"))[:_MOST_BYTES].decode("latin-1").split()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            line = []
        target = line[1] if len(line) == 3 and line[0] == "GET" else ""
        query = parse_qs(urlsplit(target).query)
        ours = urlsplit(target).path == _PATH and bool({"code", "error"} & query.keys())
        said = "Not found." if not ours else "Signed in to cass." if "code" in query else "Signing in failed."
        body = _PAGE.format(said).encode()
        status = "200 OK" if ours else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        try:
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
        if ours and not self._came.full():
            self._came.put_nowait(target)


@asynccontextmanager
async def opened(port: int | None, before: int | None, paste: Paste | None) -> AsyncGenerator[Redirect]:
    """Listen on 127.0.0.1 while the user signs in: at that port; else at the one from before, for that is registered, or
    a free one. AuthenticationError where the port that it must be is taken."""
    made: list[Redirect] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await made[0].serve(reader, writer)

    async def listen(at: int) -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", at, limit=_MOST_BYTES)

    try:
        server = await listen(port or before or 0)
    except OSError:
        if port:
            raise AuthenticationError(
                f"port {port} of 127.0.0.1 is taken",
                hint="Set oauth.port of the server to another one, or end what holds it.",
            ) from None
        server = await listen(0)
    async with server:
        made.append(Redirect(server.sockets[0].getsockname()[1], paste))
        yield made[0]


def read(answer: str) -> AuthorizationCodeResult:
    """What stands in the address that the browser was sent back to, or in the code alone. AuthenticationError says what
    the server said instead."""
    from mcp.client.auth import AuthorizationCodeResult

    answer = answer.strip()
    parts = urlsplit(answer)
    query = parse_qs(parts.query or (answer if "code=" in answer or "error=" in answer else ""))
    if error := query.get("error"):
        why = query.get("error_description", error)[0][:300]
        raise AuthenticationError(f"signing in failed: {why}")
    code = query.get("code", [answer if answer and "=" not in answer and "/" not in answer else ""])[0]
    if not code:
        raise AuthenticationError(
            "there is no code in what was pasted",
            hint="Paste the whole address of the page that the browser ended on, also when it shows an error.",
        )
    return AuthorizationCodeResult(code=code, state=query.get("state", [None])[0], iss=query.get("iss", [None])[0])
