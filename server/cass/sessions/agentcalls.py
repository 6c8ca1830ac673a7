"""The sub-agents of a session as one call of a tool uses them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cass.errors import SessionError, ToolError
from cass.ports import FileEdit, Order, Outcome
from cass.sessions import agentwork
from cass.sessions.agent import Agent

if TYPE_CHECKING:
    from cass.sessions.agents import SessionAgents


@dataclass(frozen=True)
class AgentCalls:
    """`ports.Agents` for one call."""

    agents: SessionAgents
    turn_id: str
    call_id: str

    async def check(self, order: Order) -> str:
        """The profile that the order is for."""
        self.agents.reserve(order, self.call_id)
        profile = await self.agents.profiles.get(order.profile)
        if order.model:
            agentwork.check_model(order.model, self.agents.settings.models)
        return profile.name

    async def run(self, order: Order) -> Outcome:
        """Have it done."""
        agent = await self.agents.begin(order, self.turn_id, self.call_id)
        if not agent.behind:
            return await self.agents.work(agent)
        self.agents.behind(agent)
        return Outcome.text(
            f"{agent.name} works in the background. You are told when it is done; task_result waits for it, tells it "
            "something or stops it."
        )

    async def result(self, name: str, wait: float) -> Outcome:
        """What it has come to, or how far it is."""
        agent = self._find(name)
        if not agent.over.is_set() and wait:
            agent.asked = True
            try:
                async with asyncio.timeout(wait):
                    await agent.over.wait()
            except TimeoutError:
                pass
            finally:
                agent.asked = agent.over.is_set()
        if not agent.over.is_set():
            return Outcome.text(agentwork.progress(agent))
        agent.asked = True
        outcome = agent.outcome or Outcome.text(f"{agent.name}: {agent.text}", is_error=True)
        return await agentwork.with_offer(agent, outcome, self.turn_id)

    async def tell(self, name: str, words: str) -> Outcome:
        """Tell it something."""
        try:
            return Outcome.text(f"{self.agents.tell(name, words).name} reads it before its next request.")
        except SessionError as error:
            raise ToolError(str(error)) from None

    async def stop(self, name: str) -> Outcome:
        """End it."""
        try:
            stopped = await self.agents.stop(self._find(name).name)
        except SessionError as error:
            raise ToolError(str(error)) from None
        return Outcome.text(f"{stopped[0].name} was stopped. {agentwork.so_far(stopped[0])}".strip())

    async def changes(self, offer: str) -> tuple[FileEdit, ...]:
        """The edits of an offer that waits."""
        if offer not in self.agents.offers:
            raise ToolError("There is no such offer.")
        return self.agents.offers[offer]

    def _find(self, name: str) -> Agent:
        try:
            return self.agents.find(name)
        except SessionError as error:
            raise ToolError(str(error)) from None
