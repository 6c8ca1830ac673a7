"""Signing in to an MCP server from within a session: the address is shown to the user, who alone opens it."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import replace
from typing import TYPE_CHECKING

from cass.errors import AuthenticationError, CassError, SessionError
from cass.mcp import oauth
from cass.mcp.server import Server
from cass.protocol.wire import JsonObject
from cass.sessions.hearing import SessionHearing

if TYPE_CHECKING:
    from cass.mcp.oauth import Auth
    from cass.sessions.session import Session

_SECONDS = 600.0
_FORM: JsonObject = {
    "type": "object",
    "properties": {
        "address": {
            "type": "string",
            "title": "The address that the browser ended on",
            "description": "Empty, where the page said that you are signed in.",
            "default": "",
        }
    },
}


async def sign_in(session: Session, server: Server) -> None:
    """Have the user sign in, then start the server anew. SessionError where that cannot be or failed."""
    one = server.one
    if one.config.url is None:
        raise SessionError(f"{one.name} is a program of this machine; there is nothing to sign in to")
    if not session.can_decide:
        raise SessionError("nobody is here to sign in", hint=f"cass mcp login {one.name}")
    address: list[str] = []

    async def show(url: str) -> None:
        address[:] = [url]

    async def paste() -> str:
        message = f"Open this in a browser to sign in to {one.name}, only if you expect it:\n{address[0]}"
        result = await session.asks.form(message, _FORM)
        if result.action != "accept":
            raise AuthenticationError("you did not sign in")
        if pasted := str((result.content or {}).get("address") or ""):
            return pasted
        return await asyncio.get_running_loop().create_future()  # the browser comes back by itself

    async def connect(auth: Auth) -> None:
        await asyncio.to_thread(importlib.import_module, "cass.mcp.reaching")
        from cass.mcp import reaching as wire

        patient = replace(one, config=one.config.model_copy(update={"start_timeout": _SECONDS}))
        known = server.kept.facts
        way = "sse" if "sse" in (one.config.transport, known.transport if known else "") else "http"
        ears = wire.Ears(lambda: None, lambda level, text: None)
        async with wire.opened(patient, wire.Way(way, auth=auth), SessionHearing(session), ears):
            pass

    wiring = session.servers.wiring
    oauth.tokens(one, wiring.tokens).forget("tokens")
    try:
        await oauth.login(one, wiring.tokens, wiring.environ, show, paste, connect)
    except CassError as error:
        raise SessionError(f"{one.name}: {error.message}", hint=error.hint) from None
    await server.switch(on=True)
    await server.settled(one.config.start_timeout)
