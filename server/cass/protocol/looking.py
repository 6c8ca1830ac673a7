"""Looking around: the model's window, commands, models, the server itself."""

from __future__ import annotations

from typing import Literal

from cass.protocol.messages import Usage
from cass.protocol.offering import AvailableCommand
from cass.protocol.wire import Wire


class SessionInfo(Wire):
    """A stored session. Times are ISO 8601 in UTC. `parent` is the session that it was forked from, `origin` the program
    that it was brought in from."""

    session_id: str
    cwd: str
    title: str
    created_at: str
    updated_at: str
    state: Literal["idle", "running", "requires_action", "closed"] = "closed"
    messages: int = 0
    tags: tuple[str, ...] = ()
    archived: bool = False
    parent: str | None = None
    origin: str | None = None


class ContextPart(Wire):
    """One part of what the model is sent. `tokens` is counted or, mostly, estimated."""

    name: str
    tokens: int


class ContextItem(Wire):
    """One thing that the model is sent: of the part `kind`, a message, a tool's result, a file with rules."""

    kind: str
    name: str
    tokens: int


class ContextGetResult(Wire):
    """Where the model's window goes. `size` is the window, `window` says how it is known; a request of more than
    `compacts_at` tokens is made shorter first. `estimated` is true until the provider has counted a request. `total`
    is what the session used so far; `compacted` says that something is left out, which `/uncompact` gives back, and
    `summary` is what the model reads in its place, if it was summed up."""

    used: int
    size: int
    estimated: bool
    window: str = ""
    compacts_at: int = 0
    parts: tuple[ContextPart, ...]
    items: tuple[ContextItem, ...] = ()
    total: Usage = Usage()
    compacted: bool = False
    summary: str | None = None


class CommandListParams(Wire):
    """The session whose commands are meant; none for the built-in ones."""

    session_id: str | None = None


class CommandListResult(Wire):
    """Slash commands, by name."""

    commands: tuple[AvailableCommand, ...]


class ModelInfo(Wire):
    """A model as `provider/model`. `context_window` is in tokens, None when unknown; prices are US dollars per
    million tokens."""

    name: str
    context_window: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    note: str | None = None


class ModelsListResult(Wire):
    """What the configured providers offer. `problems` says which could not be asked, and why."""

    models: tuple[ModelInfo, ...]
    default: str | None = None
    problems: tuple[str, ...] = ()


class StatusResult(Wire):
    """This server: its version, process, open sessions, and what it found to talk to."""

    version: str
    pid: int
    sessions: tuple[SessionInfo, ...]
    model: str | None = None
    messages: tuple[str, ...] = ()
