"""A real HTTP server that plays a model provider: scripted answers, and every way in which a stream can go wrong.

    with ProviderServer() as provider:
        provider.answer(text("Hello"), tool_call("read_file", path="a.py"), error(429, "slow down"))
        ...point OPENAI_BASE_URL at provider.url...
        assert provider.requests[0].json["model"] == "m"

Each POST takes the next answer; when none is left it gets `provider.fallback`. GET /v1/models lists
`provider.models`; other GETs, and POSTs below /api, find `provider.pages`, else 404. It runs in threads of its own, so that tests with and
without an event loop, and tests of whole processes, can use it.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import struct
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

CUT = "cut"
"""In an answer's body: close the connection here."""

RESET = "reset"
"""In an answer's body: break the connection here, so that the client sees a reset."""

STALL = "stall"
"""In an answer's body: send nothing more until the client goes away (or the server is closed)."""

HOLD = "hold"
"""In an answer's body: wait here until the test calls `provider.go_on()`."""


@dataclass
class Answer:
    """What one request is answered with. `body` holds bytes, which are sent as they are, one piece at a time, and the
    words above; a number waits so many seconds. `framing`: `chunked`, `length`, or `close` (the end of the connection
    is the end of the body). `head` replaces status line and headers by raw bytes."""

    body: list[bytes | str | float] = field(default_factory=list)
    status: int = 200
    content_type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    framing: str = "chunked"
    head: bytes | None = None


