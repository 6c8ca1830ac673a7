"""Sessions that work for another one: a fork of a command, a step beside others, the model's own sub-agents.

A child has a conversation of its own. It is never wider than its parent is this moment: mode, approval, rules and tools.
What it asks is asked through the parent, with the child's name; what it does to files counts as the parent's doing, so that
it can be taken back there, but where it works on a copy of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from cass.agent import between, hooking
from cass.errors import CassError, SessionError
from cass.ledger import Ledger
from cass.ports import HookAnswer, SessionHeader
from cass.protocol.events import Event, SessionInfoUpdate, StateUpdate
from cass.protocol.keeping import ForkParams
from cass.protocol.wire import JsonObject
from cass.sessions import allowed, forks
from cass.sessions.agenthooks import AgentHooks
from cass.sessions.relay import Relay
from cass.sessions.stream import Stream
from cass.sessions.terms import Terms

if TYPE_CHECKING:
    from cass.sessions.session import Session

MAX_DEPTH = 3
"""How deep children may have children."""

MAX_AT_ONCE = 64
"""Children of one session at one time, whatever asks for them."""

TAG = "child"
"""What a stored session that worked for another one is marked with."""

Job = Callable[["Session", str], Awaitable[StateUpdate]]
"""What a child does with its turn: given the child and the turn's id, it answers the turn's last event, not yet emitted."""


@dataclass(frozen=True)
class Child:
    """What a child is to be: its name, for the user; what it may and uses; whether it begins with what the parent's
    conversation is. A sub-agent of the model's (`is_agent`) has a profile, which hooks know it by. `folder` is where it
    works apart from its parent's files; `role` stands in its system prompt. `heard` and `waits` are told how it fares."""

    name: str
    terms: Terms = field(default_factory=Terms)
    knows: bool = False
    is_agent: bool = False
    profile: str = ""
    session_id: str = ""
    folder: Path | None = None
    role: str = ""
    heard: Callable[[Event], None] = lambda event: None
    waits: Callable[[int], None] = lambda count: None


async def run(
    parent: Session, turn_id: str, child: Child, job: Job, opened: Callable[[Session], None]
) -> StateUpdate:
    """Make the child, let it do its job, close it; the last event of its turn. `opened` is told of it before it begins.
    Cancelling ends it. SessionError where it would be too deep or one too many."""
    async with _opened(parent, turn_id, child) as session:
        opened(session)
        told = await _fire(parent, "SubagentStart", session, child)
        for message in between.messages(session, hooking.told(told)):
            session.emit(message)
        own_turn = f"turn-{uuid4().hex[:12]}"
        session.work.begin(own_turn, lambda: job(session, own_turn))
        end = await session.work.finished(own_turn)
        if not child.is_agent:  # a sub-agent's own turn has asked at its end
            await _fire(parent, "SubagentStop", session, child)
        return end


def depth(session: Session) -> int:
    """How many sessions this one works for, one above the other."""
    count, above = 0, session.above
    while above is not None:
        count, above = count + 1, above.above
    return count


@contextlib.asynccontextmanager
async def _opened(parent: Session, turn_id: str, child: Child) -> AsyncGenerator[Session]:
    is_too_deep = depth(parent) + 1 > MAX_DEPTH
    if is_too_deep or len(parent.agents.children) >= MAX_AT_ONCE:
        what = "too deep" if is_too_deep else "one too many"
        raise SessionError(f"{child.name} cannot begin: it would be {what}")
    session = await _made(parent, child)
    session.above = parent
    session.terms = child.terms
    session.agents.begun_in = turn_id
    session.preamble.role = child.role
    _share(parent, session, child)
    parent.agents.children[session.session_id] = session
    try:
        for option in ("model", "effort"):
            if value := parent.model_name if option == "model" else parent.effort:
                session.set_option(option, value)
        session.emit(SessionInfoUpdate(title=child.name, tags=(TAG,), archived=True))
        relay = Relay(
            parent,
            session,
            turn_id,
            child.name,
            apart=child.folder is not None,
            heard=partial(_heard, session, child),
            waits=child.waits,
        )
        session.attach(relay)
        yield session
    finally:
        try:
            await session.close()
        finally:
            parent.agents.children.pop(session.session_id, None)


async def _made(parent: Session, child: Child) -> Session:
    """The new session. Where this is cancelled meanwhile, it is closed once it is there."""
    making = asyncio.ensure_future(asyncio.to_thread(_make, parent, child))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        with contextlib.suppress(CassError):
            await (await making).close()
        raise


def _share(parent: Session, session: Session, child: Child) -> None:
    """Trust, hooks and skills are the parent's, wherever the child works; files, what is known of them, and what is kept
    of them are, too, where it works on the same."""
    about = {"agent_id": session.session_id, "agent_type": child.profile or child.name}
    if child.folder is None:
        session.workspace, session.checkpoints = parent.workspace, parent.checkpoints
        session.baselines = session.baselines.beside(parent.baselines)
        session.unreviewed = parent.unreviewed
        session.ledger = Ledger(session.workspace, partial(allowed.may_show, session), session.masker.text)
    else:
        session.config = parent.config
        about["worktree_path"] = str(session.cwd)
    session.brought.work_for(parent.brought)
    session.brought.hooks = AgentHooks(session.brought.hooks, about, is_agent=child.is_agent)


def _heard(session: Session, child: Child, event: Event) -> None:
    session.agents.count_up(event)
    child.heard(event)


def _make(parent: Session, child: Child) -> Session:
    """A new session of the same kind in the same folder, or in a copy of it."""
    header = SessionHeader(
        session_id=child.session_id or forks.new_id(),
        cwd=str(child.folder) if child.folder else parent.header.cwd,
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
    if child.folder is not None:
        opened = opened.model_copy(update={"additional_directories": ()})
    return type(parent)(parent.house, header, Stream(header.session_id, journal), opened)


async def _fire(
    parent: Session, event: Literal["SubagentStart", "SubagentStop"], session: Session, child: Child
) -> HookAnswer:
    if not parent.hooks.has(event):
        return HookAnswer()
    about: JsonObject = {"agent_id": session.session_id, "agent_type": child.profile or child.name}
    return await parent.hooks.fire(event, about)
