"""/agents: the sub-agents of this session, looked at, told things and stopped, also while they work."""

from __future__ import annotations

from cass.errors import SessionError
from cass.sessions import agentwork
from cass.sessions.agent import Agent
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_USAGE = (
    "`/agents`, `/agents show NAME`, `/agents tell NAME WORDS`, `/agents stop NAME`, `/agents stop all`, "
    "`/agents take NAME`, `/agents profiles`."
)
_SIGNS = {"waiting": "…", "running": "▸", "requires_action": "?", "done": "✓", "failed": "✗", "cancelled": "■"}
_TEXT = 4_000


async def agents(session: Session, argument: str) -> Reply:
    """One word says what to do; without one they are listed."""
    word, _, rest = argument.partition(" ")
    name, _, words = rest.strip().partition(" ")
    match word:
        case "" | "list":
            return Reply(text=_listed(session))
        case "profiles":
            return Reply(text=await _profiles(session))
        case "show" if name:
            return Reply(text=_shown(session.agents.find(name)))
        case "tell" if name and words.strip():
            told = session.agents.tell(name, words.strip())
            return Reply(text=f"{told.name} reads it before its next request.")
        case "stop" if name:
            stopped = await session.agents.stop(name)
            return Reply(text=f"Stopped: {', '.join(agent.name for agent in stopped) or 'none worked'}.")
        case "take" if name:
            return Reply(text=await _take(session, session.agents.find(name)))
        case _:
            raise SessionError("that is no way to use /agents", hint=f"There is {_USAGE}")


def _listed(session: Session) -> str:
    known = session.agents.all
    before = [update for update in session.stream.state.agents.values() if update.name not in known]
    lines = [
        f"- {_SIGNS[update.state]} {update.name}: {update.task} (earlier: {update.state})"
        for update in before[-20:]
    ]
    lines += [line for agent in known.values() for line in _lines(agent, 0)]
    return "\n".join(lines) or f"There are no sub-agents. {_USAGE}"


def _lines(agent: Agent, depth: int) -> list[str]:
    """One, and those that work for it."""
    doing = f": {agent.activity}" if agent.activity else ""
    behind = " in the background" if agent.behind else ""
    head = f"{'  ' * depth}- {_SIGNS[agent.state]} {agent.name}: {agent.order.task}{behind}{doing} ({agentwork.used(agent)})"
    below = agent.session.agents.all.values() if agent.session else ()
    return [head, *(line for one in below for line in _lines(one, depth + 1))]


def _shown(agent: Agent) -> str:
    said = agentwork.so_far(agent) or agent.text
    said = said if len(said) <= _TEXT else f"{said[:_TEXT]}…"
    lines = [
        *_lines(agent, 0),
        "",
        f"Session: `{agent.agent_id}`; `cass -r {agent.agent_id}` opens it once it is over.",
    ]
    lines += ["", "Asked:", agent.order.prompt[:_TEXT]]
    return "\n".join([*lines, *(["", said] if said else [])])


async def _profiles(session: Session) -> str:
    problems = await session.agents.profiles.problems()
    found = sorted((await session.agents.profiles.all()).values(), key=lambda profile: profile.name)
    lines = [f"- `{profile.name}` ({profile.origin}): {profile.description}" for profile in found]
    return "\n".join([*lines, *(f"- {problem}" for problem in problems)])


async def _take(session: Session, agent: Agent) -> str:
    if agent.kept is None or not agent.kept.files:
        raise SessionError(f"{agent.name} has no changes that wait")
    if session.turn_id is None:
        raise SessionError("its changes are offered in a turn")
    outcome = await agentwork.with_offer(agent, agentwork.nothing(), session.turn_id)
    return agentwork.words_of(outcome)


COMMANDS = (
    Command(
        "agents",
        "Look at sub-agents, tell them things, stop them.",
        agents,
        hint="[show|tell|stop|take NAME | profiles]",
        at_once=True,
    ),
)
