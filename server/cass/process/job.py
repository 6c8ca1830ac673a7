"""One shell command: its process, its pipe, its output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from cass.errors import ToolError
from cass.ports import JobReport
from cass.process.output import Output, readable

DRAIN = 0.3
"""Seconds to wait for the last output when the shell has ended but something else still holds the pipe."""

_CHUNK = 65_536
_PROGRESS_EVERY = 0.05
_PROGRESS_CHARS = 4_000

State = Literal["running", "exited", "timed_out", "killed"]


class Job:
    """A command from its start to its end. `mark` is the environment entry by which its processes are known."""

    def __init__(self, output: Output, mark: str, on_output: Callable[[str], None] | None) -> None:
        self.output = output
        self.mark = mark
        self.state: State = "running"
        self.exit_code: int | None = None
        self.began = time.monotonic()
        self.ended: float | None = None
        self.news = asyncio.Event()
        self.over = asyncio.Event()
        self.silent = asyncio.Event()
        self.pid = 0
        self.waiter: asyncio.Task[None] | None = None
        self._pipe = -1
        self._kept = True
        self._on_output = on_output
        self._fresh = b""
        self._timer: asyncio.TimerHandle | None = None
        self._when_over: Callable[[], None] = lambda: None

    async def launch(self, command: str, cwd: Path, env: Mapping[str, str]) -> None:
        """Start the shell: a matter of milliseconds, and not to be cancelled."""
        shell = "/bin/bash" if os.access("/bin/bash", os.X_OK) else "/bin/sh"
        self._pipe, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                shell,
                "-c",
                command,
                cwd=cwd,
                env=dict(env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self.hang_up()
            raise ToolError(f"The command cannot be started in {cwd}: {_reason(error)}.") from None
        finally:
            os.close(writing)
        self.pid = process.pid
        os.set_blocking(self._pipe, False)
        self.listen(on=True)
        self.waiter = asyncio.ensure_future(self._wait(process))

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):
                await self.silent.wait()
        # What still holds the pipe was left in the background on purpose: it may go on printing, unheard, for
        # a closed pipe would kill it.
        self._kept = False
        if self.state == "running":
            self.state = "exited"
            self.exit_code = code if code >= 0 else 128 - code
        self.ended = time.monotonic()
        self._tell()
        self.output.close()
        self.over.set()
        self.news.set()
        self._when_over()

    def when_over(self, told: Callable[[], None]) -> None:
        """Say it, once, when it has ended; at once when it has."""
        self._when_over = told
        if self.over.is_set():
            told()

    def report(self) -> JobReport:
        """How it stands, with the output since the last report."""
        text, spill = self.output.take()
        if not self.over.is_set():
            self.news.clear()
        elapsed = (self.ended or time.monotonic()) - self.began
        return JobReport(text, self.state, self.exit_code, elapsed, spill)

    def listen(self, *, on: bool) -> None:
        """Read what it prints, or let it wait."""
        if self._pipe < 0:
            return
        loop = asyncio.get_running_loop()
        if on:
            loop.add_reader(self._pipe, self._read)
        else:
            loop.remove_reader(self._pipe)

    def hang_up(self) -> None:
        """Close the pipe. Whatever writes to it from now on is ended by the system."""
        if self._pipe >= 0:
            self.listen(on=False)
            os.close(self._pipe)
            self._pipe = -1
        self.silent.set()

    def _read(self) -> None:
        try:
            data = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.hang_up()
            return
        if not self._kept:
            return
        self.output.feed(data)
        self.news.set()
        if self._on_output is not None:
            self._fresh = (self._fresh + data)[-_PROGRESS_CHARS:]
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(_PROGRESS_EVERY, self._tell)

    def _tell(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        fresh, self._fresh = self._fresh, b""
        if fresh and self._on_output is not None:
            self._on_output(readable(fresh.decode("utf-8", "ignore")))


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "error").lower() if isinstance(error, OSError) else str(error)
