"""Questions to the user: put to everybody attached, one at a time, answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

from cass.ports import Client, Question
from cass.protocol.asking import (
    ElicitationParams,
    ElicitationResult,
    PermissionOutcome,
    RequestPermissionParams,
)
from cass.protocol.wire import JsonObject
from cass.sessions.stream import Stream

T = TypeVar("T")

_NOBODY = PermissionOutcome(outcome="cancelled")

ALONE_SECONDS = 600.0
"""How long a question waits when all who were asked are gone."""


class Asks:
    """The questions of one session."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._turnstile = asyncio.Lock()
        self._decided: dict[str, asyncio.Future[PermissionOutcome]] = {}
        self._answered: set[str] = set()
        self._open: _Open | None = None

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
        result = await self.form(question.text, schema)
        if result.action != "accept" or not result.content:
            return None
        return str(result.content.get("answer", "")) or None

    async def form(self, message: str, schema: JsonObject) -> ElicitationResult:
        """Have a form filled in: a flat JSON Schema object. The first answer counts; `cancel` when nobody can or will."""
        if not any(client.can_decide for client in self._stream.clients):
            return ElicitationResult(action="cancel")
        params = ElicitationParams(
            session_id=self._stream.session_id,
            elicitation_id=f"elicit-{uuid4().hex[:12]}",
            message=message,
            requested_schema=schema,
        )
        async with self._turnstile:
            result = await self._first(lambda client: client.elicit(params))
        return result or ElicitationResult(action="cancel")

    def joined(self, client: Client) -> None:
        """Somebody is there now: the open question is put to them, too."""
        if self._open and client.can_decide:
            self._open.to(client)

    def left(self, client: Client) -> None:
        """Somebody is gone. Nothing is taken for an answer: the question waits for the others, or for who comes back."""
        if self._open:
            self._open.withdraw(client)

    async def _first(
        self, put: Callable[[Client], Coroutine[object, object, T | None]], decided: asyncio.Future[T] | None = None
    ) -> T | None:
        """Put the question to all; the first answer counts and the others are withdrawn. Who answers None could not put it,
        and does not count."""
        question = self._open = _Put(put, decided)
        for client in self._stream.clients:
            if client.can_decide:
                question.to(client)
        try:
            return await question.answer()
        finally:
            self._open = None
            question.close()


class _Open(Protocol):
    """A question as those who come and go see it."""

    def to(self, client: Client) -> None:
        """Put it to them."""
        ...

    def withdraw(self, client: Client) -> None:
        """They are gone."""
        ...


class _Put(Generic[T]):
    """One question, with those who think about it."""

    def __init__(
        self, put: Callable[[Client], Coroutine[object, object, T | None]], decided: asyncio.Future[T] | None
    ) -> None:
        self._put = put
        self._decided = decided
        self._asked: list[tuple[Client, asyncio.Future[T | None]]] = []
        self._changed = asyncio.Event()

    def to(self, client: Client) -> None:
        self._asked.append((client, asyncio.ensure_future(self._put(client))))
        self._changed.set()

    def withdraw(self, client: Client) -> None:
        for asked, answer in self._asked:
            if asked is client:
                answer.cancel()
        self._asked = [one for one in self._asked if one[0] is not client]
        self._changed.set()

    def close(self) -> None:
        for _, answer in self._asked:
            answer.cancel()
        if self._decided:
            self._decided.cancel()

    async def answer(self) -> T | None:
        """The first answer; None when nobody is left who could give one, for a long while, or nobody could put it."""
        while True:
            self._changed.clear()
            changed = asyncio.ensure_future(self._changed.wait())
            answers = self._answers()
            limit = None if self._asked else ALONE_SECONDS
            try:
                done, _ = await asyncio.wait(
                    [*answers, changed], timeout=limit, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                changed.cancel()
            if not done:
                return None
            self._asked = [one for one in self._asked if not one[1].cancelled()]
            results = [answer.result() for answer in self._answers() if answer.done()]
            for result in results:
                if result is not None:
                    return result
            self._asked = [one for one in self._asked if not one[1].done()]
            if results and not self._asked:
                return None

    def _answers(self) -> list[asyncio.Future[T | None] | asyncio.Future[T]]:
        decided: list[asyncio.Future[T | None] | asyncio.Future[T]] = [self._decided] if self._decided else []
        return [*(answer for _, answer in self._asked), *decided]
