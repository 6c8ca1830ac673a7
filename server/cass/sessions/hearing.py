"""What MCP servers ask of a session: its folders, forms, addresses to be opened, a model's words. All of it is put to the user."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent import spending
from cass.errors import CassError
from cass.mcp import schemas
from cass.mcp.forms import Form
from cass.mcp.hearing import Action, Sampled, Sampling
from cass.ports import Completed, ModelRequest, Question
from cass.protocol.events import Notice, StateUpdate
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from cass.sessions.session import Session

MOST_SAMPLES = 20
"""Answers of the model that one server gets in one session."""

MOST_TOKENS = 4_096
"""Tokens of one of them."""

_SHOWN_CHARS = 3_000
_TRIES = 3

OPENED = "I opened it"
NOT_OPENED = "I do not open it"
ONCE, ALWAYS, NEVER = "Yes, this once", "Yes, in this session", "No"


class SessionHearing:
    """`mcp.hearing.Hearing`. Belongs to one session that works for nobody else."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sampled: Counter[str] = Counter()
        self._may_sample: set[str] = set()

    def roots(self) -> Sequence[Path]:
        """The folders that the session works in."""
        return self._session.workspace.roots

    async def form(self, server: str, message: str, schema: JsonObject) -> tuple[Action, JsonObject]:
        """The user's answers, as the server's schema wants them; asked again, at most twice, where they do not fit it."""
        form = Form(schema)
        if not form.fields:
            answer = await self._ask(f"The MCP server {server} asks: {message}", ("Yes", "No"))
            return ("accept", {}) if answer == "Yes" else ("decline", {})
        head = f"The MCP server {server} asks: {message}"
        given: JsonObject | None = None
        for _ in range(_TRIES):
            with self._waiting():
                result = await self._session.asks.form(head, form.schema(given))
            if result.action != "accept":
                return result.action, {}
            given = result.content or {}
            content = form.content(given)
            problem = await asyncio.to_thread(schemas.misfit, schema, content)
            if not problem:
                return "accept", content
            head = f"The MCP server {server} asks: {message}\nThat does not fit: {problem}"
        return "cancel", {}

    async def visit(self, server: str, message: str, url: str) -> Action:
        """The address is shown; the user opens it, or not."""
        text = f"The MCP server {server} asks you to open an address: {message}\n{url}\nOpen it only if you expect this."
        answer = await self._ask(text, (OPENED, NOT_OPENED))
        return "accept" if answer == OPENED else "decline" if answer else "cancel"

    async def sample(self, server: str, wanted: Sampling) -> Sampled | str:
        """The session's model is asked, if the user allows it, within the session's budget."""
        session = self._session
        if not session.config.mcp.sampling:
            return "sampling is switched off (mcp.sampling)"
        if self._sampled[server] >= MOST_SAMPLES:
            return f"this server had {MOST_SAMPLES} answers of the model in this session, which is all it gets"
        if server not in self._may_sample:
            said = "\n".join(f"{one.role}: {one.text}" for one in wanted.messages)
            shown = said[:_SHOWN_CHARS] + (" …" if len(said) > _SHOWN_CHARS else "")
            text = f"The MCP server {server} wants your model to answer this, at your cost:\n{shown}"
            answer = await self._ask(text, (ONCE, ALWAYS, NEVER))
            if answer == ALWAYS:
                self._may_sample.add(server)
            elif answer != ONCE:
                return "the user does not allow it"
        self._sampled[server] += 1
        try:
            spending.check(session)
            return await self._answer(wanted)
        except CassError as error:
            return error.message

    async def _answer(self, wanted: Sampling) -> Sampled:
        session = self._session
        model = session.house.models.get(session.model_name or await session.house.models.default())
        request = ModelRequest(
            system=wanted.system,
            messages=tuple(session.masker.model(message) for message in wanted.messages),
            max_output=max(1, min(wanted.max_tokens, MOST_TOKENS)),
            cache_key=f"{session.session_id}-sampling-{uuid4().hex[:8]}",
        )
        async for event in model.stream(request):
            if isinstance(event, Completed):
                if event.usage:
                    session.spent(event.model or model.name, event.usage)
                text = "".join(getattr(block, "text", "") for block in event.content if block.type == "text")
                return Sampled(text, event.model or model.name, event.finish != "length")
        return Sampled("", model.name)

    async def _ask(self, text: str, options: tuple[str, ...]) -> str | None:
        session = self._session
        if not session.can_decide:
            session.emit(
                Notice(turn_id=session.turn_id, level="warning", text=f"Nobody is there to answer. {text}")
            )
            return None
        with self._waiting():
            return await session.ask(Question(text, options))

    @contextmanager
    def _waiting(self) -> Generator[None]:
        """The turn, where one runs, waits for the user."""
        session, turn = self._session, self._session.turn_id
        if turn is None or session.state != "running":
            yield
            return
        session.emit(StateUpdate(turn_id=turn, state="requires_action"))
        try:
            yield
        finally:
            if session.turn_id == turn and not session.closing:
                session.emit(StateUpdate(turn_id=turn, state="running"))
