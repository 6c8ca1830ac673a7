"""Reads out of a file which commands its hooks and MCP servers would run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from cass import frontmatter, plainfile

_MOST_BYTES = 1_000_000


def commands_of(path: Path) -> list[str]:
    """Every text below `hooks` in a settings file of JSON or TOML, or in the head of a command, and the command line of
    every MCP server; none for a file that cannot be read."""
    try:
        values = _values(plainfile.read(path, _MOST_BYTES).decode("utf-8-sig"), path.suffix.lower())
    except (OSError, ValueError, RecursionError):
        return []
    tree = _tree(values)
    return [*_texts(tree.get("hooks")), *_servers(tree)]


def _servers(tree: dict[str, object]) -> Iterator[str]:
    """What its MCP servers run: the program, its arguments, and the folder in which it runs."""
    for entries in (tree.get("mcpServers"), tree.get("servers"), _tree(tree.get("mcp")).get("servers")):
        for entry in _tree(entries).values():
            words = [text for key in ("cwd", "command", "args") for text in _texts(_tree(entry).get(key))]
            if words:
                yield shlex.join(words).replace("${workspaceFolder}", ".")


def _tree(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _values(text: str, suffix: str) -> object:
    if suffix == ".md":  # YAML is slow to load: only for those that have some
        return frontmatter.read(text).values if re.search(r"^[\"']?hooks[\"']?\s*:", text, re.MULTILINE) else {}
    return plainfile.toml(text) if suffix == ".toml" else json.loads(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast("dict[str, object]", value).values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _texts(inner)
