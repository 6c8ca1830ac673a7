"""Commands of cass's own that only look or steer: they run while a turn runs, and do not wait for its end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cass.errors import CassError
from cass.protocol.events import Notice
from cass.protocol.methods import PromptParams
from cass.sessions import words
from cass.sessions.command import Command, recognise

if TYPE_CHECKING:
    from cass.sessions.session import Session

log = logging.getLogger(__name__)


def runs(session: Session, params: PromptParams, beside: set[asyncio.Task[None]]) -> bool:
    """Whether these words call such a command; then it runs, and is among `beside` until it has."""
    text = words.plain(tuple(block for block in params.prompt if not words.is_beside(block)))
    own = {name: command for name, command in session.house.commands.items() if command.at_once}
    try:
        called = recognise(text, own)
    except CassError:
        return False
    if called is None:
        return False
    task = asyncio.get_running_loop().create_task(_run(session, *called))
    beside.add(task)
    task.add_done_callback(beside.discard)
    return True


async def _run(session: Session, command: Command, argument: str) -> None:
    turn_id = session.turn_id
    try:
        reply = await command.run(session, argument)
    except CassError as error:
        session.emit(Notice(turn_id=turn_id, level="warning", text=str(error)))
        return
    except Exception:
        log.exception("the command /%s failed", command.name)
        text = f"/{command.name} met a fault of cass's own; its log says more."
        session.emit(Notice(turn_id=turn_id, level="error", text=text))
        return
    if reply.text:
        session.emit(Notice(turn_id=turn_id, level="info", text=reply.text))
