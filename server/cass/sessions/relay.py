"""What stands between a child session and those who are attached to the one it works for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.custom import FindingsUpdate, HookUpdate
from cass.protocol.events import EditUpdate, EffectsUpdate, Event, Notice, PermissionGranted, StateUpdate
from cass.protocol.reaching import AgentUpdate

if TYPE_CHECKING:
    from cass.sessions.session import Session


class Relay:
    """The child's only client: the parent, on behalf of all who are attached to it. `heard` is told of everything that
    happens in the child, and `waits` how many questions of it wait for an answer. A child that works `apart`, on files of
    its own, does nothing to the parent's."""

    def __init__(
        self,
        parent: Session,
        child: Session,
        turn_id: str,
        name: str,
        *,
        apart: bool = False,
        heard: Callable[[Event], None] = lambda event: None,
        waits: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._parent = parent
        self._child = child
        self._turn_id = turn_id
        self._name = name
        self._apart = apart
        self._heard = heard
        self._waits = waits
        self._asking = 0

    @property
    def can_decide(self) -> bool:
        """Whether anybody can be asked."""
        return self._parent.can_decide

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """What counts for the parent, too: effects on files, proposals of plan mode, grants, findings, warnings, what hooks
        did, and how its own sub-agents stand."""
        self._heard(event)
        told = {"turn_id": self._turn_id}
        match event:
            case PermissionGranted() | FindingsUpdate():
                self._parent.emit(event.model_copy(update=told))
            case EffectsUpdate() if not self._apart:
                self._parent.emit(event.model_copy(update=told))
                self._parent.reviews.look_soon()
            case EditUpdate() if self._is_kept(event):
                self._parent.emit(self._kept(event))
            case HookUpdate():
                named = {"tool_call_id": None, "name": f"[{self._name}] {event.name}"}
                self._parent.emit(event.model_copy(update=told | named))
            case Notice() if event.level != "info":
                self._parent.emit(event.model_copy(update=told | {"text": f"[{self._name}] {event.text}"}))
            case AgentUpdate():
                works_for = event.works_for or self._name
                self._parent.emit(event.model_copy(update=told | {"tool_call_id": None, "works_for": works_for}))
            case _:
                pass

    def _is_kept(self, event: EditUpdate) -> bool:
        """Whether a proposal is one of plan mode, which waits after the turn; the others are decided while it runs. The
        files as they are proposed are the parent's already: it shares them."""
        return not self._apart and event.state == "proposed" and self._child.mode == "plan"

    def _kept(self, event: EditUpdate) -> EditUpdate:
        """The child ends: the parent keeps its proposal for the user to decide about."""
        own = {"session_id": self._parent.session_id, "turn_id": self._turn_id}
        proposal = event.proposal.model_copy(update=own) if event.proposal else None
        return event.model_copy(update={"turn_id": self._turn_id, "proposal": proposal})

    async def drain(self) -> None:
        """Wait while those attached are far behind."""
        await self._parent.flow()

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask through the parent, with the child's name."""
        asked = {
            "session_id": self._parent.session_id,
            "turn_id": self._turn_id,
            "title": f"[{self._name}] {ask.title}",
            "description": f"For {self._name}, which works for this session.\n{ask.description or ''}".strip(),
        }
        self._begin()
        try:
            return await self._parent.request_permission(ask.model_copy(update=asked))
        finally:
            self._end()

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        """Ask through the parent, with the child's name."""
        message = f"[{self._name}] {question.message}"
        self._begin()
        try:
            return await self._parent.asks.form(message, question.requested_schema)
        finally:
            self._end()

    def _begin(self) -> None:
        self._asking += 1
        self._waits(self._asking)
        self._parent.agents.asking += 1
        self._say("requires_action")

    def _end(self) -> None:
        self._asking -= 1
        self._waits(self._asking)
        self._parent.agents.asking -= 1
        if not self._parent.agents.asking:
            self._say("running")

    def _say(self, state: str) -> None:
        """How the parent's turn stands; where that is over, or is another one, it does not wait for this."""
        if not self._parent.closing and self._parent.turn_id == self._turn_id:
            self._parent.emit(StateUpdate.model_validate({"turn_id": self._turn_id, "state": state}))
