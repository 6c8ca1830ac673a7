"""Gets what an address gives: its redirects within the site, its robots.txt, and no further than the settings allow."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from dataclasses import dataclass

from cass.config import WebConfig
from cass.errors import ToolError
from cass.ports.web import Address
from cass.web import addresses, http, robots
from cass.web.cache import Cache
from cass.web.connecting import Resolve, connect, system_resolve
from cass.web.http import Request, Response

_REDIRECTS = (301, 302, 303, 307, 308)
_ROBOTS_SECONDS = 5.0
_ROBOTS_CHARS = 200_000


@dataclass(frozen=True)
class Got:
    """What came, and from where in the end. `moved` is the other site that it leads to; `response` is None then."""

    address: Address
    response: Response | None
    moved: Address | None = None


class Fetcher:
    """Asks for addresses. `resolve` finds the numbers of a host."""

    def __init__(self, resolve: Resolve = system_resolve) -> None:
        self._resolve = resolve
        self._robots: Cache[tuple[robots.Rule, ...]] = Cache(_ROBOTS_CHARS)

    async def get(self, address: Address, settings: WebConfig) -> Got:
        """Ask for it, and go where it leads within its site. ToolError when it takes too long, leads in a circle, to an
        inner address or to what is no web address, or where robots.txt forbids it."""
        asked = address
        try:
            async with asyncio.timeout(settings.timeout):
                for _ in range(settings.redirects + 1):
                    await self._keep_to_robots(address, settings)
                    response = await self.send(Request(address), settings.max_bytes, settings.private_addresses)
                    target = _target(address, response, settings)
                    if target is None:
                        return Got(address, response)
                    if not addresses.same_site(address, target):
                        return Got(address, None, target)
                    address = target
        except TimeoutError:
            raise ToolError(f"{asked.site} was not done after {settings.timeout:g} s.") from None
        raise ToolError(f"{asked} redirects more than {settings.redirects} times.")

    async def send(self, request: Request, limit: int, allowed: tuple[str, ...]) -> Response:
        """One request, to addresses that were looked at. It follows nothing."""
        reader, writer = await connect(request.address, self._resolve, allowed)
        return await http.exchange(request, reader, writer, limit)

    async def _keep_to_robots(self, address: Address, settings: WebConfig) -> None:
        if not settings.robots:
            return
        place = f"{address.scheme}://{address.site}"
        found = self._robots.get(place, max(60.0, settings.cache_minutes * 60))
        if found is None:
            found = await self._read_robots(address, settings)
            self._robots.put(place, found, sum(len(rule.path) + 50 for rule in found) + 100)
        if not robots.allowed(found, address.target):
            raise ToolError(
                f"The robots.txt of {address.site} asks programs not to read this page.",
                hint="Look for it elsewhere; the user may switch this off in their configuration (web.robots).",
            )

    async def _read_robots(self, address: Address, settings: WebConfig) -> tuple[robots.Rule, ...]:
        """A site that has none, or cannot say it in time, forbids nothing."""
        place = Address(address.scheme, address.host, address.port, "/robots.txt")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ROBOTS_SECONDS):
                for _ in range(settings.redirects + 1):
                    try:
                        answer = await self.send(Request(place), robots.LONGEST, settings.private_addresses)
                        target = _target(place, answer, settings)
                    except ToolError:
                        return ()
                    if target is None:
                        return robots.rules(answer.body.decode("utf-8", "replace")) if answer.status == 200 else ()
                    if not addresses.same_site(place, target):
                        return ()
                    place = target
        return ()


def _target(address: Address, response: Response, settings: WebConfig) -> Address | None:
    """Where the answer sends us; None for nowhere."""
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or not location:
        return None
    try:
        target = addresses.read(location, address)
    except ToolError as error:
        raise ToolError(f"{address} redirects to where cass does not go. {error.message}") from None
    with contextlib.suppress(ValueError):
        number = ipaddress.ip_address(target.host)
        if addresses.refused(target, [number], settings.private_addresses):
            raise ToolError(
                f"{address} redirects to {target.host}, which is not an address of the public internet."
            )
    return target
