"""One sub-agent: what it is, how it stands, and how that is told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cass.customs.profiles import Profile
from cass.ports import Order, Outcome
from cass.protocol.events import AgentMessage, Event, ToolCallUpdate
from cass.protocol.messages import Usage
from cass.protocol.reaching import AgentUpdate
from cass.sessions.slots import Place

if TYPE_CHECKING:
    from cass.sessions.apart import Result
    from cass.sessions.session import Session

State = Literal["waiting", "running", "requires_action", "done", "failed", "cancelled"]
End = Literal["done", "failed", "cancelled"]

_SHOWN = 400
_ACTIVITY = 120


@dataclass(eq=False)
class Agent:
    """`parent` is the session that it works for, `turn_id` and `call_id` are what it was begun by there. `used` counts those
    that work for it, too. `asked` says that the model was given its outcome, or waits for it; `stopped` why it was
    stopped; `kept` are changes of its copy of the files that nobody was offered yet."""

    agent_id: str
    name: str
    order: Order
    profile: Profile
    parent: Session
    turn_id: str
    call_id: str
    session: Session | None = None
    state: State = "waiting"
    ended: End = "done"
    activity: str = ""
    text: str = ""
    used: Usage = field(default_factory=Usage)
    requests: int = 0
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    outcome: Outcome | None = None
    kept: Result | None = None
    asked: bool = False
    stopped: str = ""
    place: Place = field(default_factory=Place)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def behind(self) -> bool:
        """Whether it works in the background."""
        return self.order.background or self.profile.background

    @property
    def apart(self) -> bool:
        """Whether it is to work on a copy of the files."""
        return self.order.apart or self.profile.apart

    def heard(self, event: Event) -> None:
        """Something happened in its session."""
        if isinstance(event, AgentMessage):
            self.requests += 1
        if isinstance(event, ToolCallUpdate) and event.status == "in_progress" and event.title:
            self.activity = " ".join(event.title.split())[:_ACTIVITY]
            self.say(self.state)

    def waits(self, count: int) -> None:
        """So many questions of it wait for an answer."""
        if not self.over.is_set():
            self.say("requires_action" if count else "running")

    def stop(self, why: str) -> None:
        """End it, in a moment."""
        if self.over.is_set():
            return
        self.stopped = self.stopped or why
        if self.session is not None:
            self.session.work.cancel()

    def end(self, state: End, text: str) -> None:
        """It is over."""
        if self.over.is_set():
            return
        self.text, self.activity, self.session = text, "", None
        self.seconds = time.monotonic() - self.began
        self.say(state)
        self.over.set()

    def say(self, state: State) -> None:
        """Tell how it stands."""
        self.state = state
        if not self.parent.stream.closed:
            self.parent.emit(self.update())

    def update(self) -> AgentUpdate:
        """How it stands, as clients are told."""
        return AgentUpdate(
            turn_id=self.turn_id,
            agent_id=self.agent_id,
            name=self.name,
            profile=self.profile.name,
            task=self.order.task[:200],
            state=self.state,
            is_background=self.behind,
            tool_call_id=self.call_id,
            activity=self.activity,
            text=self.text[:_SHOWN],
            usage=self.used if self.used != Usage() else None,
        )
