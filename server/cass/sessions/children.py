"""Sessions that work for another one: a fork of a command, a step beside others, later the model's own helpers.

A child has a conversation of its own. It is never wider than its parent is this moment: mode, approval, rules and tools.
What it asks is asked through the parent, with the child's name; what it does to files counts as the parent's doing, so that
it can be taken back there. It ends with its parent's turn.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.errors import SessionError
from cass.ports import HookEvent, SessionHeader
from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.custom import HookUpdate
from cass.protocol.events import (
    EffectsUpdate,
    Event,
    Notice,
    PermissionGranted,
    SessionInfoUpdate,
    StateUpdate,
)
from cass.protocol.keeping import ForkParams
from cass.sessions import forks
from cass.sessions.stream import Stream
from cass.sessions.terms import Terms

if TYPE_CHECKING:
    from cass.sessions.session import Session

MAX_DEPTH = 3
"""How deep children may have children."""

MAX_AT_ONCE = 16
"""Children of one session at one time, whatever asks for them."""

TAG = "child"
"""What a stored session that worked for another one is marked with."""

Job = Callable[["Session", str], Awaitable[StateUpdate]]
"""What a child does with its turn: given the child and the turn's id, it answers the turn's last event, not yet emitted."""


@dataclass(frozen=True)
class Child:
    """What a child is to be: its name, for the user; what it may and uses; whether it begins with what the parent's
    conversation is."""

    name: str
    terms: Terms = field(default_factory=Terms)
    knows: bool = False


async def run(
    parent: Session, turn_id: str, child: Child, job: Job, opened: Callable[[Session], None]
) -> StateUpdate:
    """Make the child, let it do its job, close it; the last event of its turn. `opened` is told of it before it begins.
    Cancelling ends it. SessionError where it would be too deep or one too many."""
    async with _opened(parent, turn_id, child) as session:
        opened(session)
        await _fire(parent, "SubagentStart", session, child)
        own_turn = f"turn-{uuid4().hex[:12]}"
        session.work.begin(own_turn, lambda: job(session, own_turn))
        try:
            return await session.work.finished(own_turn)
        finally:
            await _fire(parent, "SubagentStop", session, child)


@contextlib.asynccontextmanager
async def _opened(parent: Session, turn_id: str, child: Child) -> AsyncGenerator[Session]:
    depth, above = 1, parent.above
    while above is not None:
        depth, above = depth + 1, above.above
    if depth > MAX_DEPTH or len(parent.children) >= MAX_AT_ONCE:
        what = "too deep" if depth > MAX_DEPTH else "one too many"
        raise SessionError(f"{child.name} cannot begin: it would be {what}")
    session = await asyncio.to_thread(_make, parent, child)
    session.above = parent
    session.terms = child.terms
    session.checkpoints, session.unreviewed = parent.checkpoints, parent.unreviewed
    session.brought.trust, session.brought.told = parent.brought.trust, parent.brought.told
    parent.children[session.session_id] = session
    try:
        for option in ("model", "effort"):
            if value := parent.model_name if option == "model" else parent.effort:
                session.set_option(option, value)
        session.emit(SessionInfoUpdate(title=child.name, tags=(TAG,), archived=True))
        session.attach(_Relay(parent, turn_id, child.name))
        yield session
    finally:
        try:
            await session.close()
        finally:
            parent.children.pop(session.session_id, None)


def _make(parent: Session, child: Child) -> Session:
    """A new session of the same kind in the same folder."""
    header = SessionHeader(
        session_id=forks.new_id(),
        cwd=parent.header.cwd,
        created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        parent=parent.session_id,
    )
    journal = parent.house.store.create(header)
    if child.knows:
        events = list(parent.stream.durable())
        count = forks.end(events, ForkParams(session_id=parent.session_id))
        for event in forks.copied(events, count, header.session_id):
            journal.append(event)
    opened = parent.opened
    if opened.trust == "yes":  # said of how the folder was then, not of how it is by now
        opened = opened.model_copy(update={"trust": "ask"})
    return type(parent)(parent.house, header, Stream(header.session_id, journal), opened)


async def _fire(parent: Session, event: HookEvent, session: Session, child: Child) -> None:
    if parent.hooks.has(event):
        await parent.hooks.fire(event, {"agent_id": session.session_id, "agent_type": child.name})


class _Relay:
    """The child's only client: the parent, on behalf of all who are attached to it."""

    def __init__(self, parent: Session, turn_id: str, name: str) -> None:
        self._parent = parent
        self._turn_id = turn_id
        self._name = name

    @property
    def can_decide(self) -> bool:
        """Whether anybody can be asked."""
        return self._parent.can_decide

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """What counts for the parent, too: effects on files, grants, warnings, what hooks did."""
        if isinstance(event, EffectsUpdate | PermissionGranted):
            self._parent.emit(event.model_copy(update={"turn_id": self._turn_id}))
            self._parent.reviews.look_soon()
        elif isinstance(event, HookUpdate):
            told = {"turn_id": self._turn_id, "tool_call_id": None, "name": f"[{self._name}] {event.name}"}
            self._parent.emit(event.model_copy(update=told))
        elif isinstance(event, Notice) and event.level != "info":
            text = f"[{self._name}] {event.text}"
            self._parent.emit(event.model_copy(update={"turn_id": self._turn_id, "text": text}))

    async def drain(self) -> None:
        """Wait while those attached are far behind."""
        await self._parent.flow()

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask through the parent, with the child's name."""
        asked = {
            "session_id": self._parent.session_id,
            "turn_id": self._turn_id,
            "title": f"[{self._name}] {ask.title}",
            "description": ask.description or f"For {self._name}, which works for this session.",
        }
        self._parent.emit(StateUpdate(turn_id=self._turn_id, state="requires_action"))
        try:
            return await self._parent.request_permission(ask.model_copy(update=asked))
        finally:
            if not self._parent.closing:
                self._parent.emit(StateUpdate(turn_id=self._turn_id, state="running"))

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        """Ask through the parent, with the child's name."""
        message = f"[{self._name}] {question.message}"
        return await self._parent.asks.form(message, question.requested_schema)
