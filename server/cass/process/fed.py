"""Programs that are given something to read: bounded in time and output, and ended with all that they started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from cass.errors import CassError, ToolError
from cass.process import strays
from cass.process.environ import MARK, child_environ
from cass.process.guard import Guard

_GRACE = 0.5
"""Seconds between asking a program to end and killing it."""

_DRAIN = 0.3
"""Seconds to wait for the last output when the program has ended but something else still holds its pipes."""

_CHUNK = 65_536


@dataclass(frozen=True)
class Ended:
    """How a program ended. `exit_code` is negative for a signal, None when the time limit stopped it. Of each output the
    first bytes are kept, as many as were asked for; `dropped` counts the others."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    elapsed_ms: int
    dropped: int = 0


class Fed:
    """The fed programs of one session. `environ` is what they inherit, without keys of model providers and without the
    variables in `secrets`. Nothing of them survives `close`, nor the death of this process by more than seconds."""

    def __init__(
        self, environ: Mapping[str, str], *, secrets: Iterable[str] = (), guard: Guard | None = None
    ) -> None:
        self._environ = child_environ(environ, secrets)
        self._guard = guard or Guard()
        self._owns_guard = guard is None
        self._prefix = f"{self._guard.token}.{uuid4().hex[:8]}"
        self._count = 0
        self._left: set[_Program] = set()
        self._watching: set[asyncio.Task[None]] = set()

    @property
    def mark(self) -> str:
        """How the environment of all that these programs start begins somewhere."""
        return f"{MARK}={self._prefix}."

    async def run(
        self,
        argv: Sequence[str],
        *,
        feed: bytes,
        cwd: Path,
        env: Mapping[str, str],
        seconds: float,
        limit: int,
        goes_on: Callable[[bytes], bool] = lambda line: False,
        greeted: Callable[[bytes], Awaitable[None]] | None = None,
        grace: float = _GRACE,
    ) -> Ended:
        """Run it to its end, at most so long, and keep at most `limit` bytes of each output. ToolError when it cannot be
        started. On the time limit and on cancelling, all that it started is ended. `goes_on` is asked with its first
        line of output: where it says yes, nobody waits any longer, and the program has its time all the same. With `greeted` it is
        given nothing to read before it has said a first line, which that is told; empty where it ended without one. A
        CassError of it ends the program, and is raised.
        `grace` is how long it may take to end when it is asked to, seconds."""
        self._count += 1
        mark = f"{self._prefix}.{self._count}."
        program = _Program(f"{MARK}={mark}", limit, feed, grace)
        self._guard.start()
        since = time.monotonic()
        launching = asyncio.ensure_future(program.launch(argv, cwd, {**self._environ, **env, MARK: mark}))
        try:
            await asyncio.shield(launching)
            self._guard.watch(program.pid)
            async with asyncio.timeout(seconds):
                if greeted is not None:
                    await asyncio.wait([program.over, program.spoke], return_when=asyncio.FIRST_COMPLETED)
                    await greeted(program.spoke.result() if program.spoke.done() else b"")
                program.feed()
                await asyncio.wait([program.over, program.spoke], return_when=asyncio.FIRST_COMPLETED)
                if not program.over.done() and goes_on(program.spoke.result()):
                    return self._let_go_on(program, seconds - (time.monotonic() - since))
                await asyncio.shield(program.over)
        except TimeoutError:
            await _to_the_end(program.end())
        except (asyncio.CancelledError, CassError):
            with contextlib.suppress(ToolError):
                await launching
                await _to_the_end(program.end())
            raise
        self._keep(program)
        return program.ended(round((time.monotonic() - since) * 1000))

    async def close(self) -> None:
        """End what is left of all of them."""
        for task in self._watching:
            task.cancel()
        if self._count:
            await strays.sweep(self.mark)
        for program in self._left:
            strays.send(program.pid, set(), signal.SIGKILL)
            program.hang_up()
        self._left.clear()
        if self._owns_guard:
            await self._guard.close()

    def _let_go_on(self, program: _Program, seconds: float) -> Ended:
        async def watch() -> None:
            try:
                async with asyncio.timeout(max(seconds, 0)):
                    await asyncio.shield(program.over)
            except TimeoutError:
                await program.end()
            self._keep(program)

        task = asyncio.ensure_future(watch())
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return Ended(program.spoke.result(), b"", 0, 0)

    def _keep(self, program: _Program) -> None:
        """What it left in the background may go on printing, unheard: a closed pipe would kill it."""
        self._guard.release(program.pid)
        self._left = {one for one in self._left if not one.is_silent}
        if not program.is_silent:
            self._left.add(program)


