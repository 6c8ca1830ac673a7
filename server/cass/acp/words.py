"""The part of ACP v1 that cass speaks: what clients ask, and what they are answered. Updates are in `saying`.

The names are the protocol's. The tests hold every message that is sent against its official schema.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cass.protocol import reaching
from cass.protocol.wire import JsonObject, Method, Wire

VERSION = 1

PermissionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]


class InitializeParams(Wire):
    """The latest version that the client speaks, and what it can do; read by `abilities`."""

    protocol_version: int = Field(ge=0, le=65535)
    client_capabilities: JsonObject | None = None


class AuthenticateParams(Wire):
    """A way to sign in."""

    method_id: str


class SessionParams(Wire):
    """The session that is meant."""

    session_id: str


class Pair(Wire):
    """A variable or a header."""

    name: str
    value: str


class McpServer(Wire):
    """Another program's tools: a `command` with its arguments, or a `url` that speaks HTTP or, as `type` `sse`, the older
    HTTP."""

    name: str = ""
    type: Literal["stdio", "http", "sse"] | None = None
    command: str | None = None
    args: tuple[str, ...] = ()
    env: tuple[Pair, ...] = ()
    url: str | None = None
    headers: tuple[Pair, ...] = ()


class NewParams(Wire):
    """Open a session in a folder."""

    cwd: str
    additional_directories: tuple[str, ...] | None = None
    mcp_servers: tuple[McpServer, ...] | None = None

    def servers(self) -> dict[str, reaching.McpServer]:
        """The servers by name, in cass's own words."""
        return {
            one.name: reaching.McpServer(
                type=one.type,
                command=one.command,
                args=one.args,
                env={pair.name: pair.value for pair in one.env},
                url=one.url,
                headers={pair.name: pair.value for pair in one.headers},
            )
            for one in self.mcp_servers or ()
            if one.name
        }


class ReopenParams(NewParams):
    """Open an earlier session; `session/load` replays it, `session/resume` does not."""

    session_id: str


class ListParams(Wire):
    """Stored sessions, of one folder or of all."""

    cwd: str | None = None
    cursor: str | None = None


class PromptParams(Wire):
    """What the user says, in blocks that `prompts` reads."""

    session_id: str
    prompt: tuple[JsonObject, ...] = Field(min_length=1)


class ModeParams(Wire):
    """Switch the mode."""

    session_id: str
    mode_id: str


class OptionParams(Wire):
    """Switch an option."""

    session_id: str
    config_id: str
    value: str


class Mode(Wire):
    """A mode that may be chosen."""

    id: str
    name: str
    description: str | None = None


class Modes(Wire):
    """All modes and the present one."""

    current_mode_id: str
    available_modes: tuple[Mode, ...]


class Choice(Wire):
    """One value of an option."""

    value: str
    name: str
    description: str | None = None


class Option(Wire):
    """Something that the user may switch, with all its values."""

    type: Literal["select"] = "select"
    id: str
    name: str
    category: str | None = None
    description: str | None = None
    current_value: str
    options: tuple[Choice, ...]


class Opened(Wire):
    """An open session. `session_id` is said for a new one only."""

    session_id: str | None = None
    modes: Modes
    config_options: tuple[Option, ...]


class SessionEntry(Wire):
    """A stored session."""

    session_id: str
    cwd: str
    title: str | None = None
    updated_at: str | None = None


class Listed(Wire):
    """One page of sessions."""

    sessions: tuple[SessionEntry, ...]
    next_cursor: str | None = None


class Ended(Wire):
    """Why the turn is over."""

    stop_reason: Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"]


class Options(Wire):
    """All options with their present values."""

    config_options: tuple[Option, ...]


class Done(Wire):
    """Nothing to say."""


AUTHENTICATE = Method("authenticate", AuthenticateParams, Done)
NEW = Method("session/new", NewParams, Opened)
LOAD = Method("session/load", ReopenParams, Opened)
RESUME = Method("session/resume", ReopenParams, Opened)
LIST = Method("session/list", ListParams, Listed)
CLOSE = Method("session/close", SessionParams, Done)
DELETE = Method("session/delete", SessionParams, Done)
PROMPT = Method("session/prompt", PromptParams, Ended)
CANCEL = Method("session/cancel", SessionParams, None)
SET_MODE = Method("session/set_mode", ModeParams, Done)
SET_OPTION = Method("session/set_config_option", OptionParams, Options)
