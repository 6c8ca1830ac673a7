"""MCP servers as the user sees them: nothing of one that does its work, a line of one that needs them."""

from __future__ import annotations

from cass_cli.escape import escape_line
from cass_cli.fields import Json, get_text, get_texts

_WORDS = {
    "failed": "does not run",
    "login": "wants you to sign in",
    "changed": "has changed",
    "starting": "broke down",
}


class Resources:
    """What can be named as `@server:uri`."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}

    def heard(self, update: Json) -> None:
        """A server stands otherwise."""
        if get_text(update, "sessionUpdate") == "_mcp_update":
            self._known[get_text(update, "server")] = get_texts(update, "resources")

    @property
    def names(self) -> list[str]:
        """All of them, as they are typed behind the `@`."""
        return [f"{server}:{uri}" for server, uris in self._known.items() for uri in uris]


def line(update: Json) -> str:
    """How a server stands, in words; empty where that is nobody's worry."""
    state, text = get_text(update, "state"), escape_line(get_text(update, "text"))
    if state not in _WORDS or not text:
        return ""
    name = escape_line(get_text(update, "server"))
    hint = "" if state != "login" else f"; `/mcp login {name}` does that"
    return f"MCP server {name} {_WORDS[state]}: {text}{hint}"
