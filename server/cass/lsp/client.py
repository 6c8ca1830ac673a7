"""The connected client, as the core sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cass.protocol.asking import (
    ElicitationCompleteParams,
    ElicitationParams,
    ElicitationResult,
    PermissionOutcome,
    RequestPermissionParams,
    RequestPermissionResult,
)
from cass.protocol.custom import FindingsUpdate
from cass.protocol.events import Event
from cass.protocol.methods import ELICITATION, ELICITATION_COMPLETE, REQUEST_PERMISSION, SESSION_UPDATE
from cass.rpc.endpoint import Endpoint, RpcError
from cass.rpc.transport import Transport

if TYPE_CHECKING:
    from cass.lsp.editor import Editor
    from cass.lsp.findings import Findings


class WireClient:
    """`ports.Client` for whoever is at the other end of the wire."""

    def __init__(self, endpoint: Endpoint, transport: Transport) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self.permission = False
        self.editor: Editor | None = None
        self.elicitation = False
        self.findings: Findings | None = None

    @property
    def can_decide(self) -> bool:
        """Whether the client said that it can ask a person; an editor can always show a message."""
        return self.permission or self.editor is not None

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """Tell about an event; an editor is told of findings as diagnostics, too."""
        if self.findings and isinstance(event, FindingsUpdate):
            self.findings.take(session_id, event)
        params = f'{{"sessionId":"{session_id}","seq":{seq},"update":{event.wire_json()}}}'
        self._endpoint.notify(SESSION_UPDATE.name, params)

    async def drain(self) -> None:
        """Wait while the client is far behind."""
        await self._transport.drain()

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask. Whatever is no clear answer is a refusal."""
        if not self.permission and self.editor:
            from cass.lsp import asking  # only where an editor is: its types are heavy

            return await asking.permission(self.editor, ask)
        try:
            answer = await self._endpoint.request(REQUEST_PERMISSION.name, ask.wire())
            return RequestPermissionResult.model_validate(answer).outcome
        except (RpcError, ValueError):
            return PermissionOutcome(outcome="cancelled")

    async def elicit(self, question: ElicitationParams) -> ElicitationResult | None:
        """Put a form to the user."""
        if not self.elicitation:
            return None
        try:
            answer = await self._endpoint.request(ELICITATION.name, question.wire())
            return ElicitationResult.model_validate(answer)
        except asyncio.CancelledError:
            over = ElicitationCompleteParams(session_id=question.session_id, elicitation_id=question.elicitation_id)
            self._endpoint.notify(ELICITATION_COMPLETE.name, over.wire_json())
            raise
        except (RpcError, ValueError):
            return ElicitationResult(action="decline")
