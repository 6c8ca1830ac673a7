"""Everything that can happen in a session. An event is what the journal keeps and what clients are sent.

The tag `sessionUpdate` holds ACP v2's word for the kind; words that begin with `_` are cass's own. A *durable*
event is in the journal before any client sees it; the others are for the eyes of whoever is looking now, and
whatever they say is said again, whole, by a durable one.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cass.protocol.custom import FindingsUpdate, HookUpdate, StepUpdate, TrustUpdate
from cass.protocol.history import (
    CompactionUpdate,
    EffectsUpdate,
    JobUpdate,
    PromptDropped,
    PromptQueued,
    Rewound,
    SummaryEdited,
    Uncompacted,
)
from cass.protocol.messages import (
    ContentBlock,
    Image,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    ToolKind,
    ToolStatus,
    Usage,
)
from cass.protocol.offering import AvailableCommandsUpdate
from cass.protocol.reaching import AgentUpdate, McpUpdate, ReminderUpdate, ToolsFound
from cass.protocol.reviewing import EditUpdate, ReviewBase, ReviewUpdate
from cass.protocol.wire import JsonObject, SessionEvent, Wire

SessionState = Literal["idle", "running", "requires_action"]


class UserMessage(SessionEvent):
    """The user's words. `steering` marks those given while a turn was running. Those with the source `editor` were
    not typed by anybody: they tell the model what happened to files it knows. Those with the source `hook` are what a
    hook has the model told; with `agent`, what a sub-agent came to."""

    durable: ClassVar[bool] = True
    session_update: Literal["user_message"] = "user_message"
    message_id: str
    content: tuple[ContentBlock, ...]
    steering: bool = False
    source: Literal["user", "editor", "hook", "agent"] = "user"
    client_key: str | None = None


class AgentMessage(SessionEvent):
    """A whole answer of the model, authoritative over the chunks before it. `interrupted` marks one that was
    cut by the user, a limit or a broken connection: it is not a finished answer. `planned` calls were made by a command of
    the user's, not by the model."""

    durable: ClassVar[bool] = True
    session_update: Literal["agent_message"] = "agent_message"
    message_id: str
    content: tuple[Annotated[Text | Thinking | ToolCall, Field(discriminator="type")], ...]
    model: str = ""
    usage: Usage | None = None
    interrupted: bool = False
    planned: bool = False


class AgentMessageChunk(SessionEvent):
    """Some more text of an answer."""

    session_update: Literal["agent_message_chunk"] = "agent_message_chunk"
    message_id: str
    content: Text


class AgentThoughtChunk(SessionEvent):
    """Some more of the model's reasoning."""

    session_update: Literal["agent_thought_chunk"] = "agent_thought_chunk"
    message_id: str
    content: Text


class MessageDiscarded(SessionEvent):
    """The chunks of this message so far are void: the stream broke and is being asked for again."""

    session_update: Literal["_message_discarded"] = "_message_discarded"
    message_id: str


class ToolLocation(Wire):
    """A place that a tool call touches. `line` counts from 1."""

    path: str
    line: int | None = None


class DiffContent(Wire):
    """A change to one file as whole-file hunks in unified form, for display."""

    type: Literal["diff"] = "diff"
    path: str
    patch: str


class TextContent(Wire):
    """Content of a tool call, for display."""

    type: Literal["content"] = "content"
    content: Annotated[Text | Image, Field(discriminator="type")]


ToolContent = Annotated[DiffContent | TextContent, Field(discriminator="type")]


class ToolCallUpdate(SessionEvent):
    """A tool call's state. The first one with an id creates it; absent fields keep their value. `result` is
    what the model reads, given with the final status."""

    session_update: Literal["tool_call_update"] = "tool_call_update"
    tool_call_id: str
    status: ToolStatus
    name: str | None = None
    title: str | None = None
    kind: ToolKind | None = None
    raw_input: JsonObject | None = None
    locations: tuple[ToolLocation, ...] | None = None
    content: tuple[ToolContent, ...] | None = None
    result: tuple[Annotated[Text | Image, Field(discriminator="type")], ...] | None = None
    exit_code: int | None = None
    elapsed_ms: int | None = None

    @property
    def is_durable(self) -> bool:
        """Starts and ends are kept; waiting for an answer is not."""
        return self.status != "pending"


