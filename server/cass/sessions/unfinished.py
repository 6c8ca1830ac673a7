"""What a call, or a rewind, did to files when its process died under it: found out when the session is opened again, and
made an effect like any other, so that it can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent import effects
from cass.ports import Effects, Unfinished
from cass.protocol.events import EffectsUpdate, Rewound

if TYPE_CHECKING:
    from cass.sessions.session import Session


async def settle(session: Session) -> list[str]:
    """Find out, and tell; what the user should know."""
    words: list[str] = []
    for left in await session.checkpoints.unfinished():
        found = await _told(session, left)
        if left.call.is_rewind and found:
            _rewound(session, left)
        if found and found.recovered:
            what = "went back" if left.call.is_rewind else "ran a command or edited"
            words.append(
                f"cass ended while it {what}. What had been done to {found.files} paths until then can be "
                f"{'undone' if left.call.is_rewind else 'taken back'} with /rewind."
            )
        await session.checkpoints.ended(left.call)
    return words


async def _told(session: Session, left: Unfinished) -> EffectsUpdate | None:
    """The effects, from the journal, the store, or what is found now."""
    wanted = left.call.effects_id
    for event in session.stream.durable(wanted):
        if isinstance(event, EffectsUpdate) and event.effects_id == wanted:
            return event.model_copy(update={"recovered": False})
    known = await session.checkpoints.read(wanted)
    if known:
        effects.emit(session, left.call, Effects(wanted, known))
    else:
        found = await session.checkpoints.record(left.changes, left.call)
        effects.emit(session, left.call, found, recovered=True)
    latest = session.stream.recent(EffectsUpdate)[-1:]
    return latest[0] if latest and latest[0].effects_id == wanted else None


def _rewound(session: Session, left: Unfinished) -> None:
    """What a rewind did to files can be undone; the conversation it had not come to."""
    wanted = left.call.effects_id
    if not any(isinstance(e, Rewound) and e.effects_id == wanted for e in session.stream.durable(wanted)):
        rewind_id = f"rewind-{uuid4().hex[:12]}"
        rewound = Rewound(turn_id=left.call.turn_id, rewind_id=rewind_id, scope="files", effects_id=wanted)
        session.emit(rewound)
