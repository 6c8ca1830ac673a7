"""Keeps what each turn did as a commit on a branch of the session's own, where the user wants that."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING

from cass.errors import CassError
from cass.git import repository, side
from cass.protocol.events import Event, StateUpdate
from cass.sessions import past

if TYPE_CHECKING:
    from cass.sessions.session import Session

log = logging.getLogger(__name__)

_PATIENCE = 5.0


class SideBranch:
    """Belongs to one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()
        self._order = asyncio.Lock()

    @property
    def name(self) -> str:
        """The branch."""
        return f"cass/{self._session.session_id}"

    def heard(self, event: Event) -> None:
        """A turn that ended is kept, in the background."""
        if isinstance(event, StateUpdate) and event.state == "idle" and self._session.config.git.auto_commit:
            task = asyncio.get_running_loop().create_task(self._keep(event.turn_id or ""))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait for what is being kept, a while."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_PATIENCE)

    async def _keep(self, turn_id: str) -> None:
        session = self._session
        async with self._order:
            try:
                touched = await session.steps.touched()
                if not touched:
                    return
                found = await repository.find(session.cwd, os.environ)
                turn = past.look(session.stream).find(turn_id)
                words = session.masker.text(turn[1].prompt if turn else "").strip().splitlines()
                message = (
                    f"{words[0][:72] if words else 'A turn'}\n\nKept by cass after a turn of {session.session_id}."
                )
                await side.keep(found, self.name, touched, message)
            except CassError as error:
                log.warning("the turn was not kept on %s: %s", self.name, error.message)
            except Exception:
                log.exception("the turn was not kept on %s", self.name)
