"""The to-do list in the user's hands: what they change, the model is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.errors import ProtocolError
from cass.protocol.events import PlanEntry, PlanUpdate, UserMessage
from cass.protocol.messages import Text

if TYPE_CHECKING:
    from cass.sessions.session import Session

_MOST = 50
_WORDS = {"pending": "open", "in_progress": "being done", "completed": "done"}


def set_plan(session: Session, entries: Sequence[PlanEntry], tell: Callable[[UserMessage], None]) -> None:
    """Put this list in place of the one before, and `tell` the model. ProtocolError `invalid_params` for more than 50
    entries."""
    if len(entries) > _MOST:
        raise ProtocolError(f"a to-do list holds at most {_MOST} entries")
    if tuple(entries) == session.plan:
        return
    session.emit(PlanUpdate(turn_id=session.turn_id, entries=tuple(entries)))
    rows = [f"{number}. {entry.content} ({_WORDS[entry.status]})" for number, entry in enumerate(entries, 1)]
    text = "The user changed the to-do list. It is now:\n" + ("\n".join(rows) or "(empty)")
    content = (Text(text=f"[Editor, not typed by the user]\n{text}"),)
    id = f"msg-{uuid4().hex[:12]}"
    tell(UserMessage(message_id=id, turn_id=session.turn_id, content=content, steering=True, source="editor"))
