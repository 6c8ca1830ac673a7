"""The connection to a cass server: JSON-RPC 2.0 over the pipes of a child process, framed as in LSP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Awaitable, Callable
from typing import cast

from cass.errors import CassError
from cass_cli.fields import Json, as_object, get_int, get_object, get_text
from cass_cli.places import append_private, state_dir

MAX_MESSAGE = 64 * 1024 * 1024
LOG_TAIL = 16 * 1024
LOG_FILE = 1024 * 1024

OnNotification = Callable[[str, Json], None]
OnRequest = Callable[[str, Json], Awaitable[Json]]

_POLL = 0.004
_METHOD_NOT_FOUND = -32601
_REQUEST_CANCELLED = -32800
_INTERNAL_ERROR = -32603


class ServerError(CassError):
    """The server answered a request with an error. `kind` is the protocol's word for it."""

    def __init__(self, error: Json) -> None:
        data = get_object(error, "data")
        super().__init__(
            get_text(error, "message") or "The server answered with an error and did not say which.",
            hint=get_text(data, "hint"),
            kind=get_text(data, "kind"),
        )
        self.code = get_int(error, "code")


class ServerGone(CassError):
    """The server process ended, or what it says is not the protocol. Nothing more can be asked of it."""

    kind = "server_gone"


