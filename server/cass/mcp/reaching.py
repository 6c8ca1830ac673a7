"""Reaching a server: by which way, in which generation of the protocol, and why it cannot be reached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import mcp_types as types
from mcp.client import Client

from cass import __version__
from cass.errors import ToolError
from cass.mcp import transports
from cass.mcp.answers import Answers
from cass.mcp.connection import Connection, Ears
from cass.mcp.facts import plain
from cass.mcp.oauth import LoginNeeded
from cass.mcp.tap import Tap

if TYPE_CHECKING:
    from httpx2 import Auth

    from cass.mcp.files import Definition
    from cass.mcp.hearing import Hearing
    from cass.process import Talk

log = logging.getLogger(__name__)


class NeedsLogin(ToolError):
    """The server wants the user to sign in."""

    kind = "login"


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
    answers = Answers(one.name, hearing, connection)
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
                connection.begin(await stack.enter_async_context(client), answers.visit)
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
