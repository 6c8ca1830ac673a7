"""The state of a session's repository, which is found out while the user types."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from cass.git import knowledge

if TYPE_CHECKING:
    from cass.sessions.session import Session

_PATIENCE = 2.0


class Knowing:
    """Belongs to one session. The repository is looked at once, in the background. What is not known when the first request
    is made stays unsaid, so that nothing waits for it and all requests begin alike."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._task: asyncio.Task[str] | None = None

    def begin(self) -> None:
        """Look, where there is something to look at."""
        session = self._session
        if self._task is None and session.config.git.knowledge and knowledge.is_near(session.cwd):
            self._task = asyncio.get_running_loop().create_task(knowledge.of(session.cwd, os.environ))

    async def settle(self, seconds: float) -> None:
        """Wait until it is known, so long at most."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)

    async def stop(self) -> None:
        """Look no further."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_PATIENCE)

    @property
    def git(self) -> str:
        """The repository's state when the session was opened; empty for none, or not known yet."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return ""
        return task.result()
