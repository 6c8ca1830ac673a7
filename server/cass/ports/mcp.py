"""The seam to servers of the Model Context Protocol, as tools see it: what else there is to be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cass.errors import ToolError
from cass.ports.model import ToolSpec


@dataclass(frozen=True)
class Matches:
    """Tools that fit a search, the best first; how many there are in all; what is wrong with servers, in sentences."""

    tools: tuple[ToolSpec, ...]
    all: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class McpResource:
    """Something that a server has to be read. A template where `uri` has parts in braces."""

    server: str
    uri: str
    name: str = ""
    description: str = ""


class Servers(Protocol):
    """The MCP servers of a session."""

    async def search(self, query: str, limit: int) -> Matches:
        """Find tools by words, or by their exact names. Waits, within a limit, for servers that were never seen."""
        ...

    async def resources(self, server: str = "") -> tuple[McpResource, ...]:
        """What can be read, of one server or of all. ToolError for a server that there is not."""
        ...

    async def read(self, server: str, uri: str) -> str:
        """The text of a resource, bounded, marked as a stranger's words. ToolError where it cannot be had."""
        ...


class NoServers:
    """There are none."""

    async def search(self, query: str, limit: int) -> Matches:
        return Matches((), 0)

    async def resources(self, server: str = "") -> tuple[McpResource, ...]:
        return ()

    async def read(self, server: str, uri: str) -> str:
        raise ToolError("There are no MCP servers.")
