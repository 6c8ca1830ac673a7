"""What the server sends and asks: updates, permission, questions of the model."""

from __future__ import annotations

from typing import Literal

from cass.protocol.edits import EditProposal, HunkDecision
from cass.protocol.events import Event
from cass.protocol.wire import JsonObject, Wire


class SessionUpdateParams(Wire):
    """One event. `seq` counts up by one within a session, without gaps, on each connection."""

    session_id: str
    seq: int
    update: Event


class PermissionOption(Wire):
    """An answer that may be given. `kind` is ACP's word for what it does."""

    option_id: str
    name: str
    kind: Literal["allow_once", "allow_always", "reject_once", "reject_always"]


class PermissionSubject(Wire):
    """What is asked about: a tool call, a command line, or an edit proposal."""

    type: Literal["tool_call", "command", "edit"]
    tool_call_id: str
    command: str | None = None
    cwd: str | None = None
    proposal_id: str | None = None


class RequestPermissionParams(Wire):
    """May this run? What is shown is what will run, byte for byte. Control characters in it are the client's to
    show escaped."""

    session_id: str
    turn_id: str
    title: str
    description: str | None = None
    subject: PermissionSubject
    options: tuple[PermissionOption, ...]
    proposal: EditProposal | None = None


class PermissionOutcome(Wire):
    """The answer. `note` is told to the model on a refusal; `hunks` gives a verdict hunk by hunk for an edit.
    Anything but a known option is a refusal."""

    outcome: Literal["selected", "cancelled"]
    option_id: str | None = None
    note: str | None = None
    hunks: tuple[HunkDecision, ...] = ()


class RequestPermissionResult(Wire):
    """The user's answer."""

    outcome: PermissionOutcome


class ElicitationParams(Wire):
    """A question of the model to the user, or a form of a command or an MCP server. `requested_schema` is a flat JSON Schema
    object."""

    session_id: str
    elicitation_id: str = ""
    message: str
    requested_schema: JsonObject


class ElicitationCompleteParams(Wire):
    """A question is not asked any more: somebody else answered it, or it is not needed. Comes with `$/cancelRequest`, for
    clients that cannot see the ids of requests."""

    session_id: str
    elicitation_id: str


class ElicitationResult(Wire):
    """The user's answer: `content` holds the fields on `accept`."""

    action: Literal["accept", "decline", "cancel"]
    content: JsonObject | None = None
