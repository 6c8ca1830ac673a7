"""The kinds of `session/update`, as ACP v1 has them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cass.acp.words import Option
from cass.protocol.events import PlanEntry
from cass.protocol.messages import ContentBlock, ToolKind
from cass.protocol.wire import JsonObject, Wire

ChunkKind = Literal["user_message_chunk", "agent_message_chunk", "agent_thought_chunk"]
Severity = Literal["info", "warning", "error"]


class Chunk(Wire):
    """A piece of a message."""

    session_update: ChunkKind
    message_id: str | None = None
    content: ContentBlock


class Diff(Wire):
    """A change to a file, or to a part of it; `old_text` is absent where nothing was before."""

    type: Literal["diff"] = "diff"
    path: str
    old_text: str | None = None
    new_text: str


class Shown(Wire):
    """Text or a picture of a tool call."""

    type: Literal["content"] = "content"
    content: ContentBlock


class Location(Wire):
    """A place that a call touches; `line` counts from 1."""

    path: str
    line: int | None = None


Content = Diff | Shown


class Call(Wire):
    """A tool call, or what is new of it. The first one names it and has its title."""

    session_update: Literal["tool_call", "tool_call_update"] | None = None
    tool_call_id: str
    title: str | None = None
    kind: ToolKind | None = None
    status: Literal["pending", "in_progress", "completed", "failed"] | None = None
    locations: tuple[Location, ...] | None = None
    content: tuple[Content, ...] | None = None
    raw_input: JsonObject | None = None
    raw_output: JsonObject | None = None


class Plan(Wire):
    """The to-dos, whole."""

    session_update: Literal["plan"] = "plan"
    entries: tuple[PlanEntry, ...]


class CommandInput(Wire):
    """What may follow a command's name."""

    hint: str


class Command(Wire):
    """A slash command."""

    name: str
    description: str
    input: CommandInput | None = None


class Commands(Wire):
    """All slash commands."""

    session_update: Literal["available_commands_update"] = "available_commands_update"
    available_commands: tuple[Command, ...]


class ModeNow(Wire):
    """The mode is another one now."""

    session_update: Literal["current_mode_update"] = "current_mode_update"
    current_mode_id: str


class OptionsNow(Wire):
    """All options with their values."""

    session_update: Literal["config_option_update"] = "config_option_update"
    config_options: tuple[Option, ...]


class Title(Wire):
    """The session's title."""

    session_update: Literal["session_info_update"] = "session_info_update"
    title: str


class Cost(Wire):
    """What the session cost so far."""

    amount: float
    currency: str = "USD"


class Used(Wire):
    """How full the model's window is, in tokens."""

    session_update: Literal["usage_update"] = "usage_update"
    used: int = Field(ge=0)
    size: int = Field(ge=0)
    cost: Cost | None = None


class Remark(Wire):
    """Something the user should read, for clients that know notices."""

    session_update: Literal["notice"] = "notice"
    severity: Severity
    title: str = Field(min_length=1)
    description: str | None = None


Saying = Chunk | Call | Plan | Commands | ModeNow | OptionsNow | Title | Used | Remark
