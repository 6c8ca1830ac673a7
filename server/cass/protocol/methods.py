"""Every method of the protocol as an object: its name, its parameters, its result, who may call it.

Requests go from the client to the server unless the method stands in the second half of this file.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cass.protocol import agents, custom, editing, keeping, rewinding
from cass.protocol.asking import (
    ElicitationCompleteParams,
    ElicitationParams,
    ElicitationResult,
    RequestPermissionParams,
    RequestPermissionResult,
    SessionUpdateParams,
)
from cass.protocol.edits import EditProposal, HunkDecision, ProposalState
from cass.protocol.events import ConfigOption, PlanEntry, SessionState
from cass.protocol.looking import (
    CommandListParams,
    CommandListResult,
    ContextGetResult,
    ModelsListResult,
    SessionInfo,
    StatusResult,
)
from cass.protocol.messages import ContentBlock, StopReason, Usage
from cass.protocol.offering import AvailableCommand
from cass.protocol.reaching import McpServer
from cass.protocol.wire import JsonObject, Method, Wire

PROTOCOL_VERSION = 1

TrustWord = Literal["ask", "yes", "no"]


class Empty(Wire):
    """No fields."""


class SessionParams(Wire):
    """The session that is meant."""

    session_id: str


class Rules(Wire):
    """Permission rules for one session, on top of the configured ones."""

    allow: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class SessionNewParams(Wire):
    """Open a session in a folder. `config_options` maps an option's id to its value. `trust` is the user's word about
    what the folder brings: `ask` goes by what was decided, and asks; `yes` trusts it, as it is now, for this session;
    `no` leaves it out, whatever was decided. `mcp_servers` are MCP servers by name, besides those of the user and the
    folder."""

    cwd: str
    additional_directories: tuple[str, ...] = ()
    config_options: dict[str, str] = Field(default_factory=dict)
    rules: Rules = Rules()
    max_turns: int | None = Field(default=None, ge=1)
    trust: TrustWord = "ask"
    mcp_servers: dict[str, McpServer] = Field(default_factory=dict)


class SessionNewResult(Wire):
    """The new session."""

    session_id: str
    config_options: tuple[ConfigOption, ...]
    commands: tuple[AvailableCommand, ...]


class ReplayFromStart(Wire):
    """Replay everything the journal keeps."""

    type: Literal["start"] = "start"


class ReplayFromSeq(Wire):
    """Replay what came after update `seq`, as far as this process still has it."""

    type: Literal["seq"] = "seq"
    seq: int = Field(ge=0)


class SessionResumeParams(Wire):
    """Open a stored session, or attach to a live one. Without `replay_from` nothing is replayed. The additional
    directories and MCP servers are not stored: a session that is opened again has those that are named here."""

    session_id: str
    cwd: str | None = None
    additional_directories: tuple[str, ...] = ()
    replay_from: Annotated[ReplayFromStart | ReplayFromSeq, Field(discriminator="type")] | None = None
    config_options: dict[str, str] = Field(default_factory=dict)
    rules: Rules = Rules()
    max_turns: int | None = Field(default=None, ge=1)
    trust: TrustWord = "ask"
    mcp_servers: dict[str, McpServer] = Field(default_factory=dict)


class SessionResumeResult(Wire):
    """The session after the replay. The next update has the number `seq + 1`."""

    session_id: str
    seq: int
    state: SessionState
    cwd: str
    config_options: tuple[ConfigOption, ...]
    commands: tuple[AvailableCommand, ...]


class SessionListParams(Wire):
    """Sessions of one folder, or of all. Newest first. Those that were archived only with `archived`. `prefix` is how the
    id begins, `tag` one of its tags."""

    cwd: str | None = None
    archived: bool = False
    prefix: str = ""
    tag: str | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


class SessionListResult(Wire):
    """One page of sessions."""

    sessions: tuple[SessionInfo, ...]
    next_cursor: str | None = None


class PromptContext(Wire):
    """What the user is looking at, for the model."""

    active_uri: str | None = None
    selection: str | None = None
    open_uris: tuple[str, ...] = ()


class PromptParams(Wire):
    """Say something. `start` needs an idle session, `queue` waits for the turn's end, `steer` reaches the
    running turn before its next request; without a mode it is `start` when idle and `queue` when not. The same
    `client_key` again is the same prompt: no second turn. With `wait` the answer comes at the turn's end."""

    session_id: str
    prompt: tuple[ContentBlock, ...] = Field(min_length=1)
    client_key: str | None = None
    mode: Literal["start", "steer", "queue"] | None = None
    expected_turn_id: str | None = None
    context: PromptContext | None = None
    wait: bool = False


class PromptResult(Wire):
    """Accepted: `turn_id` and `message_id`. At the end, with `wait`: also `stop_reason`, the answer's `text` and
    the turn's `usage`, and `error` for a turn that failed."""

    turn_id: str
    message_id: str | None = None
    stop_reason: StopReason | None = None
    text: str | None = None
    usage: Usage | None = None
    error: JsonObject | None = None


