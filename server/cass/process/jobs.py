"""Shell commands of a session: run to the end, or in the background; all dead when the session is closed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from uuid import uuid4

from cass.errors import ToolError
from cass.ports import JobReport
from cass.process import strays
from cass.process.environ import MARK, child_environ
from cass.process.guard import Guard
from cass.process.job import Job
from cass.process.output import Mask, Output
from cass.protocol.history import JobUpdate

GRACE = 2.0
"""Seconds between asking a job to end and killing it."""

_SETTLE = 0.1
"""Seconds after the end of a command until it is looked for what it left behind."""

_RUNNING_AT_MOST = 16
_KEPT_AT_MOST = 64


class ShellJobs:
    """`ports.Jobs`. Commands run in their own session and process group, without input, both outputs merged.

    `spill_dir` holds outputs longer than `output_chars`. `environ` is what commands inherit, without keys of model
    providers and without the variables in `secrets`. `guard` may be shared by all sessions of a server; without one
    the jobs have their own. `mask` makes, for one output, what takes secrets out of it. Nothing survives `close`, and nothing survives the death of this process by more than
    a few seconds."""

    def __init__(
        self,
        spill_dir: Path,
        output_chars: int,
        environ: Mapping[str, str],
        *,
        secrets: Iterable[str] = (),
        guard: Guard | None = None,
        mask: Callable[[], Mask] | None = None,
    ) -> None:
        self._spill_dir = spill_dir
        self._output_chars = lambda: output_chars
        self._environ = child_environ(environ, secrets)
        self._mask = mask
        self._guard = guard or Guard()
        self._owns_guard = guard is None
        self._session = uuid4().hex[:8]
        self._count = 0
        self._jobs: dict[str, Job] = {}
        self._left: list[Job] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._told: Callable[[JobUpdate], None] = lambda update: None
        self._ended_before: dict[str, str] = {}

    def fit(self, chars: Callable[[], int]) -> None:
        """From now on a command's output is shown up to so many characters, asked for when it starts."""
        self._output_chars = chars

    def watch(self, told: Callable[[JobUpdate], None]) -> None:
        """From now on say when a command in the background begins and ends."""
        self._told = told

    def recall(self, ended: Mapping[str, str], last: int) -> None:
        """These jobs were another process's."""
        self._ended_before.update(ended)
        self._count = max(self._count, last)

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        on_output: Callable[[str], None],
    ) -> JobReport:
        """Run to the end of the shell or the time limit. What the command left in the background goes on until
        `close`; on the time limit and on cancelling, everything it started is ended."""
        job = await self._launch(command, cwd, on_output)
        try:
            async with asyncio.timeout(timeout):
                await job.over.wait()
        except TimeoutError:
            if not job.over.is_set():
                job.state = "timed_out"
                await self._end(job)
        except asyncio.CancelledError:
            job.state = "killed"
            await self._end(job)
            raise
        self._settle(job)
        return job.report()

    async def start(self, command: str, *, cwd: Path) -> str:
        """Start in the background; answers the job's id."""
        running = sum(not job.over.is_set() for job in self._jobs.values())
        if running >= _RUNNING_AT_MOST:
            raise ToolError(f"{running} background jobs are running already. Kill one of them first.")
        for job_id in [i for i, job in self._jobs.items() if job.over.is_set()][: 1 - _KEPT_AT_MOST]:
            del self._jobs[job_id]
        job = await self._launch(command, cwd, None)
        job_id = str(self._count)
        self._jobs[job_id] = job
        spill = str(job.output.spill) if job.output.spill else None
        started = JobUpdate(job_id=job_id, command=command, state="running", output=spill)
        self._told(started)
        job.when_over(
            lambda: self._told(started.model_copy(update={"state": job.state, "exit_code": job.exit_code}))
        )
        return job_id

    async def poll(self, job_id: str, *, wait: float) -> JobReport:
        """Output since the last poll; waits up to `wait` seconds for the job to end or print."""
        job = self._find(job_id)
        if not job.output.has_news and not job.over.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0)):
                    await job.news.wait()
        if job.over.is_set():
            self._settle(job)
        return job.report()

    async def kill(self, job_id: str) -> JobReport:
        """Stop it and everything it started."""
        job = self._find(job_id)
        if not job.over.is_set():
            job.state = "killed"
        await self._end(job)
        return job.report()

    async def close(self) -> None:
        """End everything that ever was started here."""
        self._closing.set()
        if self._looking is not None:
            await asyncio.wait([self._looking])
        everything = [*self._jobs.values(), *self._left]
        for job in everything:
            if not job.over.is_set():
                job.state = "killed"
        await asyncio.gather(*(self._end(job) for job in everything))
        if self._ending:
            await asyncio.wait(self._ending)
        self._jobs.clear()
        self._left.clear()
        if self._owns_guard:
            await self._guard.close()

    async def _launch(self, command: str, cwd: Path, on_output: Callable[[str], None] | None) -> Job:
        if "\0" in command:
            raise ToolError("The command holds a NUL character.")
        self._count += 1
        spill = self._spill_dir / f"output-{self._session}-{self._count}.txt"
        mark = f"{self._guard.token}.{self._session}.{self._count}"
        output = Output(
            self._output_chars(), spill, taken_in_parts=on_output is None, mask=self._mask and self._mask()
        )
        job = Job(output, f"{MARK}={mark}.", on_output)
        self._guard.start()
        launching = self._later(self._up(job, command, cwd, {**self._environ, MARK: f"{mark}."}))
        try:
            await asyncio.shield(launching)
        except asyncio.CancelledError:
            with contextlib.suppress(ToolError):
                await launching
                await self._end(job)
            raise
        return job

    async def _up(self, job: Job, command: str, cwd: Path, env: Mapping[str, str]) -> None:
        await job.launch(command, cwd, env)
        self._guard.watch(job.pid)

    def _find(self, job_id: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None and job_id in self._ended_before:
            raise ToolError(f"It does not run any more. {self._ended_before[job_id]}")
        if job is None:
            known = ", ".join(self._jobs) or "none"
            raise ToolError(f"There is no background job {job_id!r}. Known jobs: {known}.")
        return job

    def _settle(self, job: Job) -> None:
        """After a normal end: keep in mind what still runs of it, forget what is gone. That is looked up a moment
        later, for all that ended meanwhile at once: looking through all processes would hold up the next step."""
        if job not in self._left:
            self._left.append(job)
        if self._looking is None:
            self._looking = self._later(self._look())

    async def _look(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE):
                await self._closing.wait()
        left = tuple(self._left)
        self._looking = None
        alive = await asyncio.to_thread(strays.alive, [(one.pid, one.mark) for one in left])
        for one, lives in zip(left, alive, strict=True):
            if not lives:
                self._forget(one)

    def _forget(self, job: Job) -> None:
        self._guard.release(job.pid)
        job.hang_up()
        if job in self._left:
            self._left.remove(job)

    async def _end(self, job: Job) -> None:
        """Ask everything of the job to end, kill it after a moment. Goes on when the caller is cancelled."""
        await asyncio.shield(self._later(self._end_all(job)))

    def _later(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run on the side; `close` waits for it."""
        task = asyncio.ensure_future(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    async def _end_all(self, job: Job) -> None:
        # Before the first signal, while it still shows who descends from whom; and not while a flood of output
        # keeps the interpreter busy.
        job.listen(on=False)
        pids = await asyncio.to_thread(strays.members, job.pid, job.mark)
        if pids:
            strays.send(job.pid, pids, signal.SIGTERM)
        job.listen(on=True)
        await strays.end(job.pid, job.mark, pids, GRACE)
        job.hang_up()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await job.over.wait()
        self._forget(job)
