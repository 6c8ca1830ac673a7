"""The connected ACP client, as the core sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from pydantic import Field

from cass.acp.abilities import Abilities
from cass.acp.saying import Call, Saying
from cass.acp.updates import Updates
from cass.protocol.asking import (
    ElicitationParams,
    ElicitationResult,
    PermissionOption,
    PermissionOutcome,
    RequestPermissionParams,
)
from cass.protocol.edits import HunkDecision
from cass.protocol.events import Event
from cass.protocol.wire import JsonObject, Wire
from cass.rpc.endpoint import Endpoint, RpcError
from cass.rpc.transport import Transport

_FILE_SECONDS = 10.0
"""How long an editor may take for one file. One that does not answer is not asked again for a read."""


class _Verdict(Wire):
    """What a client that knows cass may say besides, in `_meta.cass`."""

    note: str | None = None
    hunks: tuple[HunkDecision, ...] = ()


class _Meta(Wire):
    cass: _Verdict = _Verdict()


class _Outcome(Wire):
    outcome: str
    option_id: str | None = None
    meta: _Meta | None = Field(default=None, alias="_meta")


class _Answer(Wire):
    outcome: _Outcome
    meta: _Meta | None = Field(default=None, alias="_meta")


class _Ask(Wire):
    session_id: str
    tool_call: Call
    options: tuple[PermissionOption, ...]


class AcpClient:
    """`ports.Client` for an ACP client. What happens in a session is held back until `release`: a client that is
    told of a session before it knows its id drops what it is told."""

    def __init__(self, endpoint: Endpoint, transport: Transport) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self.abilities = Abilities()
        self.models: tuple[str, ...] = ()
        self._updates: dict[str, Updates] = {}
        self._held: dict[str, list[Saying]] = {}
        self._mute_files = False

    @property
    def can_decide(self) -> bool:
        """Every ACP client can be asked for permission."""
        return True

    @property
    def reads_files(self) -> bool:
        """Whether the editor gives files; one that once did not answer in time counts as one that does not."""
        return self.abilities.read_files and not self._mute_files

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """Tell about an event."""
        updates = self._updates.get(session_id)
        if updates is None:
            updates = self._updates[session_id] = self._new_updates()
            self._held[session_id] = []
        self.say(session_id, updates.of(event))

    def say(self, session_id: str, sayings: Sequence[Saying]) -> None:
        """Send updates, or keep them until the session is released."""
        if session_id in self._held:
            self._held[session_id] += sayings
            return
        for saying in sayings:
            self._send(session_id, saying)

    def begin(self, session_id: str, mode: str) -> None:
        """The client is about to be told of this session, which is in this mode."""
        if session_id not in self._updates:
            self._updates[session_id] = self._new_updates()
            self._held[session_id] = []
        self._updates[session_id].mode = mode

    def offer(self, models: tuple[str, ...]) -> None:
        """These models may be chosen, in every session."""
        self.models = models
        for updates in self._updates.values():
            updates.models = models

    def release(self, session_id: str) -> None:
        """The client knows the session now."""
        for saying in self._held.pop(session_id, []):
            self._send(session_id, saying)

    def forget(self, session_id: str) -> None:
        """The session is closed."""
        self._updates.pop(session_id, None)
        self._held.pop(session_id, None)

    @contextmanager
    def replaying(self, session_id: str) -> Generator[None]:
        """What is told meanwhile is an earlier conversation; it is told at once."""
        self.forget(session_id)
        updates = self._updates[session_id] = self._new_updates()
        updates.replaying = True
        try:
            yield
        finally:
            updates.replaying = False

    async def drain(self) -> None:
        """Wait while the client is far behind."""
        await self._transport.drain()

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask. Whatever is no clear answer is a refusal."""
        updates = self._updates.get(ask.session_id) or self._new_updates()
        call = updates.calls.asked(ask.subject, ask.title)
        params = _Ask(session_id=ask.session_id, tool_call=call, options=ask.options).wire()
        try:
            answer = _Answer.model_validate(await self._endpoint.request("session/request_permission", params))
        except (RpcError, ValueError):
            return PermissionOutcome(outcome="cancelled")
        if answer.outcome.outcome != "selected":
            return PermissionOutcome(outcome="cancelled")
        said = (answer.outcome.meta or answer.meta or _Meta()).cass
        option = answer.outcome.option_id
        return PermissionOutcome(outcome="selected", option_id=option, note=said.note, hunks=said.hunks)

    async def elicit(self, question: ElicitationParams) -> ElicitationResult | None:
        """Put a form to the user, where the client can show one."""
        if not self.abilities.elicitation:
            return None
        try:
            form = {
                k: v for k, v in question.wire().items() if k != "elicitationId"
            }  # ACP's is for addresses alone
            answer = await self._endpoint.request("elicitation/create", {"mode": "form", **form})
            return ElicitationResult.model_validate(answer)
        except (RpcError, ValueError):
            return ElicitationResult(action="decline")

    async def read_file(self, session_id: str, path: Path) -> str | None:
        """A file as the editor has it; None where it does not say."""
        if not self.reads_files:
            return None
        try:
            async with asyncio.timeout(_FILE_SECONDS):
                answer = await self._endpoint.request(
                    "fs/read_text_file", {"sessionId": session_id, "path": str(path)}
                )
        except TimeoutError:
            self._mute_files = True
            return None
        except RpcError:
            return None
        content = cast("JsonObject", answer).get("content") if isinstance(answer, dict) else None
        return content if isinstance(content, str) else None

    async def write_file(self, session_id: str, path: Path, text: str) -> bool:
        """Have the editor write a file: whether it said that it did, which is no proof."""
        params: JsonObject = {"sessionId": session_id, "path": str(path), "content": text}
        try:
            async with asyncio.timeout(_FILE_SECONDS):
                await self._endpoint.request("fs/write_text_file", params)
        except (RpcError, TimeoutError):
            return False
        return True

    def _new_updates(self) -> Updates:
        return Updates(notices=self.abilities.notices, models=self.models)

    def _send(self, session_id: str, saying: Saying) -> None:
        self._endpoint.notify("session/update", f'{{"sessionId":"{session_id}","update":{saying.wire_json()}}}')
