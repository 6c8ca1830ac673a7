"""What the user and the folder add to a session: trust, hooks, commands, skills."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from cass.ports import HookAnswer, HookEvent, Hooks, Trust
from cass.protocol.custom import TrustState
from cass.protocol.wire import JsonObject
from cass.sessions.command import Command

if TYPE_CHECKING:
    from cass.sessions.session import Session


class Brought:
    """Belongs to one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.trust: Trust = _Open()
        self.hooks: Hooks = _Silent()

    async def commands(self) -> Mapping[str, Command]:
        """The slash commands by name: cass's own, then those of plug-ins, the user and the folder. A name that is
        cass's own stays cass's."""
        return self._session.house.commands


class _Open:
    """Nothing is asked about yet."""

    @property
    def state(self) -> TrustState:
        return "plain"

    def allows(self, path: Path) -> bool:
        return True


class _Silent:
    """No hooks."""

    def has(self, event: HookEvent) -> bool:
        return False

    async def fire(self, event: HookEvent, data: JsonObject, *, call_id: str | None = None) -> HookAnswer:
        return HookAnswer()

    def also(self, rules: Mapping[str, object], origin: str) -> AbstractContextManager[None]:
        return nullcontext()
