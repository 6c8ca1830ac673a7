"""The one way from a tool call to its result: validate, prepare, judge, ask, run, bound, report.

Whatever happens on the way, exactly one final `tool_call_update` comes out, and it is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from cass.agent import asking, calling, changing, report
from cass.agent.desk import Desk
from cass.agent.hooking import Hooking, Ready
from cass.agent.permissions import Policy, Rule, judge, parse_rules
from cass.errors import ToolError
from cass.ports import Action, Outcome, Tool
from cass.protocol.edits import EditProposal, HunkDecision
from cass.protocol.messages import ToolCall

log = logging.getLogger(__name__)

_STOPPED = "The user stopped this call."
_CLOSED = "This call was cut off: the session was closed while it ran."


@dataclass(frozen=True)
class Rules:
    """The configured and the session's own rules, read once."""

    allow: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Gate:
    """Runs the calls of one session."""

    desk: Desk
    tools: Mapping[str, Tool]
    rules: Rules
    _hooking: Hooking = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hooking", Hooking(self.desk, self.tools))

    @property
    def is_stopped(self) -> bool:
        """Whether a hook wants the turn to end."""
        return self._hooking.stopped is not None

    def reads_only(self, call: ToolCall) -> bool:
        """Whether this call may run beside others."""
        tool = self.tools.get(call.name)
        return tool is not None and tool.kind in ("read", "search")

    async def would_ask(self, call: ToolCall, turn_id: str) -> bool:
        """Whether this call would wait for the user's answer, as things are now."""
        try:
            tool, action = await calling.prepare(self.desk, self.tools, call, turn_id)
        except ToolError:
            return False
        return judge(tool.name, action, self.policy()).answer == "ask"

    async def call(self, call: ToolCall, turn_id: str) -> Outcome:
        """Run one call to its end. Raises nothing but CancelledError, and then the call has its answer too."""
        clock = report.Clock()
        try:
            outcome = await self._guarded(call, turn_id, clock)
        except asyncio.CancelledError:
            why = _CLOSED if self.desk.closing else _STOPPED
            report.finished(self.desk, call, turn_id, clock, Outcome.text(why, is_error=True), "cancelled")
            raise
        report.finished(self.desk, call, turn_id, clock, outcome)
        return outcome

    async def _guarded(self, call: ToolCall, turn_id: str, clock: report.Clock) -> Outcome:
        try:
            hooking = self._hooking
            ready = await hooking.ready(call, turn_id)
            return await hooking.done(ready, await self._decide(ready, clock))
        except ToolError as error:
            return Outcome.text(str(error), is_error=True)
        except Exception as error:
            log.exception("the tool %s failed", call.name)
            return Outcome.text(f"{call.name} failed inside cass: {type(error).__name__}", is_error=True)

    async def _decide(self, ready: Ready, clock: report.Clock) -> Outcome:
        call, turn_id, action = ready.call, ready.turn_id, ready.action
        verdict = self._hooking.judge(ready, self.policy())
        decisions: tuple[HunkDecision, ...] = ()
        if verdict.answer == "deny":
            raise ToolError(f"Not permitted: {verdict.reason}.")
        if verdict.answer == "ask" and (allowed := await self._hooking.permitted(ready, verdict)):
            return await self._decide(allowed, clock)
        await self._hooking.proposed(ready)
        proposal = calling.proposal(self.desk, call, turn_id, action)
        if verdict.answer == "overlay":
            return self._overlay(call, turn_id, action, proposal)
        if verdict.answer == "ask":
            if not self.desk.can_decide:
                raise ToolError(f"Not permitted: {verdict.reason}, and nobody is there to approve it.")
            if proposal:
                self.desk.remember(action.edits)
                report.proposed(self.desk, turn_id, proposal)
            report.started(self.desk, call, turn_id, action, "pending")
            try:
                decisions = await asking.ask(self.desk, call, turn_id, ready.tool.name, action, proposal)
            except (ToolError, asyncio.CancelledError):
                if proposal:
                    report.resolved(self.desk, turn_id, proposal, "rejected")
                raise
            clock.restart()
        elif proposal:
            report.proposed(self.desk, turn_id, proposal)
        report.started(self.desk, call, turn_id, action, "in_progress")
        if proposal:
            return await changing.apply(
                self.desk, turn_id, action, proposal, decisions, asked=verdict.answer == "ask"
            )
        if action.run is None:
            return Outcome.text(action.done or "Nothing to do.")
        return await changing.run(self.desk, turn_id, call.id, action, action.run)

    def _overlay(self, call: ToolCall, turn_id: str, action: Action, proposal: EditProposal | None) -> Outcome:
        if proposal is None:
            raise ToolError("Not permitted: plan mode changes nothing.")
        report.started(self.desk, call, turn_id, action, "in_progress")
        self.desk.remember(action.edits)
        self.desk.workspace.propose(action.edits)
        report.proposed(self.desk, turn_id, proposal)
        return Outcome.text(
            "Kept as a proposal: plan mode changes no file. Reads show the proposed text; the user applies it later."
        )

    def policy(self) -> Policy:
        """What the answer about a call depends on, as it is this moment."""
        return Policy(
            mode=self.desk.mode,
            approval=self.desk.approval,
            cwd=self.desk.cwd,
            inside=self.desk.workspace.inside,
            readable=(self.desk.settings.spill_dir, *self.desk.skills.folders),
            allow=(*self.rules.allow, *parse_rules(self.desk.grants)),
            ask=self.rules.ask,
            deny=self.rules.deny,
        )