class CancelParams(Wire):
    """Stop the running turn and drop what is queued. A `turn_id` that is not running is ignored."""

    session_id: str
    turn_id: str | None = None


class SetConfigOptionParams(Wire):
    """Switch an option of the session."""

    session_id: str
    config_id: str
    value: str


class ConfigOptionsResult(Wire):
    """All options with their present values."""

    config_options: tuple[ConfigOption, ...]


class EditGetParams(Wire):
    """The proposal that is meant."""

    proposal_id: str


class EditGetResult(Wire):
    """A proposal with all its hunks."""

    proposal: EditProposal


class EditResolveParams(Wire):
    """Decide about a proposal. `acceptHunks` takes the hunks in `hunk_ids` and refuses the others; `decisions`
    says it hunk by hunk instead, with reasons and amended text. The same call again answers the same."""

    proposal_id: str
    action: Literal["accept", "reject", "acceptHunks"]
    hunk_ids: tuple[str, ...] = ()
    decisions: tuple[HunkDecision, ...] = ()
    base_hash: str | None = None
    reason: str | None = None


class EditResolveResult(Wire):
    """The proposal's state afterwards, the files that were written, and those that could not be."""

    state: ProposalState
    applied_uris: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


class ShellParams(Wire):
    """Run a command of the user's own (`!cmd`), not of the model's. It is not asked about: the user typed it.
    Its output is told to the model with the next prompt."""

    session_id: str
    command: str = Field(min_length=1)


class ShellResult(Wire):
    """How it ended. `exit_code` is None when it was stopped."""

    exit_code: int | None
    output: str


class SetPlanParams(Wire):
    """The whole list of to-dos as the user wants it. The model is told with its next request."""

    session_id: str
    entries: tuple[PlanEntry, ...] = Field(max_length=50)


SESSION_NEW = Method("cass/session/new", SessionNewParams, SessionNewResult)
SESSION_RESUME = Method("cass/session/resume", SessionResumeParams, SessionResumeResult)
SESSION_LIST = Method("cass/session/list", SessionListParams, SessionListResult)
SESSION_CLOSE = Method("cass/session/close", SessionParams, Empty)
SESSION_DELETE = Method("cass/session/delete", SessionParams, Empty)
SESSION_PROMPT = Method("cass/session/prompt", PromptParams, PromptResult)
SESSION_CANCEL = Method("cass/session/cancel", CancelParams, None)
SET_CONFIG_OPTION = Method("cass/session/setConfigOption", SetConfigOptionParams, ConfigOptionsResult)
SET_PLAN = Method("cass/session/setPlan", SetPlanParams, Empty)
SESSION_SHELL = Method("cass/session/shell", ShellParams, ShellResult)
EDIT_GET = Method("cass/edit/get", EditGetParams, EditGetResult)
EDIT_RESOLVE = Method("cass/edit/resolve", EditResolveParams, EditResolveResult)
CONTEXT_GET = Method("cass/context/get", SessionParams, ContextGetResult)
COMMAND_LIST = Method("cass/command/list", CommandListParams, CommandListResult)
MODELS_LIST = Method("cass/models/list", Empty, ModelsListResult)
STATUS = Method("cass/status", Empty, StatusResult)

CLIENT_TO_SERVER = (
    SESSION_NEW,
    SESSION_RESUME,
    SESSION_LIST,
    SESSION_CLOSE,
    SESSION_DELETE,
    SESSION_PROMPT,
    SESSION_CANCEL,
    SET_CONFIG_OPTION,
    SET_PLAN,
    SESSION_SHELL,
    EDIT_GET,
    EDIT_RESOLVE,
    CONTEXT_GET,
    COMMAND_LIST,
    MODELS_LIST,
    STATUS,
    *editing.CLIENT_TO_SERVER,
    *rewinding.CLIENT_TO_SERVER,
    *keeping.CLIENT_TO_SERVER,
    *custom.CLIENT_TO_SERVER,
    *agents.CLIENT_TO_SERVER,
)


# --- from the server to the client ---

SESSION_UPDATE = Method("cass/session/update", SessionUpdateParams, None)
REQUEST_PERMISSION = Method("cass/session/requestPermission", RequestPermissionParams, RequestPermissionResult)
ELICITATION = Method("cass/elicitation/create", ElicitationParams, ElicitationResult)
ELICITATION_COMPLETE = Method("cass/elicitation/complete", ElicitationCompleteParams, None)

SERVER_TO_CLIENT = (
    SESSION_UPDATE,
    REQUEST_PERMISSION,
    ELICITATION,
    ELICITATION_COMPLETE,
    *editing.SERVER_TO_CLIENT,
)
