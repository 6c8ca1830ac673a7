"""Makes each request of a turn fit: the model's window is known or assumed with care, the request is measured before
it is sent, and what is too long is made shorter, at most once for each time it was found to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from cass.agent import between, compact, notes, spending, summary
from cass.agent.answer import Answers
from cass.agent.desk import Desk
from cass.config import CompactionConfig
from cass.errors import ContextTooLong
from cass.ports import Completed, Model, ModelRequest, ToolSpec
from cass.protocol.events import CompactionUpdate, UsageUpdate
from cass.protocol.history import CompactionTrigger
from cass.protocol.messages import Message, ToolResult

RESERVE_MOST = 16_384
"""Tokens kept free for the answer at most; a fifth of a small window."""

_CERTAIN = ("configured", "server", "family")
"""Sources of a window's size that are believed though nothing then fits: with the others the server is asked."""

_OVERFLOWS = 3
_BACK_OFF = 0.8
"""After an overflow that nobody expected the estimates are off: aim at this part of what was sent."""


@dataclass
class Fitting:
    """The requests of one turn."""

    desk: Desk
    model: Model
    system: str
    tools: Callable[[], Sequence[ToolSpec]]
    settings: CompactionConfig
    effort: str | None = None
    max_output: int | None = None
    summariser: Model | None = None
    _prepared: bool = field(default=False, init=False)
    _told: Sequence[str] = field(default=(), init=False)

    async def ask(self, answers: Answers) -> Completed:
        """One request that fits, and its answer. ContextTooLong when it cannot be made to fit."""
        await self._prepare()
        spending.check(self.desk)
        await between.before_model(self.desk, self.model.name, self._told)
        answer = await self._answer(answers)
        self._told = await between.after_model(self.desk, self.model.name, answer)
        return answer

    async def _answer(self, answers: Answers) -> Completed:
        request = await self._fitting()
        for _ in range(_OVERFLOWS):
            try:
                return await answers.ask(request)
            except ContextTooLong as error:
                whole = min(self.budget, int(self.model.measure(request) * _BACK_OFF))
                if not await self.compact("overflow", whole=whole):
                    raise error
                request = self.request()
        return await answers.ask(request)

    @property
    def budget(self) -> int:
        """Tokens that a request may have. Servers count the longest answer that was asked for as part of the window;
        of one that nobody asked for, less is enough."""
        window = self.model.window.tokens
        reserve = min(self.max_output, window // 2) if self.max_output else min(RESERVE_MOST, window // 5)
        return min(window - reserve, int(window * self.settings.at))

    async def compact(
        self, trigger: CompactionTrigger, *, focus: str = "", whole: int | None = None
    ) -> CompactionUpdate | None:
        """Make the conversation shorter; None where nothing can be left out. `whole` is what a request may be."""
        await self._prepare()
        request = self.request()
        before = self.model.measure(request)
        fixed = self.model.measure(ModelRequest(self.system, (), self.tools()))
        room = compact.Room(whole or self.budget, fixed)
        messages = list(self.desk.messages)
        plan = compact.plan(messages, self._count, room, thorough=trigger != "auto")
        if not plan or not await between.may_compact(self.desk, trigger, focus):
            return None
        update = CompactionUpdate(
            turn_id=self.desk.turn_id,
            compaction_id=f"compaction-{uuid4().hex[:12]}",
            status="in_progress",
            trigger=trigger,
            focus=focus or None,
            before=before,
        )
        self.desk.emit(update)
        done = update.model_copy(update={"status": "completed", "folded": plan.folded, "arguments": plan.arguments})
        if plan.cut:
            try:
                done = await self._with_notes(done, messages, plan, room, focus)
            except BaseException:  # a cancelled turn, above all: nothing was made shorter
                self.desk.emit(update.model_copy(update={"status": "failed"}))
                raise
        shorter = request_with(request, self.desk.memory.shortened(done))
        done = done.model_copy(update={"after": min(before, self.model.measure(shorter))})
        self.desk.emit(done)
        await between.compacted(self.desk, done)
        return done

    async def _fitting(self) -> ModelRequest:
        request = self.request()
        used = self.model.measure(request)
        if used > self.budget and await self.compact("auto"):
            request = self.request()
            used = self.model.measure(request)
            if used > self.budget and await self.compact("overflow"):
                request = self.request()
                used = self.model.measure(request)
        window = self.model.window
        if used > window.tokens and window.source in _CERTAIN:
            raise self._too_long(request)
        self.tell(used)
        return request

    def tell(self, used: int | None = None) -> None:
        """Say how full the window is: by so many tokens, or by what a request would be now."""
        tokens = self.model.measure(self.request()) if used is None else used
        self.desk.emit(
            UsageUpdate(
                turn_id=self.desk.turn_id, used=tokens, size=self.model.window.tokens, total=self.desk.total
            )
        )

    async def _with_notes(
        self,
        done: CompactionUpdate,
        messages: Sequence[Message],
        plan: compact.Plan,
        room: compact.Room,
        focus: str,
    ) -> CompactionUpdate:
        """The compaction with what stands for the messages that are left out."""
        writer = self.summariser or self.model
        longest = self.settings.summary_tokens or max(200, min(2_000, room.whole // 12))
        written = await summary.summarise(
            writer,
            messages[: plan.cut],
            focus=focus,
            room=min(writer.window.tokens * 2 // 3, self.settings.transcript_tokens),
            longest=longest,
            cache_key=self.desk.session_id,
        )
        stays = {id(message) for message in messages[plan.cut :]}
        said = [(n, m) for n, m in enumerate(self.desk.memory.said, 1) if id(m) not in stays]
        last = (
            self.desk.memory.said[-1]
            if self.desk.memory.said and id(self.desk.memory.said[-1]) not in stays
            else None
        )
        message = notes.message(said, last, written.text, self.desk.memory.known(), room.free, self.model.estimate)
        return done.model_copy(
            update={
                "replaced": plan.cut,
                "kept": (message,),
                "summary": written.text,
                "model": written.model,
                "usage": written.usage,
            }
        )

    async def _prepare(self) -> None:
        if not self._prepared:
            self._prepared = True
            await self.model.prepare()

    def request(self) -> ModelRequest:
        """The next request as it would be now, fitting or not."""
        return ModelRequest(
            system=self.system,
            messages=tuple(self.desk.messages),
            tools=self.tools(),
            effort=self.effort,
            max_output=self.max_output,
            cache_key=self.desk.session_id,
            answers=self.desk.memory.answers,
        )

    def _count(self, message: Message) -> int:
        return self.model.measure(ModelRequest("", (_alone(message),)))

    def _too_long(self, request: ModelRequest) -> ContextTooLong:
        window, used = self.model.window, self.model.measure(request)
        return ContextTooLong(
            f"The conversation needs about {used:,} tokens and {self.model.name} reads {window.tokens:,} "
            f"({window.words}), though all that can be left out is.",
            limit=window.tokens,
            hint="Take a model with a bigger window (/model), shorten CASS.md or the message, or begin anew with /clear.",
        )


def request_with(request: ModelRequest, messages: Sequence[Message]) -> ModelRequest:
    """The same request with other messages."""
    return ModelRequest(request.system, tuple(messages), request.tools, cache_key=request.cache_key)


def _alone(message: Message) -> Message:
    """The message so that it can be written without those around it: a result whose call is elsewhere would be left
    out."""
    if message.role != "tool":
        return message
    content = [part for block in message.content if isinstance(block, ToolResult) for part in block.content]
    return Message(role="user", content=tuple(content))
