"""The hooks of one session: which run, in which order, and what they come to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from cass.errors import ConfigError
from cass.hooks import files, matching, payloads, trusted
from cass.hooks.answers import Said, merged
from cass.hooks.around import Around
from cass.hooks.rules import Hook, Place, read
from cass.hooks.trying import trials
from cass.ports import HookAnswer, HookEvent
from cass.protocol.custom import HookUpdate
from cass.protocol.wire import JsonObject

_LAST_SECONDS = 2.0
"""How long the hooks of a session's end may take, all together: they cannot hold up its closing."""

_BACKGROUND_AT_MOST = 16


class SessionHooks:
    """`ports.Hooks`. `problems` are told once each, by whoever asks for them."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._files = files.Files(around.cwd, around.config_dir, around.home_dir, around.settings)
        self._also: list[Hook] = []
        self._gone: set[str] = set()
        self._told: set[str] = set()
        self._guards = trusted.Guards()
        self._background: set[asyncio.Task[None]] = set()

    def has(self, event: HookEvent) -> bool:
        """Whether any hook listens."""
        return any(hook.event == event for hook in self._hooks()) or self._guards.missed(event, self._files.hooks())

    def problems(self) -> list[str]:
        """What is wrong in the files, each thing once."""
        new = [problem for problem in dict.fromkeys(self._files.problems()) if problem not in self._told]
        self._told.update(new)
        return new

    async def fire(self, event: HookEvent, data: JsonObject, *, call_id: str | None = None) -> HookAnswer:
        """Run the hooks that match, one after the other."""
        said: list[Said] = []
        trust = self._around.trust()
        if why := self._guards.refusal(event, self._files.hooks(), trust, self._around.cwd):
            return HookAnswer(blocked=why)
        for hook in self._hooks():
            if hook.event != event or not matching.is_meant(hook, data):
                continue
            if not trusted.may_run(hook, trust, self._around.cwd):
                continue
            self._guards.saw(hook, self._around.cwd)
            if hook.entry.once:
                self._gone.add(hook.key)
            if hook.entry.in_background or event == "Notification":
                self._later(hook, data, call_id)
                continue
            answer = await self._one(hook, data, call_id)
            said.append(answer)
            if answer.changed is not None and event == "PreToolUse":
                data = payloads.changed(data, answer.changed)
        return merged(said)

    @contextmanager
    def also(self, rules: Mapping[str, object], origin: str, project_file: Path | None = None) -> Generator[None]:
        """These listen, too, for a while."""
        dialect = "claude" if "/.claude/" in f"/{origin}" else "cass"
        above = project_file.parents if project_file else ()
        root = next((p.parent for p in above if p.name in (".cass", ".claude")), self._around.cwd)
        found = read(rules, Place(origin, project_file, root, "command", dialect))
        if found.problems:
            raise ConfigError(found.problems[0], hint="docs/hooks.md shows what hooks look like.")
        self._also += found.hooks
        try:
            yield
        finally:
            self._also = [hook for hook in self._also if not any(hook is one for one in found.hooks)]

    async def close(self, reason: str) -> None:
        """The session ends: tell those who want to know, within a limit, and stop all that still runs."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self.fire("SessionEnd", {"reason": reason})
        for task in self._background:
            task.cancel()
        if self._background:
            await asyncio.wait(self._background, timeout=1.5)

    def _hooks(self) -> list[Hook]:
        return [hook for hook in (*self._files.hooks(), *self._also) if hook.key not in self._gone]

    async def _one(self, hook: Hook, data: JsonObject, call_id: str | None) -> Said:
        """One hook's answer to one event; in another tool's words that may be several calls."""
        async with self._shown(hook, call_id) as show:
            said = [trial.said for trial in await trials(hook, data, self._around)]
            answer = _together(said)
            show(answer)
            return answer

    def _later(self, hook: Hook, data: JsonObject, call_id: str | None) -> None:
        async def run() -> None:
            await self._one(hook, data, call_id)

        if len(self._background) >= _BACKGROUND_AT_MOST:
            return
        task = asyncio.get_running_loop().create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    @contextlib.asynccontextmanager
    async def _shown(self, hook: Hook, call_id: str | None) -> AsyncGenerator[Callable[[Said], None]]:
        began = time.monotonic()
        update = HookUpdate(
            hook_id=f"hook-{uuid4().hex[:12]}",
            hook_event=hook.event,
            name=hook.name,
            state="running",
            tool_call_id=call_id,
        )
        self._around.tell(update)

        def end(said: Said) -> None:
            elapsed = round((time.monotonic() - began) * 1000)
            self._around.tell(
                update.model_copy(update={"state": said.state, "text": said.text, "elapsed_ms": elapsed})
            )

        try:
            yield end
        except BaseException:
            end(Said("done") if hook.entry.in_background else Said("failed", "stopped"))
            raise


def _together(said: Sequence[Said]) -> Said:
    """The answers to several calls as one."""
    if not said:
        return Said("done")
    if len(said) == 1:
        return said[0]
    state = next((one for one in said if one.state != "done"), said[0]).state
    answer = merged(said)
    return Said(
        state,
        "\n".join(dict.fromkeys(one.text for one in said if one.text)),
        answer.blocked,
        answer.decision,
        changed=answer.arguments,
        context=answer.context,
        stop=answer.stop,
    )
