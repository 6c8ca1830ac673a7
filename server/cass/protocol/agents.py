"""Sub-agents, for clients that show and steer them: listed, told something, stopped."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cass.protocol.reaching import AgentUpdate
from cass.protocol.wire import Method, Wire


class AgentListParams(Wire):
    """The session that is meant."""

    session_id: str


class AgentProfile(Wire):
    """A profile that a sub-agent can have. `path` is its file; absent for one of cass's own."""

    name: str
    description: str
    origin: Literal["builtin", "user", "project"]
    path: str | None = None


class AgentListResult(Wire):
    """Every sub-agent that this session has had, as it stands, those that work for others behind these; the profiles;
    and what is wrong in their files."""

    agents: tuple[AgentUpdate, ...]
    profiles: tuple[AgentProfile, ...] = ()
    problems: tuple[str, ...] = ()


class AgentTellParams(Wire):
    """Words for a sub-agent, by its name or id: it reads them before its next request."""

    session_id: str
    agent: str
    text: str = Field(min_length=1)


class AgentStopParams(Wire):
    """End a sub-agent, by its name or id, or `all`."""

    session_id: str
    agent: str


class AgentsResult(Wire):
    """The sub-agents that were meant, as they stand now."""

    agents: tuple[AgentUpdate, ...]


AGENTS_LIST = Method("cass/agents/list", AgentListParams, AgentListResult)
AGENTS_TELL = Method("cass/agents/tell", AgentTellParams, AgentsResult)
AGENTS_STOP = Method("cass/agents/stop", AgentStopParams, AgentsResult)

CLIENT_TO_SERVER = (AGENTS_LIST, AGENTS_TELL, AGENTS_STOP)
