"""The sub-agents of a session: begun within their caps, looked at, told things, stopped; what they use adds up here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.config import AgentConfig
from cass.errors import CassError, SessionError, ToolError
from cass.ports import FileEdit, Order, Outcome
from cass.protocol.events import AgentMessage, CompactionUpdate, Event, Notice, UserMessage
from cass.protocol.messages import Text, Usage
from cass.protocol.reaching import AgentUpdate
from cass.sessions import agentwork, forks
from cass.sessions.agent import Agent
from cass.sessions.agentcalls import AgentCalls
from cass.sessions.profiled import GENERAL, Profiled
from cass.sessions.slots import Place, Slots

if TYPE_CHECKING:
    from cass.sessions.session import Session

_STOP_SECONDS = 3.0
_TURNS = 64
"""Turns whose sub-agents' usage is known."""

log = logging.getLogger(__name__)


class SessionAgents:
    """Belongs to one session. `children` are the open sessions that work for it, `me` is what it is to the one that it
    works for itself, `begun_in` that one's turn. `asking` counts its children's questions that wait for an answer, `begun` its sub-agents of this process."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.children: dict[str, Session] = {}
        self.me: Agent | None = None
        self.begun_in = ""
        self.asking = 0
        self.profiles = Profiled(session)
        self.offering = asyncio.Lock()
        self.offers: dict[str, tuple[FileEdit, ...]] = {}
        self.all: dict[str, Agent] = {}
        self.slots = Slots(lambda: self.settings.at_once)
        self._by_turn: dict[str, Usage] = {}
        self._behind: set[asyncio.Task[None]] = set()
        self._reserved: dict[str, tuple[str, int]] = {}
        self._names: dict[str, int] = {}
        self.begun, known = 0, session.stream.state.agents.values()
        self._before = len(known)
        for update in known:
            profile, _, number = update.name.rpartition("-")
            self._names[profile] = max(self._names.get(profile, 0), int(number) if number.isdecimal() else 0)

    # --- the session's own view ---

    @property
    def settings(self) -> AgentConfig:
        """The caps."""
        return self._session.config.agents

    @property
    def root_session(self) -> Session:
        """The session that nobody is above: the caps are about all below it."""
        session = self._session
        while session.above is not None:
            session = session.above
        return session

    @property
    def root(self) -> SessionAgents:
        """The same session's."""
        return self.root_session.agents

    @property
    def offered(self) -> bool:
        """Whether the model may have any here."""
        session, depth = self._session, 0
        while session.above is not None:
            session, depth = session.above, depth + 1
        return self.settings.enabled and depth < self.settings.depth

    def listed(self) -> str:
        """What the system prompt says of them; empty where none may be had."""
        return self.profiles.listed() if self.offered and self._session.may_use("task") else ""

    @property
    def working(self) -> Sequence[Agent]:
        """Those that have not ended, in the order in which they were asked for."""
        return [agent for agent in self.all.values() if not agent.over.is_set()]

    @property
    def under_way(self) -> Usage:
        """What those have used that have not ended."""
        return sum((agent.used for agent in self.working), Usage())

    def of(self, turn_id: str, call_id: str) -> AgentCalls:
        """As one call of a tool may use them."""
        return AgentCalls(self, turn_id, call_id)

    def spent(self, turn_id: str) -> Usage:
        """What those that were begun in a turn have used so far."""
        return self._by_turn.get(turn_id, Usage())

    def count_up(self, event: Event) -> None:
        """Something happened here: what was used counts for all above, too."""
        if not isinstance(event, AgentMessage | CompactionUpdate) or not event.usage:
            return
        session = self._session
        while True:
            if session.agents.me is not None:
                session.agents.me.used += event.usage
            if session.above is None:
                break
            by_turn = session.above.agents._by_turn
            by_turn[session.agents.begun_in] = by_turn.get(session.agents.begun_in, Usage()) + event.usage
            if len(by_turn) > _TURNS:
                del by_turn[next(iter(by_turn))]
            session = session.above

    async def close(self) -> None:
        """The session ends, and all that work for it."""
        for agent in self.working:
            agent.stop("the session ended")
        for task in self._behind:
            task.cancel()
        if self._behind:
            await asyncio.wait(self._behind, timeout=_STOP_SECONDS)

    def updates(self) -> tuple[AgentUpdate, ...]:
        """How each one stands, those of before this process too, and behind them those that work for them."""
        known = {agent.agent_id: agent.update() for agent in self.all.values()}
        before = [update for id, update in self._session.stream.state.agents.items() if id not in known]
        below = [
            update.model_copy(update={"works_for": update.works_for or child.agents.me.name})
            for child in self.children.values()
            if child.agents.me
            for update in child.agents.updates()
        ]
        return (*before, *known.values(), *below)

    # --- what tools, commands and clients do ---

    def find(self, name: str) -> Agent:
        """One by its name or its id. SessionError for none."""
        wanted = name.strip().removeprefix("@")
        found = self.all.get(wanted) or next((a for a in self.all.values() if a.agent_id == wanted), None)
        for child in () if found else self.children.values():
            try:
                return child.agents.find(wanted)
            except SessionError:
                continue
        if found is None:
            known = ", ".join(agent.name for agent in self.all.values()) or "none yet"
            raise SessionError(
                f"there is no sub-agent {wanted[:64]!r}", hint=f"There are: {known}.", kind="agent_not_found"
            )
        return found

    def tell(self, name: str, words: str) -> Agent:
        """Tell one something before its next request. SessionError where it does not work."""
        agent = self.find(name)
        if agent.session is None or agent.over.is_set() or not agent.session.work.busy:
            raise SessionError(f"{agent.name} does not work now, so it cannot be told anything", kind="agent_over")
        id = f"msg-{uuid4().hex[:12]}"
        agent.session.work.say(UserMessage(message_id=id, content=(Text(text=words),), steering=True))
        return agent

    async def stop(self, name: str) -> Sequence[Agent]:
        """End one, or `all`, and wait for that, within a limit."""
        meant = self.working if name == "all" else [self.find(name)]
        for agent in meant:
            agent.stop("you stopped it")
            self.root.slots.give_up(agent.place)
        if meant:
            await asyncio.wait([asyncio.ensure_future(a.over.wait()) for a in meant], timeout=_STOP_SECONDS)
        return meant

    async def begin(self, order: Order, turn_id: str, call_id: str) -> Agent:
        """A sub-agent for this order, which has not begun. ToolError where there may be none."""
        name, number = self.reserve(order, call_id)
        del self._reserved[call_id]
        profile = await self.profiles.get(order.profile)
        root, settings = self.root, self.settings
        if not self.offered:
            raise ToolError("A sub-agent cannot have some of its own here (agents.depth).")
        if root.count() >= settings.per_session:
            raise ToolError(
                f"This session has had {settings.per_session} sub-agents, and may have no more (agents.per_session)."
            )
        agent = Agent(
            agent_id=forks.new_id(),
            name=name,
            order=order,
            profile=profile,
            parent=self._session,
            turn_id=turn_id,
            call_id=call_id,
            place=Place(number),
        )
        agentwork.model_of(agent)
        agentwork.check_budget(agent)
        root.begun += 1
        for problem in await self.profiles.problems():
            self._session.emit(Notice(turn_id=turn_id, level="warning", text=f"Sub-agents: {problem}"))
        self.all[agent.name] = agent
        in_order = sorted(self.all.values(), key=lambda one: one.place.number)
        self.all = {one.name: one for one in in_order}
        return agent

    def count(self) -> int:
        """How many there were, with those below, and those of before this process."""
        return self.begun + self._before

    def reserve(self, order: Order, call_id: str) -> tuple[str, int]:
        """A name that no other one has, and which one it is of all; those of one answer get theirs in the order of its
        calls."""
        if call_id not in self._reserved:
            profile = order.profile or GENERAL.name
            names = self.root._names
            names[profile] = names.get(profile, 0) + 1
            self._reserved[call_id] = f"{profile}-{names[profile]}", sum(names.values())
        return self._reserved[call_id]

    async def work(self, agent: Agent) -> Outcome:
        """Wait for a place, and have it work there."""
        root = self.root
        if not root.slots.free:
            agent.say("waiting")
        try:
            async with root.slots.taken(agent.place, self.me.place if self.me and not agent.behind else None):
                outcome = await agentwork.run(agent)
        except asyncio.CancelledError:
            agent.end("cancelled", agent.stopped or "its turn was cancelled")
            raise
        except ToolError as error:
            agent.end("cancelled" if agent.stopped else "failed", error.message)
            raise
        except CassError as error:
            agent.end("failed", str(error))
            raise ToolError(f"{agent.name} failed: {error}") from None
        agent.outcome = outcome
        agent.end(agent.ended, agent.text)
        return outcome

    def behind(self, agent: Agent) -> None:
        """Have it work while the session goes on. The model is told what came of it, where it has not asked by then."""

        async def work() -> None:
            try:
                agent.outcome = await self.work(agent)
            except ToolError as error:
                agent.outcome = Outcome.text(str(error), is_error=True)
            except Exception:
                log.exception("a sub-agent failed")
                agent.outcome = Outcome.text(f"{agent.name} failed inside cass.", is_error=True)
                agent.end("failed", "it failed inside cass")
            if not agent.asked and not self._session.closing:
                self._session.work.say(agentwork.told(agent))

        task = asyncio.get_running_loop().create_task(work())
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
