"""What works for a session beside it, as updates: servers of other people, sub-agents, work at a time."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from cass.protocol.messages import Usage
from cass.protocol.wire import SessionEvent, Wire


class McpServer(Wire):
    """A server that the client names: a program with its arguments, or an address. As other tools write it in
    `.mcp.json`; `type` is `stdio`, `http` or `sse`."""

    type: Literal["stdio", "http", "sse"] | None = None
    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class McpUpdate(SessionEvent):
    """How one MCP server stands. `text` says what is wrong and how to mend it. `changed`: what its tools say is not what
    was agreed to; they are not offered until the user looked at them. `login`: it wants the user to sign in. `resources` are what can be
    named in a prompt as `@server:uri`, at most 200."""

    session_update: Literal["_mcp_update"] = "_mcp_update"
    server: str
    state: Literal["waiting", "starting", "ready", "failed", "login", "changed", "off"]
    tools: int = Field(default=0, ge=0)
    resources: tuple[str, ...] = ()
    text: str = ""


class ToolsFound(SessionEvent):
    """Tools that were searched for: they are offered to the model from now on."""

    durable: ClassVar[bool] = True
    session_update: Literal["_tools_found"] = "_tools_found"
    names: tuple[str, ...]


class AgentUpdate(SessionEvent):
    """How one sub-agent stands. `agent_id` is its session's id, `name` what it is called, `profile` what it is, `task` a
    short title. `activity` is what it does now, in a few words; `text` its answer's beginning, or what went wrong.
    `works_for` names the sub-agent that it belongs to, where that is not the session itself; what it used is then part of
    what that one used."""

    durable: ClassVar[bool] = True
    session_update: Literal["_agent_update"] = "_agent_update"
    agent_id: str
    name: str
    profile: str
    task: str
    state: Literal["waiting", "running", "requires_action", "done", "failed", "cancelled"]
    is_background: bool = False
    works_for: str = ""
    tool_call_id: str | None = None
    activity: str = ""
    text: str = ""
    usage: Usage | None = None

    @property
    def is_durable(self) -> bool:
        """Beginning and end are kept; what it does meanwhile is not."""
        return self.state not in ("waiting", "requires_action") and not self.activity


class ReminderUpdate(SessionEvent):
    """A prompt that this session will be given at a time. `at` (ISO 8601 with its offset) is the next time, None once it
    is over. A loop comes again `every` so many seconds, `left` times more (None: without end) and not after `until`.
    `missed`: it was due while the session was closed."""

    durable: ClassVar[bool] = True
    session_update: Literal["_reminder_update"] = "_reminder_update"
    reminder_id: str
    prompt: str
    state: Literal["waiting", "fired", "missed", "removed"]
    at: str | None = None
    every: int | None = Field(default=None, ge=1)
    left: int | None = Field(default=None, ge=0)
    until: str | None = None
