"""Where a command works: one turn of one session, with what it may use up. Everything that it does goes through here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent.gate import Gate
from cass.config import LimitConfig
from cass.customs import answers, definition
from cass.customs.definition import Budget, Value
from cass.errors import CassError, LimitReached, SessionError
from cass.ports import Outcome
from cass.protocol.events import AgentMessage, StateUpdate, UserMessage
from cass.protocol.messages import ContentBlock, Text, ToolCall, Usage
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from cass.sessions.session import Session

_NOTE = re.compile(r"\n?\[(?:exit code -?\d+|no output|killed|stopped: [^\n]*)\]$")
_OUTPUT_FED_BACK = 12_000


class Ended(CassError):
    """The model did not come to an end of its own: `end` says how the turn ends."""

    def __init__(self, end: StateUpdate) -> None:
        error = end.error
        super().__init__(
            error.message if error else f"the model stopped: {end.stop_reason}",
            hint=(error.hint or "") if error else "",
            kind=error.kind if error else "",
        )
        self.end = end


@dataclass
class Purse:
    """What a run has used, all its steps and forks together, and what it may."""

    budget: Budget = field(default_factory=Budget)
    used: Usage = field(default_factory=Usage)
    requests: int = 0

    def lower(self, limits: LimitConfig) -> LimitConfig:
        """The limits of the next turn: never more than what is left."""
        tokens, cost = self.budget.tokens, self.budget.cost
        left = {
            "turns": _least(limits.turns, self.budget.requests and self.budget.requests - self.requests),
            "tokens": _least(
                limits.tokens, None if tokens is None else tokens - self.used.input - self.used.output
            ),
            "cost": _least(limits.cost, None if cost is None else cost - (self.used.cost or 0)),
        }
        return limits.model_copy(update=left)

    def check(self) -> None:
        """LimitReached when nothing is left."""
        spent = self.used.input + self.used.output
        for what, used, most in (
            ("requests", self.requests, self.budget.requests),
            ("tokens", spent, self.budget.tokens),
            ("dollars", self.used.cost or 0, self.budget.cost),
        ):
            if most is not None and used >= most:
                raise LimitReached(f"The command used up its budget: {used:g} of {most:g} {what}.")


@dataclass(frozen=True)
class Said:
    """What the model came to: its last text, and the JSON in it where some was asked for."""

    text: str
    json: Value = None


@dataclass(frozen=True)
class Ran:
    """How a command line ended. `exit_code` is None where it did not run to its end; `text` says then why."""

    text: str
    exit_code: int | None

    @property
    def ok(self) -> bool:
        """Whether it ended with 0."""
        return self.exit_code == 0


@dataclass(frozen=True)
class Stage:
    """One turn of a session."""

    session: Session
    turn_id: str
    purse: Purse
    selection: str = ""

    async def say(self, text: str, extra: Sequence[ContentBlock] = (), first: UserMessage | None = None) -> Said:
        """Put words to the model and wait until it has done what they ask. `first` is the user's message that these words
        stand for. `Ended` where the turn has to end."""
        self.purse.check()
        message = first or UserMessage(message_id=f"msg-{uuid4().hex[:12]}", content=())
        content = (Text(text=text), *extra)
        message = message.model_copy(update={"turn_id": self.turn_id, "content": content})
        if first:
            await self.session.work.say_first(message)
        else:
            self.session.work.tell(message)
        answered = self.session.memory.answers
        turn = await self.session.work.turn(self.turn_id)
        end = await turn.run()
        self.purse.used += end.usage or Usage()
        self.purse.requests += max(0, self.session.memory.answers - answered)
        if end.stop_reason == "cancelled":
            raise asyncio.CancelledError
        if end.stop_reason != "end_turn":
            raise Ended(end)
        return Said(self.last_text())

    async def say_json(
        self,
        text: str,
        schema: JsonObject,
        retries: int,
        first: UserMessage | None = None,
        extra: Sequence[ContentBlock] = (),
    ) -> Said:
        """The same, until the answer fits the schema. SessionError `bad_answer` when it never does."""
        said, problem = await self.say(f"{text}\n\n{answers.asked(schema)}", extra, first), ""
        for attempt in range(retries + 1):
            value, problem = answers.read(said.text, schema)
            if not problem:
                return Said(said.text, value)
            if attempt < retries:
                said = await self.say(
                    f"That answer does not fit the JSON Schema:\n{problem}\n\nSend the whole JSON again, mended, and nothing else."
                )
        raise SessionError(
            f"the answer does not fit output_schema, after {retries + 1} tries:\n{problem}", kind="bad_answer"
        )

    async def tool(self, name: str, arguments: JsonObject) -> Outcome:
        """Run a tool through the gate: rules, mode, hooks and approval are those of any call."""
        gate = Gate(self.session, self.session.toolbox, self.session.rules)
        return await gate.call(
            ToolCall(id=f"call-{uuid4().hex[:12]}", name=name, arguments=arguments), self.turn_id
        )

    async def shell(self, command: str, timeout: float = 0) -> Ran:
        """Run exactly this command line, through the gate."""
        arguments: JsonObject = {"command": command}
        if timeout:
            arguments["timeout"] = timeout
        outcome = await self.tool("shell", arguments)
        first = outcome.content[0] if outcome.content else None
        text = self.session.masker.text(first.text) if isinstance(first, Text) else ""
        return Ran(_NOTE.sub("", text) if outcome.exit_code is not None else text, outcome.exit_code)

    async def verify(self, command: str, retries: int) -> None:
        """Run a check; while it fails the model is told what it said and mends it, so many times. SessionError
        `verify_failed` when it never passes."""
        shown = ""
        for attempt in range(retries + 1):
            ran = await self.shell(command)
            if ran.ok:
                return
            if ran.exit_code is None:
                raise SessionError(f"the check did not run: {ran.text}", kind="verify_failed")
            shown = _both_ends(ran.text)
            if attempt < retries:
                await self.say(
                    f"The check `{command}` failed with exit code {ran.exit_code}:\n\n{fenced(shown)}\n\n"
                    "Mend what is wrong, so that it passes. It is run again when you are done."
                )
        raise SessionError(
            f"the check `{command}` still fails, after {retries + 1} tries:\n{shown}", kind="verify_failed"
        )

    def last_text(self) -> str:
        """What the model said last in this turn."""
        for event in reversed(self.session.stream.recent(AgentMessage)):
            if event.turn_id == self.turn_id:
                text = "".join(block.text for block in event.content if isinstance(block, Text))
                if text:
                    return text
        return ""


def bounded(text: str) -> str:
    """A value that later steps may read."""
    limit = definition.MAX_VALUE // 5
    return text if len(text) <= limit else text[:limit] + f"\n[... {len(text) - limit} characters left out ...]"


def _least(own: float | None, other: float | None) -> float | None:
    known = [value for value in (own, other) if value is not None]
    return max(min(known), 0) if known else None


def _both_ends(text: str) -> str:
    half = _OUTPUT_FED_BACK // 2
    return text if len(text) <= 2 * half else f"{text[:half]}\n[...]\n{text[-half:]}"


def fenced(text: str) -> str:
    """The text as a block of Markdown, whatever it holds."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"
