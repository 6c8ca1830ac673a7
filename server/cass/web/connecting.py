"""Opens a connection to a host after its addresses were looked at, and to exactly those: no name is asked for twice."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence

from cass.errors import ToolError
from cass.ports.web import Address
from cass.web import addresses

CONNECT_SECONDS = 10.0
_ADDRESSES = 16

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as text."""


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the system says. OSError when it knows none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


async def connect(
    address: Address, resolve: Resolve, allowed: Sequence[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection, with TLS for https. ToolError when the host is not known, one of its addresses is an inner one
    that is not allowed, or none of them answers."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            named = await resolve(address.host, address.port)
        found = [ipaddress.ip_address(text) for text in dict.fromkeys(named)][:_ADDRESSES]
    except TimeoutError:
        raise ToolError(f"The name {address.host} was not found in {CONNECT_SECONDS:g} s.") from None
    except (OSError, UnicodeError, ValueError):
        raise ToolError(f"There is no host {address.host}.") from None
    if not found:
        raise ToolError(f"There is no host {address.host}.")
    bad = addresses.refused(address, found, allowed)
    if bad is not None:
        raise ToolError(
            f"{address.host} is {bad}, which is not an address of the public internet, so it is not read.",
            hint="The user may allow it in their own configuration: web.private_addresses.",
        )
    reason = ""
    tls = await asyncio.to_thread(_context) if address.scheme == "https" else None
    for ip in found:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    str(ip), address.port, ssl=tls, server_hostname=address.host if tls else None, limit=65_536
                )
        except TimeoutError:
            reason = "no answer"
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate is not valid ({error.verify_message})"
        except OSError as error:
            reason = error.strerror or type(error).__name__
    raise ToolError(f"{address.site} cannot be reached: {reason}. (Proxies are not used.)")


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    with contextlib.suppress(ImportError):
        import certifi  # a Python without certificates of its own has none to check with

        context.load_verify_locations(certifi.where())
    return context
