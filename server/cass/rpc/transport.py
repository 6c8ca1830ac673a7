"""The wire on standard input and output, kept clean: nothing else in this process can read or write it.

At start the two descriptors are taken away: what anybody prints goes to standard error, what a child reads is empty.
One thread reads, one writes; the event loop never waits for a client that does not read.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import cast

from cass.rpc.framing import Body, Garbage, HeaderFraming, LineFraming

_HIGH = 16 * 1024 * 1024
_LOW = 4 * 1024 * 1024
_READ = 256 * 1024

Incoming = Callable[[object], None]
Fault = Callable[[str, bytes], None]


def take_standard_streams() -> tuple[int, int]:
    """The descriptors of the wire, moved out of everybody's reach. Called once, before anything is printed."""
    wire_in, wire_out = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return wire_in, wire_out


class Transport:
    """Reads and writes JSON messages. All callbacks run on the event loop.

    `on_message` is given each decoded document, `on_fault` what was none (a problem in words and the bytes), and
    `on_end` is called once when the peer is gone.
    """

    def __init__(self, fds: tuple[int, int], *, lines: bool, loop: asyncio.AbstractEventLoop) -> None:
        self._in, self._out = fds
        self._lines = lines
        self._loop = loop
        self._framing = LineFraming() if lines else HeaderFraming()
        self._queue: deque[bytes] = deque()
        self._inbox: deque[tuple[Callable[..., None], tuple[object, ...]]] = deque()
        self._woken = False
        self._wake = threading.Condition()
        self._backlog = 0
        self._closing = False
        self._drained = asyncio.Event()
        self._drained.set()
        self._writer = threading.Thread(target=self._write_all, name="cass-wire-out", daemon=True)

    def start(self, on_message: Incoming, on_fault: Fault, on_end: Callable[[], None]) -> None:
        """Begin to read and write."""
        reader = threading.Thread(
            target=self._read_all, args=(on_message, on_fault, on_end), name="cass-wire-in", daemon=True
        )
        self._on_end = on_end
        self._writer.start()
        reader.start()

    def send(self, text: str) -> None:
        """Queue one JSON document. Never waits."""
        body = text.encode("utf-8", "replace")
        data = body + b"\n" if self._lines else b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        with self._wake:
            if self._closing:
                return
            self._queue.append(data)
            self._backlog += len(data)
            if self._backlog > _HIGH:
                self._drained.clear()
            self._wake.notify()

    async def drain(self) -> None:
        """Wait while the client is more than 16 MB behind."""
        await self._drained.wait()

    def close(self, timeout: float = 1.0) -> None:
        """Write what is queued, for at most `timeout` seconds, and stop."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._writer.is_alive():
            self._writer.join(timeout)

    def _read_all(self, on_message: Incoming, on_fault: Fault, on_end: Callable[[], None]) -> None:
        while True:
            try:
                data = os.read(self._in, _READ)
            except OSError:
                data = b""
            if not data:
                self._tell(on_end)
                return
            for item in self._framing.feed(data):
                if isinstance(item, Garbage):
                    self._tell(on_fault, item.problem, item.data)
                else:
                    self._decode(item, on_message, on_fault)

    def _decode(self, item: Body, on_message: Incoming, on_fault: Fault) -> None:
        try:
            message: object = json.loads(item.data)
        except (ValueError, RecursionError) as error:
            self._framing.resume(item.data)
            self._tell(on_fault, f"this is not JSON: {str(error)[:200]}", item.data[:4096])
            return
        self._tell(on_message, message)

    def _write_all(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    return
                data = b"".join(self._queue)
                self._queue.clear()
            try:
                self._write(data)
            except OSError:
                with self._wake:
                    self._closing = True
                self._tell(self._drained.set)
                self._tell(self._on_end)
                return
            with self._wake:
                self._backlog -= len(data)
                low = self._backlog < _LOW
            if low and not self._drained.is_set():
                self._tell(self._drained.set)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._out, view) :]

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        """Have the loop call this, in order. The loop is woken once for all that waits: a wake-up for each would
        fill the pipe that signals come through, and a signal would be lost."""
        self._inbox.append((callback, arguments))
        if self._woken:
            return
        self._woken = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        while self._inbox:
            callback, arguments = self._inbox.popleft()
            callback(*arguments)


def id_in(data: bytes) -> int | str | None:
    """The request id in bytes that are no JSON document, where one can be made out: its sender waits for an answer."""
    import re  # only after a fault

    found = re.search(rb'"id"\s*:\s*(-?\d{1,18}|"[^"\\]{0,200}")\s*[,}]', data)
    if not found or b'"method"' not in data:
        return None
    return cast("int | str", json.loads(found[1]))
