"""Where a session can be forked, and what its copy holds."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from cass.errors import SessionError
from cass.protocol.events import EditUpdate, Event, JobUpdate, PromptDropped, PromptQueued, StateUpdate, UserMessage
from cass.protocol.keeping import ForkParams
from cass.protocol.reaching import AgentUpdate, ReminderUpdate


def new_id() -> str:
    """An id for a new session: the time, and what makes it the only one."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def end(events: Iterable[Event], params: ForkParams) -> int:
    """How many of the events a fork takes: up to the end of the turn that is meant, or of the last one that ended.
    SessionError `turn_not_found`."""
    ends: dict[str, int] = {}
    said: list[str] = []
    running, whole = False, 0
    for position, event in enumerate(events, 1):
        if isinstance(event, StateUpdate):
            running = event.state != "idle"
            if not running and event.turn_id:
                ends[event.turn_id] = position
        elif isinstance(event, UserMessage) and event.source == "user" and event.turn_id not in said:
            said += [event.turn_id] if event.turn_id else []
        if not running:
            whole = position
    said = [turn_id for turn_id in said if turn_id in ends]
    turn_id = params.turn_id
    if params.turn is not None:
        index = params.turn - 1 if params.turn > 0 else params.turn
        turn_id = said[index] if params.turn and -len(said) <= index < len(said) else str(params.turn)
    if turn_id is None:
        return whole
    if turn_id not in ends:
        raise SessionError(
            f"the session has no turn {turn_id[:40]} that has ended",
            hint=f"There are {len(said)}; they count from 1, and from the end as -1." if said else "",
            kind="turn_not_found",
        )
    return ends[turn_id]


def copied(events: Iterable[Event], count: int, session_id: str) -> Iterator[Event]:
    """What a fork begins with. Commands in the background, sub-agents, reminders and words that wait stay with the session that has
    them; proposals get ids of their own, so that a decision is about one of the two sessions."""
    mark = session_id.rpartition("-")[2]
    for event in islice(events, count):
        if isinstance(event, JobUpdate | AgentUpdate | PromptQueued | PromptDropped | ReminderUpdate):
            continue
        if isinstance(event, EditUpdate):
            id = f"{event.proposal_id}-{mark}"
            own = {"proposal_id": id, "session_id": session_id}
            proposal = event.proposal.model_copy(update=own) if event.proposal else None
            yield event.model_copy(update={"proposal_id": id, "proposal": proposal})
        else:
            yield event
