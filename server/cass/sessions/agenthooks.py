"""The hooks of a session that works for another one: they are told for whom it works, and as what."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from cass.ports import HookAnswer, HookEvent, Hooks
from cass.protocol.wire import JsonObject


class AgentHooks:
    """`ports.Hooks`. What a sub-agent of the model's comes to at its end is a `SubagentStop`: a hook that blocks it has it
    go on."""

    def __init__(self, inner: Hooks, about: Mapping[str, str], *, is_agent: bool) -> None:
        self._inner = inner
        self._about = about
        self._is_agent = is_agent

    def has(self, event: HookEvent) -> bool:
        """Whether any hook listens."""
        return self._inner.has(self._named(event))

    async def fire(self, event: HookEvent, data: JsonObject, *, call_id: str | None = None) -> HookAnswer:
        """Run those that match, with what they are told besides."""
        return await self._inner.fire(self._named(event), {**data, **self._about}, call_id=call_id)

    def also(
        self, rules: Mapping[str, object], origin: str, project_file: Path | None = None
    ) -> AbstractContextManager[None]:
        """These listen, too, for a while."""
        return self._inner.also(rules, origin, project_file)

    def _named(self, event: HookEvent) -> HookEvent:
        return "SubagentStop" if event == "Stop" and self._is_agent else event
