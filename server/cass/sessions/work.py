"""What a session has to do: one running turn, the prompts that wait behind it, what is said meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent.gate import Gate
from cass.agent.turn import Turn
from cass.errors import CassError, SessionError
from cass.protocol.events import (
    Notice,
    PromptDropped,
    PromptQueued,
    StateUpdate,
    TurnError,
    UserMessage,
)
from cass.protocol.messages import Text, ToolCall
from cass.protocol.methods import PromptParams
from cass.sessions import mentions, planned, quick, serverchanges, titles, trusting, words
from cass.sessions.command import Command, Prompt, Reply, name_of, recognise
from cass.sessions.compacting import fitting_of
from cass.sessions.reminders import Reminders

if TYPE_CHECKING:
    from cass.sessions.session import Session

_STOP_SECONDS = 3.0
log = logging.getLogger(__name__)


class Work:
    """The turns of one session, one at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._queue: deque[Prompt] = deque()
        self._steering: deque[UserMessage] = deque()
        self._waiters: dict[str, asyncio.Future[StateUpdate]] = {}
        self._task: asyncio.Task[None] | None = None
        self._running: str | None = None
        self._held = False
        self._beside: set[asyncio.Task[None]] = set()
        self.reminders = Reminders(session)

    @property
    def busy(self) -> bool:
        """Whether a turn is running, or may not start."""
        return self._task is not None or self._held

    async def quiet(self) -> None:
        """Wait until no turn is running."""
        while self._task is not None:
            await asyncio.wait([self._task])

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        """No turn begins meanwhile; what is said waits. SessionError `session_busy` while one is running."""
        if self.busy:
            raise SessionError(
                "the session is working", hint="Wait, or cancel the turn first.", kind="session_busy"
            )
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self._next()

    def take_steering(self) -> list[UserMessage]:
        """What the user said meanwhile, each once."""
        taken = list(self._steering)
        self._steering.clear()
        return taken

    def say(self, message: UserMessage) -> None:
        """Put words into the conversation without asking for an answer."""
        if self.busy:
            self._steering.append(message)
        else:
            self._session.emit(message)

    async def stop(self) -> None:
        """Cancel all, and wait a moment for it."""
        self.reminders.close()
        self.cancel()
        working = [*self._beside, *([self._task] if self._task else [])]
        for task in self._beside:
            task.cancel()
        if working:
            await asyncio.wait(working, timeout=_STOP_SECONDS)

    def prompt(self, params: PromptParams) -> tuple[str, str]:
        """Take the user's words: the ids of the turn and of the message. SessionError `session_busy` or
        `turn_mismatch` when they cannot be taken as asked."""
        known = self._known(params.client_key)
        if known:
            return known
        if self._running and quick.runs(self._session, params, self._beside):
            return self._running, f"msg-{uuid4().hex[:12]}"
        if self.busy and params.mode == "start":
            raise SessionError("the session is working", hint="Queue the prompt, or cancel.", kind="session_busy")
        if params.expected_turn_id and params.expected_turn_id != self._running:
            raise SessionError("that turn is not running any more", kind="turn_mismatch")
        steering = self.busy and params.mode == "steer"
        turn_id = self._running if steering and self._running else f"turn-{uuid4().hex[:12]}"
        message = UserMessage(
            message_id=f"msg-{uuid4().hex[:12]}",
            turn_id=turn_id,
            content=words.with_context(params),
            steering=steering,
            client_key=params.client_key,
        )
        self._keep(message)
        if steering:
            self._steering.append(message)
            return turn_id, message.message_id
        selection = params.context.selection if params.context else None
        self._queue.append(Prompt(turn_id, message, selection or ""))
        self._waiters[turn_id] = asyncio.get_running_loop().create_future()
        if not self.busy:
            self._next()
        return turn_id, message.message_id

    async def finished(self, turn_id: str) -> StateUpdate:
        """The turn's last event, once it is there."""
        waiter = self._waiters.get(turn_id)
        if waiter is None:
            return StateUpdate(turn_id=turn_id, state="idle", stop_reason="end_turn")
        return await asyncio.shield(waiter)

    def cancel(self, turn_id: str | None = None) -> None:
        """Stop the running turn and drop what is queued; with a turn's id, only that one."""
        for prompt in [p for p in self._queue if turn_id in (None, self._running, p.turn_id)]:
            self._queue.remove(prompt)
            self._drop(prompt.message)
            self._end(StateUpdate(turn_id=prompt.turn_id, state="idle", stop_reason="cancelled"))
        if self._task and turn_id in (None, self._running):
            said = self.take_steering()
            self._steering.extend(
                message for message in said if message.source == "agent"
            )  # is told after the turn
            for message in said:
                self._drop(message)
            self._task.cancel()

    def take_up(self, turn_id: str, calls: Sequence[ToolCall]) -> None:
        """Go on with a turn that another process began: run these calls, then ask the model on."""

        async def again() -> StateUpdate:
            turn = await self.turn(turn_id)
            await turn.resume(calls)
            return await turn.run()

        self.begin(turn_id, again)

    def begin(self, turn_id: str, run: Callable[[], Awaitable[StateUpdate]]) -> None:
        """A turn that nobody's words begin. The session must not be busy."""
        self._waiters[turn_id] = asyncio.get_running_loop().create_future()
        self._running = turn_id
        self._task = asyncio.get_running_loop().create_task(self._work(turn_id, run))

    def _keep(self, message: UserMessage) -> None:
        """The words are on disk before anybody is told that they were taken."""
        self._session.emit(
            PromptQueued(
                turn_id=message.turn_id,
                message_id=message.message_id,
                content=message.content,
                client_key=message.client_key,
                steering=message.steering,
            )
        )

    def _drop(self, message: UserMessage) -> None:
        if message.message_id in self._session.stream.state.waiting:
            self._session.emit(PromptDropped(turn_id=message.turn_id, message_id=message.message_id))

    def _known(self, client_key: str | None) -> tuple[str, str] | None:
        if not client_key:
            return None
        return self._session.stream.state.client_keys.get(client_key)

    def _next(self) -> None:
        self._task, self._running = None, None
        while self._steering and self._steering[0].source != "user":  # nobody's words: they begin no turn
            self._session.emit(self._steering.popleft())
        if self._steering and not self._queue:
            late = self._steering.popleft()
            turn_id = f"turn-{uuid4().hex[:12]}"
            late = late.model_copy(update={"turn_id": turn_id, "steering": False})
            self._keep(late)
            self._queue.append(Prompt(turn_id, late))
        if self._queue:
            prompt = self._queue.popleft()
            self._running = prompt.turn_id
            self._task = asyncio.get_running_loop().create_task(
                self._work(prompt.turn_id, partial(self._run, prompt))
            )

    async def _work(self, turn_id: str, run: Callable[[], Awaitable[StateUpdate]]) -> None:
        """One turn, from its first event to its one last."""
        self._session.emit(StateUpdate(turn_id=turn_id, state="running"))
        try:
            end = await run()
        except asyncio.CancelledError:
            end = StateUpdate(turn_id=turn_id, state="idle", stop_reason="cancelled")
        except CassError as error:
            end = _failed(turn_id, TurnError(kind=error.kind, message=error.message, hint=error.hint or None))
        except Exception:
            log.exception("a turn failed")
            end = _failed(
                turn_id, TurnError(kind="internal", message="cass met a fault of its own; its log says more.")
            )
        for unanswered in self._session.stream.state.interrupted_calls():
            self._session.emit(unanswered)
        self._end(end)
        self._next()

    async def _run(self, prompt: Prompt) -> StateUpdate:
        beside = tuple(b for b in prompt.message.content if words.is_beside(b))
        own = [block for block in prompt.message.content if block not in beside]
        called = recognise(words.plain(own), await self._commands(words.plain(own), prompt.turn_id))
        message, reply = prompt.message, Reply()
        if called:
            command, argument = called
            reply = await command.run(self._session, argument)
            if reply.flow:
                return await reply.flow(prompt)
            if not reply.prompt:
                if reply.text:
                    self._session.emit(Notice(turn_id=prompt.turn_id, level="info", text=reply.text))
                return StateUpdate(turn_id=prompt.turn_id, state="idle", stop_reason="end_turn")
            await trusting.settle(self._session, prompt.turn_id)
            message = message.model_copy(update={"content": (Text(text=reply.prompt), *beside)})
        await self.say_first(message)
        return await planned.play(self._session, await self.turn(prompt.turn_id), reply)

    async def _commands(self, text: str, turn_id: str) -> Mapping[str, Command]:
        """The commands that this text may call. Before anything but cass's own ones, the user is asked about the folder."""
        own = self._session.house.commands
        name = name_of(text)
        if name in own:
            return own
        await trusting.settle(self._session, turn_id)
        await serverchanges.settle(self._session, turn_id)
        if not name:
            await self._session.brought.skills.read()  # the model is told of them
            self._session.brought.list_again()  # beside the turn
            return own
        return await self._session.brought.commands()

    async def say_first(self, message: UserMessage) -> None:
        """Put the user's own words into the conversation: hooks may object to them, or add to them."""
        message = await mentions.resolved(self._session, message)
        more = await self._session.brought.hooked.submitted(message)
        self.tell(message)
        for one in more:
            self._session.emit(one)

    def tell(self, message: UserMessage) -> None:
        """Put words into the conversation now; the first ones name the session."""
        self._session.emit(message)
        if not self._session.stream.state.title:
            said = self._session.masker.model(message)
            self._session.emit(titles.named(self._session.stream.state, said.content))

    async def turn(self, turn_id: str) -> Turn:
        """What asks the model on with the conversation as it is, and with the terms that hold now."""
        session, house = self._session, self._session.house
        if not session.model_name:
            session.set_option("model", await house.models.default())
        gate = Gate(session, session.toolbox, session.rules)
        return Turn(desk=session, fitting=fitting_of(session), gate=gate, turn_id=turn_id)

    def _end(self, end: StateUpdate) -> None:
        self._session.emit(end)
        waiter = self._waiters.pop(end.turn_id or "", None)
        if waiter and not waiter.done():
            waiter.set_result(end)


def _failed(turn_id: str, error: TurnError) -> StateUpdate:
    return StateUpdate(turn_id=turn_id, state="idle", stop_reason="error", error=error)
