"""The whole house in this process: the real parts around a scripted model and a client that writes down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cass.app import App
from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.events import Event
from cass.protocol.messages import Text
from cass.protocol.methods import PromptParams, SessionNewParams, SessionResumeParams
from cass.sessions.session import Session

Decide = Callable[[RequestPermissionParams], PermissionOutcome]


def yes(ask: RequestPermissionParams) -> PermissionOutcome:
    """Allow it once."""
    return PermissionOutcome(outcome="selected", option_id="allow_once")


def no(ask: RequestPermissionParams) -> PermissionOutcome:
    """Refuse it, with a reason."""
    return PermissionOutcome(outcome="selected", option_id="reject_once", note="not like this")


@dataclass(eq=False)
class RecordingClient:
    """A client that keeps every update and answers questions as it was told. `decide=None` cannot be asked. `forms` are
    what it fills in, one after the other, then always `form`."""

    decide: Decide | None = yes
    answer: str | None = None
    form: dict[str, object] | None = None
    forms: list[dict[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    asks: list[RequestPermissionParams] = field(default_factory=list)
    questions: list[ElicitationParams] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    hold: bool = False

    @property
    def can_decide(self) -> bool:
        return self.decide is not None

    def update(self, session_id: str, seq: int, event: Event) -> None:
        self.seqs.append(seq)
        self.events.append(event)

    async def drain(self) -> None:
        pass

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        self.asks.append(ask)
        self.waiting.set()
        if self.hold:
            await asyncio.Event().wait()
        assert self.decide
        return self.decide(ask)

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        self.questions.append(question)
        filled = self.forms.pop(0) if self.forms else self.form
        if filled is not None:
            return ElicitationResult(action="accept", content=filled)
        if self.answer is None:
            return ElicitationResult(action="decline")
        return ElicitationResult(action="accept", content={"answer": self.answer})

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


class House:
    """An app in a folder of its own, with sessions that are driven by scripts."""

    def __init__(self, tmp_path: Path, **environ: str) -> None:
        self.home = tmp_path / "home"
        self.project = tmp_path / "project"
        self.project.mkdir(exist_ok=True)
        self.scripts = tmp_path
        self.environ = {"CASS_HOME": str(self.home), "CASS_PLUGINS": "0", "PATH": "/usr/bin:/bin", **environ}
        self.app = App(self.environ)

    def model(self, steps: Sequence[object], name: str = "script") -> str:
        """A scripted model that answers with these steps."""
        path = self.scripts / f"{name}.json"
        path.write_text(json.dumps({"steps": list(steps)}))
        return f"scripted/{path}"

    def open(self, client: RecordingClient, steps: Sequence[object] = (), **params: Any) -> Session:
        """A new session."""
        options = {"model": self.model(steps), **params.pop("options", {})}
        new = SessionNewParams(cwd=str(self.project), config_options=options, **params)
        return self.app.library.new(new, client)

    async def resume(self, session_id: str, client: RecordingClient, **params: Any) -> Session:
        """A stored session."""
        return await self.app.library.resume(SessionResumeParams(session_id=session_id, **params), client)

    def restart(self) -> None:
        """As after a crash: what was open is only on disk now."""
        for session in self.app.library.sessions:
            session.stream.close()
        self.app = App(self.environ)


def prompt(session: Session, text: str, **more: Any) -> str:
    """Say something; the turn's id."""
    params = PromptParams(session_id=session.session_id, prompt=(Text(text=text),), **more)
    return session.work.prompt(params)[0]


async def ask(session: Session, text: str, **more: Any) -> Any:
    """Say something and wait for the turn's end."""
    async with asyncio.timeout(20):
        return await session.work.finished(prompt(session, text, **more))


def call(tool: str, **arguments: object) -> dict[str, object]:
    """A step that calls one tool."""
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}
