"""Questions to the user: put to everybody attached, one at a time, answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from cass.ports import Client, Question
from cass.protocol.asking import ElicitationParams, PermissionOutcome, RequestPermissionParams
from cass.protocol.wire import JsonObject
from cass.sessions.stream import Stream

T = TypeVar("T")

_NOBODY = PermissionOutcome(outcome="cancelled")


class Asks:
    """The questions of one session."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._turnstile = asyncio.Lock()
        self._decided: dict[str, asyncio.Future[PermissionOutcome]] = {}
        self._answered: set[str] = set()

    async def permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """The first answer counts, also one that comes by `cass/edit/resolve`. Nobody there means a refusal."""
        async with self._turnstile:
            if not any(client.can_decide for client in self._stream.clients):
                return _NOBODY
            decided: asyncio.Future[PermissionOutcome] = asyncio.get_running_loop().create_future()
            key = ask.subject.proposal_id or ask.subject.tool_call_id
            self._decided[key] = decided
            try:
                return await self._first(lambda client: client.request_permission(ask), decided) or _NOBODY
            finally:
                self._answered.add(key)
                del self._decided[key]

    def decide(self, proposal_id: str, outcome: PermissionOutcome) -> bool:
        """Answer a waiting question about a proposal; False when there is none."""
        waiting = self._decided.get(proposal_id)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(outcome)
        self._answered.add(proposal_id)
        return True

    def has_answer(self, proposal_id: str) -> bool:
        """Whether a question about a proposal was put and is answered."""
        return proposal_id in self._answered

    async def question(self, question: Question) -> str | None:
        """The user's answer; None when nobody can or will answer."""
        if not any(client.can_decide for client in self._stream.clients):
            return None
        field: JsonObject = {"type": "string", "title": "Answer"}
        if question.options:
            field["enum"] = list(question.options)
        schema: JsonObject = {"type": "object", "properties": {"answer": field}, "required": ["answer"]}
        params = ElicitationParams(
            session_id=self._stream.session_id, message=question.text, requested_schema=schema
        )
        async with self._turnstile:
            result = await self._first(lambda client: client.elicit(params))
        if result is None or result.action != "accept" or not result.content:
            return None
        return str(result.content.get("answer", "")) or None

    async def _first(
        self, put: Callable[[Client], Coroutine[object, object, T]], decided: Awaitable[T] | None = None
    ) -> T | None:
        """Put the question to all; the first answer counts and the others are withdrawn."""
        asked = [asyncio.ensure_future(put(client)) for client in self._stream.clients if client.can_decide]
        waiting = [*asked, asyncio.ensure_future(decided)] if decided else [*asked]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in waiting:
                task.cancel()
