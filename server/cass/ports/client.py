"""The seam to whoever is attached to a session."""

from __future__ import annotations

from typing import Protocol

from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.events import Event


class Client(Protocol):
    """Whoever is attached to a session: an editor, a terminal, a program."""

    @property
    def can_decide(self) -> bool:
        """Whether a person can be asked for permission here."""
        ...

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """Tell about an event. Never waits."""
        ...

    async def drain(self) -> None:
        """Wait while the client is far behind in reading."""
        ...

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask. Cancelling this call withdraws the question. A client that is gone refuses."""
        ...

    async def elicit(self, question: ElicitationParams) -> ElicitationResult | None:
        """Put a form to the user. None where this one cannot be shown here: somebody else may."""
        ...
