"""Finds tools of servers by words, and says in a line each what there is to be found."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cass.mcp.server import Server
from cass.mcp.tool import McpTool
from cass.protocol.wire import as_object

_NOISE = frozenset(
    [
        "a",
        "an",
        "and",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "or",
        "that",
        "the",
        "to",
        "tool",
        "tools",
        "use",
        "using",
        "with",
    ]
)


def best(query: str, tools: Mapping[str, McpTool], limit: int) -> list[McpTool]:
    """The tools that fit best, at most so many. Exact names, with commas or spaces between them, find just these."""
    exact = [word for word in re.split(r"[\s,]+", query.removeprefix("select:")) if word in tools]
    if exact:
        return [tools[name] for name in dict.fromkeys(exact)][:limit]
    words = [word for word in _words(query) if word not in _NOISE]
    scored = [(_score(words, tool), name) for name, tool in tools.items()]
    good = sorted((one for one in scored if one[0] > 0), key=lambda one: (-one[0], one[1]))
    return [tools[name] for _, name in good[:limit]]


def names(query: str, server: str) -> bool:
    """Whether a search speaks of this server."""
    return bool(set(_words(server)) & set(_words(query)))


def _score(words: list[str], tool: McpTool) -> float:
    name, server = _words(tool.fact.name), _words(tool.server.name)
    about = _words(f"{tool.fact.title} {tool.fact.description}")
    parameters = _words(" ".join(_names(tool)))
    total = 0.0
    for word in words:
        total += (
            5 * _has(word, name) + 2 * _has(word, server) + 1.5 * _has(word, about) + 0.5 * _has(word, parameters)
        )
    return total


def _has(word: str, among: list[str]) -> float:
    if word in among:
        return 1.0
    stem = word[:-1] if word.endswith("s") else word
    near = any(one.startswith(stem) or (len(one) > 3 and stem.startswith(one)) for one in among)
    return 0.6 if len(stem) > 2 and near else 0.0


def _words(text: str) -> list[str]:
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word]


def _names(tool: McpTool) -> list[str]:
    return list(as_object(tool.fact.schema_.get("properties")))


def listed(servers: Mapping[str, Server], most: int = 30) -> str:
    """The servers for the system prompt, a line each; empty for none."""
    rows: list[str] = []
    for server in list(servers.values())[:most]:
        facts = server.kept.facts
        if facts is None:
            rows.append(f"- {server.name}")
            continue
        tools = [tool.name for tool in server.kept.offered]
        shown, rest = "", len(tools)
        for tool in tools:
            if len(shown) + len(tool) > 90:
                break
            shown, rest = f"{shown}{', ' if shown else ''}{tool[:60]}", rest - 1
        rows.append(
            f"- {server.name}: {shown}{f' and {rest} more' if rest else ''}" if tools else f"- {server.name}"
        )
    return "MCP servers, and tools of theirs:\n" + "\n".join(rows) if rows else ""