class CassClient:
    """One server process and everything that is under way with it.

    Notifications reach `on_notification` in the order in which they arrived, between the responses around them.
    Requests of the server are given to `on_request`, each as its own task; one that the server withdraws is
    cancelled. When the server ends, every waiting request and each later one fails with `ServerGone`.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.on_notification: OnNotification = _ignore
        self.on_request: OnRequest | None = None
        self._process = process
        self._writer: asyncio.WriteTransport | None = None
        self._pending: dict[int, asyncio.Future[Json]] = {}
        self._answering: dict[int | str, asyncio.Task[None]] = {}
        self._next_id = 0
        self._log = _LogTail()
        self._reader: asyncio.Task[None] | None = None
        self._gone: ServerGone | None = None
        self._closing = False
        self.ended = asyncio.Event()

    async def start(self) -> None:
        """Take over the pipes of the process and begin to read."""
        loop = asyncio.get_running_loop()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        stream = asyncio.StreamReader(limit=64 * 1024)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), self._process.stdout)
        await loop.connect_read_pipe(lambda: self._log, self._process.stderr)
        self._writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, self._process.stdin)
        self._reader = asyncio.create_task(self._read(stream))

    async def request(self, method: str, params: Json, *, limit: float | None = None) -> Json:
        """Ask and wait for the result. ServerError when the server refuses, ServerGone when there is none (any
        more), CassError of kind `timeout` after `limit` seconds. Cancelling this call cancels the request."""
        self.raise_if_gone()
        self._next_id += 1
        request_id = self._next_id
        future = asyncio.get_running_loop().create_future()
        self._pending[request_id] = future
        self._send({"id": request_id, "method": method, "params": params})
        try:
            async with asyncio.timeout(limit):
                return await future
        except TimeoutError:
            self._send({"method": "$/cancelRequest", "params": {"id": request_id}})
            raise CassError(
                f"The server did not answer {method} within {limit:g} seconds.", kind="timeout"
            ) from None
        except asyncio.CancelledError:
            self._send({"method": "$/cancelRequest", "params": {"id": request_id}})
            raise
        finally:
            self._pending.pop(request_id, None)

    def notify(self, method: str, params: Json) -> None:
        """Tell the server something. Nothing happens when it is gone."""
        self._send({"method": method, "params": params})

    async def close(self, *, grace: float = 3.0) -> None:
        """Shut the server down; after `grace` seconds it is killed."""
        self._closing = True
        if self._gone is None:
            with contextlib.suppress(CassError):
                await self.request("shutdown", {}, limit=grace)
            self.notify("exit", {})
        await self._end(grace)

    async def kill(self) -> None:
        """End the server at once."""
        self._closing = True
        await self._end(0)

    def raise_if_gone(self) -> None:
        """ServerGone when the server has ended."""
        if self._gone is not None:
            raise self._gone

    def log_tail(self) -> str:
        """The last lines that the server wrote to its standard error."""
        return self._log.text()

    def _send(self, message: Json) -> None:
        if self._gone is not None or self._writer is None or self._writer.is_closing():
            return
        body = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        problem = ""
        try:
            while (message := await _read_message(stream)) is not None:
                self._dispatch(message)
        except (ValueError, asyncio.LimitOverrunError, asyncio.IncompleteReadError, OSError) as error:
            problem = f"The server sent something that is not the protocol ({type(error).__name__})."
            self._process.kill()
        await self._fail(problem)

    def _dispatch(self, message: Json) -> None:
        method = message.get("method")
        params = get_object(message, "params")
        message_id = message.get("id")
        if not isinstance(method, str):
            self._settle(message)
        elif isinstance(message_id, int | str):
            task = asyncio.create_task(self._answer(message_id, method, params))
            self._answering[message_id] = task
            task.add_done_callback(lambda _: self._answering.pop(message_id, None))
        elif method == "$/cancelRequest":
            withdrawn = params.get("id")
            task = self._answering.get(withdrawn) if isinstance(withdrawn, int | str) else None
            if task is not None:
                task.cancel()
        else:
            self.on_notification(method, params)

    def _settle(self, message: Json) -> None:
        future = self._pending.get(get_int(message, "id", -1))
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(ServerError(get_object(message, "error")))
        else:
            future.set_result(get_object(message, "result"))

    async def _answer(self, message_id: int | str, method: str, params: Json) -> None:
        def refuse(code: int, text: str) -> None:
            self._send({"id": message_id, "error": {"code": code, "message": text}})

        if self.on_request is None:
            refuse(_METHOD_NOT_FOUND, f"This client does not serve {method}.")
            return
        try:
            self._send({"id": message_id, "result": await self.on_request(method, params)})
        except asyncio.CancelledError:
            refuse(_REQUEST_CANCELLED, "The question was withdrawn.")
            raise
        except NotImplementedError:
            refuse(_METHOD_NOT_FOUND, f"This client does not serve {method}.")
        except Exception as error:
            refuse(_INTERNAL_ERROR, f"The client failed to answer ({type(error).__name__}).")
            raise

    async def _fail(self, problem: str) -> None:
        code = await self._wait_for_exit(2.0)
        text = problem or f"The server ended (exit code {code})."
        last = self._log.text().strip().splitlines()
        self._gone = ServerGone(text, hint="" if self._closing or not last else f"Its last words: {last[-1]}")
        for future in self._pending.values():
            if not future.done():
                future.set_exception(self._gone)
        for task in list(self._answering.values()):
            task.cancel()
        self.ended.set()

    async def _end(self, grace: float) -> None:
        if self._writer is not None:
            self._writer.close()
        if grace <= 0 or await self._wait_for_exit(grace) is None:
            self._process.kill()
            await self._wait_for_exit(2.0)
        if self._reader is not None:
            await asyncio.wait({self._reader}, timeout=2.5)
            self._reader.cancel()

    async def _wait_for_exit(self, limit: float) -> int | None:
        # Polled, not waited for in a thread: the process ends within milliseconds of closing its pipes.
        for _ in range(int(limit / _POLL)):
            if self._process.poll() is not None:
                break
            await asyncio.sleep(_POLL)
        return self._process.poll()


class _LogTail(asyncio.Protocol):
    """Keeps the end of what the server logs, and adds it to a file of at most `LOG_FILE` bytes."""

    def __init__(self) -> None:
        self._tail = bytearray()

    def data_received(self, data: bytes) -> None:
        self._tail += data
        del self._tail[:-LOG_TAIL]
        # A log that cannot be written must not stop the work; the tail is still there to be shown.
        with contextlib.suppress(OSError):
            append_private(state_dir() / "server.log", data, limit=LOG_FILE)

    def text(self) -> str:
        return self._tail.decode("utf-8", "replace")


async def _read_message(stream: asyncio.StreamReader) -> Json | None:
    """The next message; None at the end of the stream."""
    try:
        header = await stream.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise
        return None
    length = -1
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if not 0 <= length <= MAX_MESSAGE:
        raise ValueError("no usable Content-Length")
    return as_object(cast("object", json.loads(await stream.readexactly(length))))


def _ignore(method: str, params: Json) -> None:
    """Notifications before anybody listens."""
