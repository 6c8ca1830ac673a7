"""The loop: ask the model, run what it calls, until it calls nothing more. It has no other subject."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from cass.agent import batches, spending
from cass.agent.answer import Answers
from cass.agent.between import Between
from cass.agent.desk import Desk
from cass.agent.fitting import Fitting
from cass.agent.gate import Gate
from cass.config import LimitConfig
from cass.errors import BadResponse, CassError, LimitReached
from cass.protocol.events import StateUpdate, TurnError
from cass.protocol.messages import StopReason, ToolCall, Usage


@dataclass
class Turn:
    """One turn of one session, from the user's words to the last answer."""

    desk: Desk
    fitting: Fitting
    gate: Gate
    turn_id: str
    usage: Usage = field(default_factory=Usage)
    limits: LimitConfig = field(init=False)
    answers: Answers = field(init=False)
    between: Between = field(init=False)
    _last_calls: str = ""
    _repeats: int = 0
    _broken: int = 0

    def __post_init__(self) -> None:
        self.limits = self.desk.limits
        self.answers, self.between = Answers(self.desk, self.fitting.model, self.turn_id), Between(self.desk)

    async def run(self) -> StateUpdate:
        """Work until the end. Never raises: the answer is the turn's last event, not yet emitted."""
        try:
            async with asyncio.timeout(self.limits.seconds):
                return self._end(await self._loop())
        except TimeoutError:
            self.answers.keep_partial()
            return self._limit(f"The turn reached its time limit of {self.limits.seconds:g} s.")
        except asyncio.CancelledError:
            self.answers.keep_partial()
            return self._end("cancelled")
        except LimitReached as limit:
            return self._limit(limit.message, limit.hint)
        except CassError as error:
            self.answers.keep_partial(error)
            return self._end("error", TurnError(kind=error.kind, message=error.message, hint=error.hint or None))

    async def _loop(self) -> StopReason:
        for _ in range(self.limits.turns):
            for message in await self.between.words():
                self.desk.emit(message)
            await self.desk.flow()
            answer = await self.fitting.ask(self.answers)
            self.usage += answer.usage or Usage()
            calls = [block for block in answer.content if isinstance(block, ToolCall)]
            if calls:
                self._notice_repetition(calls)
                await batches.run(self.gate, calls, self.turn_id)
                if self.gate.is_stopped:
                    return "end_turn"
            elif answer.finish == "length":
                self.answers.notice("The answer was cut: the model reached its output limit.")
                return "max_tokens"
            elif answer.finish == "refusal":
                return "refusal"
            else:
                more = await self.between.more()
                for message in more:
                    self.desk.emit(message)
                if not more:
                    return "end_turn"
            spending.check_turn(self.desk, self.usage)
        raise LimitReached(f"The turn reached its limit of {self.limits.turns} requests to the model.")

    async def resume(self, calls: Sequence[ToolCall]) -> None:
        """Run calls of an answer that is there already; `run` goes on from them."""
        await batches.run(self.gate, calls, self.turn_id)

    def _notice_repetition(self, calls: Sequence[ToolCall]) -> None:
        signature = repr([(call.name, call.arguments, call.raw) for call in calls])
        self._repeats = self._repeats + 1 if signature == self._last_calls else 1
        self._last_calls = signature
        self._broken = self._broken + 1 if all(call.raw is not None for call in calls) else 0
        if self._broken > self.limits.repeats:
            raise BadResponse(f"The model sent {self._broken} broken tool calls in a row.")
        if self._repeats > self.limits.repeats:
            raise LimitReached(f"The model made the same call {self._repeats} times in a row ({calls[0].name}).")

    def _limit(self, message: str, hint: str = "") -> StateUpdate:
        hint = hint or "Say 'go on' to continue, or raise the limit in the configuration ([limits])."
        return self._end("max_turn_requests", TurnError(kind="limit_reached", message=message, hint=hint))

    def _end(self, reason: StopReason, error: TurnError | None = None) -> StateUpdate:
        return StateUpdate(turn_id=self.turn_id, state="idle", stop_reason=reason, usage=self.usage, error=error)
