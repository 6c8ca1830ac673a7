"""What the model calls the tools of servers: `mcp__server__tool`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable

PREFIX = "mcp__"

_LONGEST = 64


def given(pairs: Iterable[tuple[str, str]], taken: Collection[str] = ()) -> dict[str, tuple[str, str]]:
    """A name for each pair of server and tool: ASCII, at most 64 characters, the same for the same set of pairs; none
    that is `taken`. Of two that would be called the same the later one, in order of name, has a mark at its end."""
    names: dict[str, tuple[str, str]] = {}
    for server, tool in sorted(set(pairs)):
        name = spelled(server, tool)
        if name in names or name in taken:
            name = _marked(name, server, tool)
        names.setdefault(name, (server, tool))
    return names


def spelled(server: str, tool: str) -> str:
    """The name of one, as long as there is no other like it."""
    name = f"{PREFIX}{_plain(server)}__{_plain(tool)}"
    return name if len(name) <= _LONGEST else _marked(name, server, tool)


def server_part(server: str) -> str:
    """How the names of a server's tools begin."""
    return f"{PREFIX}{_plain(server)}__"


def _plain(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", word) or "_"


def _marked(name: str, server: str, tool: str) -> str:
    mark = hashlib.sha256(f"{server}\0{tool}".encode("utf-8", "surrogatepass")).hexdigest()[:7]
    return f"{name[: _LONGEST - 8]}_{mark}"