class ToolCallContentChunk(SessionEvent):
    """Output of a running tool."""

    session_update: Literal["tool_call_content_chunk"] = "tool_call_content_chunk"
    tool_call_id: str
    content: TextContent


class PlanEntry(Wire):
    """One to-do."""

    content: str
    status: Literal["pending", "in_progress", "completed"] = "pending"
    priority: Literal["high", "medium", "low"] = "medium"


class PlanUpdate(SessionEvent):
    """The whole list of to-dos, replacing the one before."""

    durable: ClassVar[bool] = True
    session_update: Literal["plan_update"] = "plan_update"
    entries: tuple[PlanEntry, ...]


class ConfigOptionValue(Wire):
    """One choice of a config option."""

    value: str
    name: str
    description: str | None = None


class ConfigOption(Wire):
    """Something of the session that the user may switch: mode, approval, model, effort. `options` is empty
    where any value of the right form is taken."""

    id: str
    name: str
    category: str
    current_value: str
    options: tuple[ConfigOptionValue, ...] = ()
    description: str | None = None


class ConfigOptionUpdate(SessionEvent):
    """All config options with their present values."""

    durable: ClassVar[bool] = True
    session_update: Literal["config_option_update"] = "config_option_update"
    config_options: tuple[ConfigOption, ...]


class SessionInfoUpdate(SessionEvent):
    """What the session is called and kept under, all of it."""

    durable: ClassVar[bool] = True
    session_update: Literal["session_info_update"] = "session_info_update"
    title: str
    tags: tuple[str, ...] = ()
    archived: bool = False


class UsageUpdate(SessionEvent):
    """How full the model's window is: tokens used, its size (0 when unknown), and the session's usage so far.
    `estimated` is true until the provider has reported a count."""

    session_update: Literal["usage_update"] = "usage_update"
    used: int
    size: int
    estimated: bool = True
    total: Usage | None = None


class TurnError(Wire):
    """Why a turn failed, for a person: `kind` is one of the error kinds of the protocol."""

    kind: str
    message: str
    hint: str | None = None


class StateUpdate(SessionEvent):
    """The session began to work, waits for the user, or is idle. Exactly one `idle` ends each turn and carries
    its stop reason and usage."""

    session_update: Literal["state_update"] = "state_update"
    state: SessionState
    stop_reason: StopReason | None = None
    usage: Usage | None = None
    error: TurnError | None = None

    @property
    def is_durable(self) -> bool:
        """A turn's start and end are kept; waiting is not."""
        return self.state != "requires_action"


class PermissionGranted(SessionEvent):
    """The user allowed this rule for the rest of the session."""

    durable: ClassVar[bool] = True
    session_update: Literal["_permission_granted"] = "_permission_granted"
    rule: str


class HistoryCleared(SessionEvent):
    """The model starts with an empty conversation from here; the journal keeps what was."""

    durable: ClassVar[bool] = True
    session_update: Literal["_history_cleared"] = "_history_cleared"


class Retry(SessionEvent):
    """A request to the model failed and will be sent again in `in_ms` milliseconds."""

    session_update: Literal["_retry"] = "_retry"
    attempt: int
    max_attempts: int
    in_ms: int
    reason: str


class Notice(SessionEvent):
    """Something the user should read."""

    session_update: Literal["_notice"] = "_notice"
    level: Literal["info", "warning", "error"]
    text: str


Event = Annotated[
    UserMessage
    | AgentMessage
    | AgentMessageChunk
    | AgentThoughtChunk
    | MessageDiscarded
    | ToolCallUpdate
    | ToolCallContentChunk
    | PlanUpdate
    | ConfigOptionUpdate
    | AvailableCommandsUpdate
    | SessionInfoUpdate
    | UsageUpdate
    | StateUpdate
    | EditUpdate
    | ReviewUpdate
    | ReviewBase
    | PermissionGranted
    | HistoryCleared
    | CompactionUpdate
    | SummaryEdited
    | Uncompacted
    | Rewound
    | EffectsUpdate
    | JobUpdate
    | PromptQueued
    | PromptDropped
    | TrustUpdate
    | HookUpdate
    | StepUpdate
    | FindingsUpdate
    | McpUpdate
    | ToolsFound
    | AgentUpdate
    | ReminderUpdate
    | Retry
    | Notice,
    Field(discriminator="session_update"),
]
