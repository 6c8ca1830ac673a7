"""The seam to the web: reading a page, asking a search engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cass.errors import ToolError


@dataclass(frozen=True)
class Address:
    """A web address that may be asked for, in one spelling: the host is ASCII, lower case and without a dot at its end,
    `target` is path and query. `ipv6` hosts are without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def site(self) -> str:
        """What permission rules name: the host, with its port where that is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.site}{self.target}"


@dataclass(frozen=True)
class Page:
    """What an address gave, as text. `title` may be empty. `cut`: more was sent than is read. `moved` is the address of
    another site that it leads to; there is no text then."""

    url: str
    text: str
    title: str = ""
    cut: bool = False
    moved: str = ""


@dataclass(frozen=True)
class SearchHit:
    """One result of a search, words of a stranger."""

    title: str
    url: str
    snippet: str = ""


class Web(Protocol):
    """The web, as the settings of the user allow it."""

    def address(self, url: str) -> Address:
        """Read an address. ToolError for one that is never asked for: another scheme, credentials in it, no host."""
        ...

    async def fetch(self, url: str) -> Page:
        """Read a page, or what was kept of it. Follows only where the same site leads. ToolError says why it cannot be
        had: not allowed, not there, too slow, no text."""
        ...

    @property
    def engine(self) -> str:
        """The site that `search` asks; ToolError where no provider can be used."""
        ...

    async def search(self, query: str, limit: int) -> tuple[SearchHit, ...]:
        """At most so many results. ToolError says why there are none to be had."""
        ...


class NoWeb:
    """The web is switched off."""

    def address(self, url: str) -> Address:
        raise _off()

    async def fetch(self, url: str) -> Page:
        raise _off()

    @property
    def engine(self) -> str:
        raise _off()

    async def search(self, query: str, limit: int) -> tuple[SearchHit, ...]:
        raise _off()


def _off() -> ToolError:
    return ToolError("The web is switched off (web.enabled).")
