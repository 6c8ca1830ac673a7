"""What the user and the folder add to cass, as updates: trust, hooks, the steps of a command, findings of a review."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from cass.protocol.wire import JsonObject, Method, SessionEvent, Wire

TrustState = Literal["plain", "trusted", "undecided", "changed", "refused"]
"""`plain`: the folder brings nothing that could act. `undecided`: it does, and the user was not asked yet. `changed`:
it was trusted, and is not what it was."""

BroughtKind = Literal["settings", "hooks", "command", "skill", "agent", "mcp", "schedule", "plugin"]


class TrustItem(Wire):
    """One file of a folder that could act, as it is now. `path` is relative to the folder, `sha256` that of its bytes.
    `state` says how it stands to what was trusted; `diff` (unified, bounded) is there when it `changed`, else `text`,
    its beginning."""

    kind: BroughtKind
    path: str
    sha256: str
    size: int = Field(ge=0)
    state: Literal["trusted", "new", "changed", "gone"]
    summary: str = ""
    text: str = ""
    diff: str = ""


class TrustUpdate(SessionEvent):
    """How the session's folder stands: what it brings runs in the state `trusted` alone. `digest` names what was found;
    `items` are without their texts here."""

    session_update: Literal["_trust_update"] = "_trust_update"
    state: TrustState
    folder: str
    digest: str
    items: tuple[TrustItem, ...] = ()


class HookUpdate(SessionEvent):
    """A hook ran. `hook_id` is the same from `running` to its end. `blocked`: it said no, and `text` says why. `text` is
    what the user should see of its output, bounded. Only an end that says something is kept."""

    session_update: Literal["_hook_update"] = "_hook_update"
    hook_id: str
    hook_event: str
    name: str
    state: Literal["running", "done", "blocked", "failed", "timed_out"]
    text: str = ""
    tool_call_id: str | None = None
    elapsed_ms: int | None = None

    @property
    def is_durable(self) -> bool:
        """That it began is not kept, nor that it did nothing."""
        return self.state != "running" and (self.state != "done" or bool(self.text))


class StepUpdate(SessionEvent):
    """A step of a command of several steps. `run_id` names this run of the command; its first update has the step ``""``
    and carries the command's arguments, so that the run can be taken up again, with `digest`, the sha256 of its file.
    `result` is what later steps read, whole; `exit_code` that of a step that ran a command; `child_session_id` the session
    that a forked or parallel step ran in."""

    durable: ClassVar[bool] = True
    session_update: Literal["_step_update"] = "_step_update"
    run_id: str
    command: str
    step: str = ""
    title: str = ""
    state: Literal["running", "done", "failed", "skipped", "cancelled"]
    arguments: JsonObject = Field(default_factory=dict)
    digest: str = ""
    attempt: int = 1
    result: str | None = None
    exit_code: int | None = None
    child_session_id: str | None = None


class Finding(Wire):
    """One finding of a review. Lines count from 1, both ends included; `path` is absolute."""

    path: str
    line: int = Field(ge=1)
    end_line: int = Field(ge=1)
    severity: Literal["error", "warning", "information", "hint"]
    message: str
    code: str = ""


class FindingsUpdate(SessionEvent):
    """All findings of this source; they replace those that it told before. An empty list takes them away."""

    durable: ClassVar[bool] = True
    session_update: Literal["_findings_update"] = "_findings_update"
    source: str
    findings: tuple[Finding, ...] = ()


class TrustGetParams(Wire):
    """The folder that is meant."""

    cwd: str


class TrustGetResult(Wire):
    """What the folder brings, with texts or diffs, and how that stands to what the user trusted."""

    state: TrustState
    folder: str
    digest: str
    items: tuple[TrustItem, ...]


class TrustSetParams(Wire):
    """The user's decision about what was shown: `digest` is the one of `cass/trust/get`, and the decision counts for
    exactly that. `trust`: it may act. `refuse`: it may not, and is not asked about again until it changes. `forget`:
    as if never asked."""

    cwd: str
    decision: Literal["trust", "refuse", "forget"]
    digest: str = ""


TRUST_GET = Method("cass/trust/get", TrustGetParams, TrustGetResult)
TRUST_SET = Method("cass/trust/set", TrustSetParams, TrustGetResult)

CLIENT_TO_SERVER = (TRUST_GET, TRUST_SET)