class _Program:
    """One of them, with its three pipes."""

    def __init__(self, mark: str, limit: int, feed: bytes, grace: float) -> None:
        self.pid = 0
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.spoke: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._mark = mark
        self._feed = feed
        self._grace = grace
        self._out, self._err = _Pipe(limit, self._line), _Pipe(limit, lambda line: None)
        self._stdin = -1
        self._waiter: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing holds its outputs any more."""
        return self._out.closed.is_set() and self._err.closed.is_set()

    def _line(self, line: bytes) -> None:
        if not self.spoke.done():
            self.spoke.set_result(line)

    async def launch(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        """Start it: a matter of milliseconds, and not to be cancelled."""
        reading, self._stdin = os.pipe()
        out, err = self._out.open(), self._err.open()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(env),
                stdin=reading,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self.hang_up()
            reason = (error.strerror or "error").lower() if isinstance(error, OSError) else str(error)
            raise ToolError(f"{Path(argv[0]).name} cannot be started: {reason}.") from None
        finally:
            for fd in (reading, out, err):
                os.close(fd)
        self.pid = process.pid
        self._out.listen()
        self._err.listen()
        os.set_blocking(self._stdin, False)
        self._waiter = asyncio.ensure_future(self._wait(process))

    def feed(self) -> None:
        """Give it what it is to read, unless it has ended already."""
        if self._stdin >= 0:
            asyncio.get_running_loop().add_writer(self._stdin, self._write)

    async def end(self) -> None:
        """Ask all of it to end, and kill it a moment later."""
        self._stopped = True
        pids = await asyncio.to_thread(strays.members, self.pid, self._mark)
        if pids:
            strays.send(self.pid, pids, signal.SIGTERM)
        await strays.end(self.pid, self._mark, pids, self._grace)
        self.hang_up()
        await asyncio.wait([self.over], timeout=1.0)

    def ended(self, elapsed_ms: int) -> Ended:
        """How it ended, or was ended."""
        code = None if self._stopped or not self.over.done() else self.over.result()
        dropped = self._out.dropped + self._err.dropped
        return Ended(bytes(self._out.kept), bytes(self._err.kept), code, elapsed_ms, dropped)

    def hang_up(self) -> None:
        """Close all pipes."""
        self._close_stdin()
        self._out.close()
        self._err.close()

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._close_stdin()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN):
                await self._out.closed.wait()
                await self._err.closed.wait()
        self._out.mute()
        self._err.mute()
        self.over.set_result(code)

    def _write(self) -> None:
        try:
            written = os.write(self._stdin, self._feed[:_CHUNK])
        except BlockingIOError:
            return
        except OSError:  # it does not read, or not to the end: its own affair
            self._close_stdin()
            return
        self._feed = self._feed[written:]
        if not self._feed:
            self._close_stdin()

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            asyncio.get_running_loop().remove_writer(self._stdin)
            os.close(self._stdin)
            self._stdin = -1


@dataclass
class _Pipe:
    """One output: its beginning is kept, the rest is read and dropped."""

    limit: int
    began: Callable[[bytes], None]
    """Told the first line."""
    kept: bytearray = field(default_factory=bytearray)
    dropped: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    _fd: int = -1
    _muted: bool = False
    _has_begun: bool = False

    def open(self) -> int:
        """The end that the program writes to."""
        self._fd, writing = os.pipe()
        return writing

    def listen(self) -> None:
        os.set_blocking(self._fd, False)
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def mute(self) -> None:
        """From now on nothing is kept."""
        self._muted = True

    def close(self) -> None:
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
        self.closed.set()

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
        elif not self._muted:
            room = self.limit - len(self.kept)
            self.kept += data[:room]
            if not self._has_begun and b"\n" in self.kept:
                self._has_begun = True
                self.began(bytes(self.kept[: self.kept.index(b"\n")]))
            self.dropped += max(0, len(data) - room)


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Do it even when cancelled meanwhile: what was started must be ended."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