@dataclass
class Request:
    """A request as it came. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class ProviderServer:
    """See above. `url` is the base URL with /v1."""

    def __init__(self, models: Iterable[str] = ("m",)) -> None:
        self.models: list[Any] = list(models)
        self.pages: dict[str, Any] = {}
        self.requests: list[Request] = []
        self.gets: list[Request] = []
        self.asides: list[Request] = []
        self.fallback = text("ok")
        self.connections = 0
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._gone: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._arrived: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._go = threading.Semaphore(0)
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._go.release(1000)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def answer(self, *answers: Answer) -> None:
        """Answer the next requests with these, in order."""
        for item in answers:
            self._answers.put(item)

    def drop_answers(self) -> None:
        """Forget the answers that were not taken."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._answers.get_nowait()

    def go_on(self) -> None:
        """Let an answer that waits at HOLD go on."""
        self._go.release()

    def wait_request(self, limit: float = 10.0) -> Request:
        """The next POST, as soon as it has come. TimeoutError when none comes within `limit` seconds."""
        try:
            return self._arrived.get(timeout=limit)
        except queue.Empty:
            raise TimeoutError("no request came") from None

    def wait_gone(self, limit: float = 10.0) -> float:
        """The moment (time.monotonic) when a client closed its connection in the middle of an answer."""
        try:
            return self._gone.get(timeout=limit)
        except queue.Empty:
            raise TimeoutError("the client did not go away") from None

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
                self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as reader:
                while (request := _read(reader)) is not None:
                    if not self._respond(connection, request):
                        return
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(connection)

    def _respond(self, connection: socket.socket, request: Request) -> bool:
        """Answer; False when the connection is over."""
        if request.method == "GET":
            self.gets.append(request)
            return self._send(connection, self._page(request.path))
        if request.path.startswith("/api/"):  # a server's own API beside the compatible one
            self.asides.append(request)
            return self._send(connection, self._page(request.path))
        self.requests.append(request)
        self._arrived.put(request)
        try:
            answer = self._answers.get_nowait()
        except queue.Empty:
            answer = self.fallback
        return self._send(connection, answer)

    def _page(self, path: str) -> Answer:
        if path in self.pages:
            page = self.pages[path]
            return page if isinstance(page, Answer) else document(page)
        if path == "/v1/models":
            listed = [m if isinstance(m, dict) else {"id": m, "object": "model"} for m in self.models]
            return document({"object": "list", "data": listed})
        return document({"error": {"message": "not found"}}, status=404)

    def _send(self, connection: socket.socket, answer: Answer) -> bool:
        head = [f"HTTP/1.1 {answer.status} X", f"content-type: {answer.content_type}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.framing == "chunked":
            head.append("transfer-encoding: chunked")
        elif answer.framing == "length":
            size = sum(len(piece) for piece in answer.body if isinstance(piece, bytes))
            head.append(f"content-length: {size}")
        else:
            head.append("connection: close")
        connection.sendall(answer.head if answer.head is not None else "\r\n".join([*head, "", ""]).encode())
        for piece in answer.body:
            if isinstance(piece, bytes):
                if piece:
                    framed = b"%x\r\n%b\r\n" % (len(piece), piece) if answer.framing == "chunked" else piece
                    connection.sendall(framed)
            elif not self._act(connection, piece):
                return False
        if answer.framing == "chunked":
            connection.sendall(b"0\r\n\r\n")
        return answer.framing != "close" and answer.head is None

    def _act(self, connection: socket.socket, word: str | float) -> bool:
        if isinstance(word, int | float):
            time.sleep(word)
        elif word == HOLD:
            self._go.acquire()
        elif word == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        elif word == STALL:
            with contextlib.suppress(OSError):
                connection.recv(1)
            self._gone.put(time.monotonic())
            return False
        else:
            return False
        return not self._closing.is_set()


def _read(reader: Any) -> Request | None:
    line = reader.readline(65_536).decode("latin-1").split()
    if len(line) < 2:
        return None
    headers: dict[str, str] = {}
    while (header := reader.readline(65_536).decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", "0")))
    return Request(line[0], line[1], headers, body, time.monotonic())


# --- answers ---------------------------------------------------------------------------------------------------


def sse(*values: Any, done: bool = True) -> bytes:
    """Values as server-sent events; strings are put in as they are."""
    lines = [f"data: {v if isinstance(v, str) else json.dumps(v)}\n\n" for v in values]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode("utf-8", "surrogatepass")


def chunk(delta: Any = None, finish: Any = None, **fields: Any) -> dict[str, Any]:
    """One chat completion chunk."""
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [{"index": 0, "delta": {} if delta is None else delta, "finish_reason": finish}],
        **fields,
    }


def usage_chunk(prompt: int, completion: int, **fields: Any) -> dict[str, Any]:
    """The last chunk of a stream, which says what was used."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        **fields,
    }
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage}


def stream(*values: Any, done: bool = True) -> Answer:
    """An answer that is a stream of these events, each sent on its own."""
    body: list[bytes | str | float] = [sse(value, done=False) for value in values]
    return Answer([*body, b"data: [DONE]\n\n"] if done else body)


def text(words: str, *, pieces: int = 3, usage: tuple[int, int] | None = (10, 5), finish: str = "stop") -> Answer:
    """A plain answer in some pieces."""
    size = max(1, -(-len(words) // pieces))
    deltas = [chunk({"content": words[at : at + size]}) for at in range(0, len(words), size)]
    ends = [chunk(finish=finish), *([usage_chunk(*usage)] if usage else [])]
    return stream(chunk({"role": "assistant", "content": ""}), *deltas, *ends)


def tool_call(name: str, /, *, call_id: str = "", words: str = "", **arguments: Any) -> Answer:
    """An answer that asks for one tool."""
    return tool_calls((name, arguments), call_ids=(call_id,) if call_id else (), words=words)


def tool_calls(*calls: tuple[str, dict[str, Any]], call_ids: tuple[str, ...] = (), words: str = "") -> Answer:
    """An answer that asks for several tools at once."""
    deltas: list[Any] = [chunk({"role": "assistant", "content": words or None})]
    for index, (name, arguments) in enumerate(calls):
        call_id = call_ids[index] if index < len(call_ids) else f"call_{id(calls):x}_{index}"
        written = json.dumps(arguments)
        function = {"name": name, "arguments": ""}
        first = {"index": index, "id": call_id, "type": "function", "function": function}
        deltas.append(chunk({"tool_calls": [first]}))
        for part in (written[: len(written) // 2], written[len(written) // 2 :]):
            deltas.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]}))
    return stream(*deltas, chunk(finish="tool_calls"), usage_chunk(10, 5))


def error(status: int, message: str = "", *, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
    """An error as OpenAI writes it."""
    body = {"error": {"message": message, "type": "error", "param": None, "code": None, **fields}}
    return document(body, status=status, headers=headers)


def document(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """A JSON document."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer([body], status, "application/json", headers or {}, framing="length")


def raw(*pieces: bytes | str | float, content_type: str = "text/event-stream", framing: str = "chunked") -> Answer:
    """Bytes as they are, and the words CUT, RESET, STALL, HOLD."""
    return Answer(list(pieces), content_type=content_type, framing=framing)
