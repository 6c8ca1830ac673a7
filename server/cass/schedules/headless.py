"""A run as an ordinary session without anybody there: `cass -p` in the schedule's folder, in a process group of its own.

It opens its session, and is given its prompt only when it is on disk that the run has begun, and in which session. Whoever dies
before that leaves a process that reads nothing, does nothing and ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from cass.errors import ToolError
from cass.process import Fed
from cass.schedules import words
from cass.schedules.definition import Schedule
from cass.schedules.records import State

_OUTPUT_BYTES = 8_000_000
_TEXT_CHARS = 4_000
_GRACE = 2.0
_OVER = 20.0
"""Seconds that a session has to end by itself when its time is over."""
_TRIED_AGAIN = (1, 4)
"""Exit codes of `cass -p` after which another try may end otherwise: a turn that failed, a provider that did."""


@dataclass(frozen=True)
class Result:
    """How a run ended. `retryable`: another try may end otherwise."""

    state: State
    why: str = ""
    session_id: str | None = None
    exit_code: int | None = None
    cost: float | None = None
    text: str = ""
    retryable: bool = False


Began = Callable[[str | None], Awaitable[None]]
"""Told of the session before it is given its prompt. A CassError ends it."""


class Runs(Protocol):
    """What carries runs out. Everything that it starts carries `mark`."""

    mark: str

    async def run(self, schedule: Schedule, began: Began) -> Result:
        """Carry it out. ToolError when it cannot be started. Cancelling ends it."""
        ...


class HeadlessRuns:
    """Runs as processes. `environ` is given to them whole; `limits` says what the user's own settings allow one run in the
    schedule's folder, as variables, and `seconds` how long; `mask` takes secrets out of texts."""

    def __init__(
        self,
        fed: Fed,
        environ: Mapping[str, str],
        limits: Callable[[Schedule], tuple[Mapping[str, str], float]],
        mask: Callable[[str], str],
    ) -> None:
        self.mark = fed.mark
        self._fed = fed
        self._environ = environ
        self._limits = limits
        self._mask = mask

    async def run(self, schedule: Schedule, began: Began) -> Result:
        """Run it to its end. Its session is an ordinary one, found by its id."""
        folder = Path(schedule.folder)
        if not await asyncio.to_thread(folder.is_dir):
            return Result("failed", f"its folder {folder} is not there")
        opened: list[str] = []

        async def greeted(line: bytes) -> None:
            value = _last_object(line)
            session_id = value.get("sessionId")
            if value.get("type") == "session" and isinstance(session_id, str):
                opened.append(session_id)
                await began(session_id)

        limits, seconds = await asyncio.to_thread(self._limits, schedule)
        ended = await self._fed.run(
            [sys.executable, "-P", "-m", "cass_cli.main", *arguments(schedule)],
            feed=schedule.prompt.encode("utf-8", "surrogatepass"),
            cwd=folder,
            env={**self._environ, **limits},
            seconds=seconds + _OVER,
            limit=_OUTPUT_BYTES,
            greeted=greeted,
            grace=_GRACE,
        )
        result = _read(ended.stdout, ended.exit_code, ended.stderr)
        if ended.exit_code is None:
            why = f"it ran longer than {words.length(seconds)} and was ended"
            result = Result("failed", why, result.session_id, None, result.cost, result.text, retryable=True)
        return Result(
            result.state,
            self._mask(result.why),
            result.session_id or next(iter(opened), None),
            result.exit_code,
            result.cost,
            self._mask(result.text),
            result.retryable,
        )


def arguments(schedule: Schedule) -> list[str]:
    """The words behind `cass`; the prompt is read from standard input."""
    line = ["-p", "--prompt-later", "--output-format", "json", "--cwd", schedule.folder]
    for flag, value in (
        ("--model", schedule.model),
        ("--effort", schedule.effort),
        ("--mode", schedule.mode),
        ("--approval", schedule.approval),
        ("--max-turns", schedule.budget.turns),
    ):
        line += [f"{flag}={value}"] if value is not None else []
    line += [f"--allow={rule}" for rule in schedule.allow] + [f"--deny={rule}" for rule in schedule.deny]
    return [*line, "--no-trust"] if schedule.folder_trust == "leave-out" else line


def _read(stdout: bytes, code: int | None, stderr: bytes) -> Result:
    """What the last line of JSON says, and the exit code."""
    value = _last_object(stdout)
    error = value.get("error")
    said = cast("dict[str, object]", error) if isinstance(error, dict) else {}
    usage = value.get("usage")
    cost = cast("dict[str, object]", usage).get("cost") if isinstance(usage, dict) else None
    session_id = value.get("sessionId")
    why = " ".join(str(said[key]) for key in ("message", "hint") if said.get(key))
    if code and not why:
        why = stderr.decode("utf-8", "replace").strip()[-500:] or f"it ended with exit code {code}"
    kind = said.get("kind")
    return Result(
        state="done" if code == 0 else "refused" if kind == "untrusted_folder" else "failed",
        why=why[:1_000] if code else "",
        session_id=session_id if isinstance(session_id, str) else None,
        exit_code=code,
        cost=float(cost) if isinstance(cost, int | float) else None,
        text=str(value.get("text") or value.get("partialText") or "")[:_TEXT_CHARS],
        retryable=(code in _TRIED_AGAIN or (code is not None and code < 0)) and kind != "untrusted_folder",
    )


def _last_object(stdout: bytes) -> dict[str, object]:
    for line in reversed(stdout.decode("utf-8", "replace").splitlines()):
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
    return {}


def started_error(error: ToolError) -> Result:
    """A run whose process could not be started."""
    return Result("failed", str(error), retryable=True)
