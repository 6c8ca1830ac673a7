"""The seam to shell commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from cass.protocol.history import JobUpdate


class Jobs(Protocol):
    """Shell commands of a session. All of them are dead when the session or the process ends."""

    async def run(self, command: str, *, cwd: Path, timeout: float, on_output: Callable[[str], None]) -> JobReport:
        """Run to the end or the timeout (seconds)."""
        ...

    async def start(self, command: str, *, cwd: Path) -> str:
        """Start in the background; answers the job's id."""
        ...

    async def poll(self, job_id: str, *, wait: float) -> JobReport:
        """Output since the last poll. Waits up to `wait` seconds for the job to end or print. ToolError for an
        unknown id."""
        ...

    async def kill(self, job_id: str) -> JobReport:
        """Stop it and everything it started."""
        ...

    def fit(self, chars: Callable[[], int]) -> None:
        """From now on show so many characters of an output, asked for when its command starts."""
        ...

    def watch(self, told: Callable[[JobUpdate], None]) -> None:
        """From now on say when a command in the background begins and ends."""
        ...

    def recall(self, ended: Mapping[str, str], last: int) -> None:
        """These jobs were another process's: what is to be said of each, by its id. New ones are numbered after
        `last`."""
        ...

    async def close(self) -> None:
        """Stop everything that still runs."""
        ...


@dataclass(frozen=True)
class JobReport:
    """What a command printed and how it stands. `output` is bounded: the head and the tail of what was printed;
    `spill` is the file that holds all of it, when it was more. `exit_code` is None while it runs and when it was
    killed; `state` says which."""

    output: str
    state: Literal["running", "exited", "timed_out", "killed"]
    exit_code: int | None
    elapsed: float
    spill: Path | None = None
