"""Asks a server for everything that it offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import mcp_types as types
from mcp.shared.exceptions import MCPError

from cass.mcp import schemas
from cass.mcp.facts import MOST, ArgumentFact, PromptFact, ResourceFact, ToolFact, line, plain
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from mcp.client import Client

_PAGES = 50


class _Page(Protocol):
    @property
    def next_cursor(self) -> str | None: ...


P = TypeVar("P", bound=_Page)


@dataclass(frozen=True)
class Offered:
    """What it offers."""

    tools: tuple[ToolFact, ...]
    prompts: tuple[PromptFact, ...]
    resources: tuple[ResourceFact, ...]


async def everything(client: Client) -> Offered:
    """All of it, page by page, at most a thousand of each kind. MCPError where it cannot list its tools; that it cannot
    list the rest is as if there was none."""
    can = client.server_capabilities
    tools: list[ToolFact] = []
    if can.tools is not None:
        for page in await _pages(lambda cursor: client.list_tools(cursor=cursor)):
            tools += map(_tool, page.tools)
    prompts: list[PromptFact] = []
    if can.prompts is not None:
        for page in await _tried(lambda cursor: client.list_prompts(cursor=cursor)):
            prompts += map(_prompt, page.prompts)
    resources: list[ResourceFact] = []
    if can.resources is not None:
        for page in await _tried(lambda cursor: client.list_resources(cursor=cursor)):
            resources += (_resource(one, one.uri) for one in page.resources)
        for page in await _tried(lambda cursor: client.list_resource_templates(cursor=cursor)):
            resources += (_resource(one, one.uri_template) for one in page.resource_templates)
    return Offered(tuple(_each_once(tools)), tuple(prompts[:MOST]), tuple(resources[:MOST]))


async def _pages(fetch: Callable[[str | None], Awaitable[P]]) -> list[P]:
    pages: list[P] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await fetch(cursor)
        pages.append(page)
        if page.next_cursor is None or page.next_cursor == cursor:
            break
        cursor = page.next_cursor
    return pages


async def _tried(fetch: Callable[[str | None], Awaitable[P]]) -> list[P]:
    try:
        return await _pages(fetch)
    except MCPError:
        return []


def _each_once(tools: list[ToolFact]) -> list[ToolFact]:
    return list({tool.name: tool for tool in reversed(tools[:MOST])}.values())[::-1]


def _tool(tool: types.Tool) -> ToolFact:
    hints = tool.annotations or types.ToolAnnotations()
    return ToolFact(
        name=tool.name,
        title=line(tool.title or hints.title),
        description=plain(tool.description),
        schema_=schemas.mended(cast("JsonObject", tool.input_schema)),
        reads_only=hints.read_only_hint is True,
        destroys=hints.read_only_hint is not True and hints.destructive_hint is not False,
    )


def _prompt(prompt: types.Prompt) -> PromptFact:
    given = prompt.arguments or []
    return PromptFact(
        name=prompt.name,
        title=line(prompt.title),
        description=line(prompt.description, 400),
        arguments=tuple(
            ArgumentFact(name=a.name, description=line(a.description, 300), required=bool(a.required))
            for a in given[:50]
        ),
    )


def _resource(found: types.Resource | types.ResourceTemplate, uri: str) -> ResourceFact:
    return ResourceFact(
        uri=line(uri, 2_000),
        name=line(found.title or found.name),
        description=line(found.description, 300),
        mime_type=line(found.mime_type),
    )
