"""Programs that are spoken with for as long as they live: a line in, a line out, and what they complain about is kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from cass.errors import ToolError
from cass.process import strays
from cass.process.environ import MARK
from cass.process.guard import Guard
from cass.process.output import readable

LINE_BYTES = 32_000_000
"""A longer line is not read: who sends it is cut off."""

_ERROR_BYTES = 64_000
_CHUNK = 65_536
_PAUSE = 0.02
"""Seconds between two looks at a program that complains faster than can be read."""

_GRACE = 1.0
"""Seconds that a program has to end by itself once nobody speaks to it any more, and again once it was asked to."""

_PLAIN = (
    "PATH HOME USER LOGNAME SHELL TERM LANG LANGUAGE TZ TMPDIR TEMP TMP HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy "
    "https_proxy no_proxy all_proxy SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS NVM_DIR VOLTA_HOME "
    "PYENV_ROOT ASDF_DIR SYSTEMROOT USERPROFILE APPDATA LOCALAPPDATA PATHEXT COMSPEC"
)


class Piped:
    """Starts them. They see a harmless few variables of `environ` besides their own. Nothing of them survives `end`, nor
    the death of this process by more than seconds."""

    def __init__(self, environ: Mapping[str, str], guard: Guard) -> None:
        few = set(_PLAIN.split())
        self._environ = {n: v for n, v in environ.items() if n in few or n.startswith(("LC_", "XDG_"))}
        self._guard = guard
        self._prefix = f"{guard.token}.{uuid4().hex[:8]}"
        self._count = 0

    async def start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Talk:
        """Start one, in a group of its own. ToolError when it cannot be started."""
        self._count += 1
        mark = f"{self._prefix}.{self._count}."
        talk = Talk(f"{MARK}={mark}", self._guard)
        self._guard.start()
        launching = asyncio.ensure_future(talk.launch(argv, cwd, {**self._environ, **env, MARK: mark}))
        try:
            await asyncio.shield(launching)
        except asyncio.CancelledError:
            with contextlib.suppress(ToolError):
                await launching
                await talk.end()
            raise
        return talk


class Talk:
    """One of them."""

    def __init__(self, mark: str, guard: Guard) -> None:
        self.pid = 0
        self.exit_code: int | None = None
        self.ended = asyncio.Event()
        self._mark = mark
        self._guard = guard
        self._stdin = self._stdout = self._stderr = -1
        self._said: deque[bytes] = deque()
        self._size = 0
        self._reader = asyncio.StreamReader(limit=LINE_BYTES)
        self._out: asyncio.ReadTransport | None = None
        self._waiter: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def launch(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        """Start it: a matter of milliseconds, and not to be cancelled."""
        reading, self._stdin = os.pipe()
        self._stdout, out = os.pipe()
        self._stderr, err = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, cwd=cwd, env=dict(env), stdin=reading, stdout=out, stderr=err, start_new_session=True
            )
        except (OSError, ValueError) as error:
            for fd in (self._stdin, self._stdout, self._stderr):
                os.close(fd)
            self._stdin = self._stdout = self._stderr = -1
            reason = (error.strerror or "error").lower() if isinstance(error, OSError) else str(error)
            where = f" in {cwd}" if getattr(error, "filename", None) == str(cwd) else ""
            raise ToolError(f"{argv[0]} cannot be started{where}: {reason}") from None
        finally:
            for fd in (reading, out, err):
                os.close(fd)
        self.pid = process.pid
        self._guard.watch(self.pid)
        for fd in (self._stdin, self._stderr):
            os.set_blocking(fd, False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._stderr, self._complained)
        pipe, self._stdout = os.fdopen(self._stdout, "rb", 0), -1
        self._out, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self._reader), pipe)
        self._waiter = asyncio.ensure_future(self._wait(process))

    async def line(self) -> bytes | None:
        """The next line that it prints, without its end; None when there are no more. ToolError for one that is longer
        than is read."""
        try:
            line = await self._reader.readline()
        except ValueError:
            raise ToolError(f"it sent a line of more than {LINE_BYTES // 1_000_000} MB") from None
        return line.rstrip(b"\r\n") if line else None

    async def say(self, data: bytes) -> None:
        """Give it something to read; waits while it does not read. ToolError when it reads no more."""
        while data:
            if self._stdin < 0:
                raise ToolError("it does not listen any more")
            try:
                data = data[os.write(self._stdin, data[:_CHUNK]) :]
            except BlockingIOError:
                await self._writable()
            except OSError:
                self._close_stdin()

    def note(self, line: bytes) -> None:
        """Keep something else that it said with what it complained about."""
        self._keep(line[:2_000] + b"\n")

    @property
    def complaints(self) -> str:
        """The last that it wrote to standard error, at most 64 kB, without control characters."""
        return readable(b"".join(self._said).decode("utf-8", "replace"))[-_ERROR_BYTES:]

    async def has_ended(self, seconds: float) -> bool:
        """Whether it has, or does so within this time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        return self.ended.is_set()

    async def end(self) -> None:
        """Stop speaking to it, and end it with all that it started: it has a second to do so by itself."""
        self._close_stdin()
        await self.has_ended(_GRACE)
        pids = await asyncio.to_thread(strays.members, self.pid, self._mark)
        if pids:
            strays.send(self.pid, pids, signal.SIGTERM)
        await strays.end(self.pid, self._mark, pids, _GRACE)
        if self._waiter is not None:
            await asyncio.wait([self._waiter], timeout=1.0)
        self._guard.release(self.pid)
        self._hang_up()

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        self.exit_code = await process.wait()
        self._close_stdin()
        self.ended.set()

    async def _writable(self) -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        fd = self._stdin
        loop.add_writer(fd, ready.set)
        gone = asyncio.ensure_future(self.ended.wait())
        waiting = asyncio.ensure_future(ready.wait())
        try:
            await asyncio.wait([gone, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            waiting.cancel()
            if self._stdin == fd:
                loop.remove_writer(fd)

    def _complained(self) -> None:
        try:
            data = os.read(self._stderr, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        loop = asyncio.get_running_loop()
        if not data:
            loop.remove_reader(self._stderr)
            return
        self._keep(data)
        if len(data) >= _CHUNK // 2:  # a flood: it waits, and nobody else does
            loop.remove_reader(self._stderr)
            self._timer = loop.call_later(_PAUSE, self._listen_again)

    def _listen_again(self) -> None:
        self._timer = None
        if self._stderr >= 0:
            asyncio.get_running_loop().add_reader(self._stderr, self._complained)

    def _keep(self, data: bytes) -> None:
        self._said.append(data)
        self._size += len(data)
        while self._size - len(self._said[0]) >= _ERROR_BYTES:
            self._size -= len(self._said.popleft())

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            asyncio.get_running_loop().remove_writer(self._stdin)
            os.close(self._stdin)
            self._stdin = -1

    def _hang_up(self) -> None:
        self._close_stdin()
        if self._timer is not None:
            self._timer.cancel()
        if self._stderr >= 0:
            asyncio.get_running_loop().remove_reader(self._stderr)
            os.close(self._stderr)
            self._stderr = -1
        if self._out is not None:
            self._out.close()
