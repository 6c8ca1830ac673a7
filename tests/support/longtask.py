"""A long task over a real HTTP endpoint with a small window: 400 steps and more, every request counted.

The endpoint counts tokens with a tokenizer of its own (pieces of at most six letters, three digits, two marks), which
is not the one that cass estimates with. `mode`: `strict` answers a request that is too long with an error in the shape
it was given; `silent` cuts the beginning away and says nothing, as Ollama does.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Json = dict[str, Any]

_PIECE = re.compile(r"[A-Za-z]{1,6}|\d{1,3}|[^\w\s]{1,2}|\s{2,}|_|[^\x00-\x7f]")


def count(text: str) -> int:
    """Tokens of a text, as this endpoint counts them."""
    return len(_PIECE.findall(text))


def count_request(body: Json) -> int:
    """Tokens of a request."""
    words = [json.dumps(tool) for tool in body.get("tools", [])]
    for message in body["messages"]:
        content = message.get("content") or ""
        words.append(content if isinstance(content, str) else json.dumps(content))
        words += [json.dumps(call["function"]) for call in message.get("tool_calls", [])]
    return sum(map(count, words)) + 4 * len(body["messages"])


@dataclass
class Seen:
    """One request: its body, its tokens, and whether it asked for a summary."""

    body: Json
    raw: bytes
    tokens: int
    summary: bool


@dataclass
class WindowServer:
    """Answers the step `script(number)` to each request that is no summary: a tool call as `(name, arguments)`, or the
    last words."""

    window: int
    script: Callable[[int], tuple[str, Json] | str]
    mode: str = "strict"
    tell: bool = False
    refusal: Callable[[int, int], tuple[int, Json]] | None = None
    summary: str = "Read the modules one after the other; nothing was wrong so far. Next comes the next module."
    seen: list[Seen] = field(default_factory=list)
    refused: int = 0
    steps: int = 0

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                models = {"id": "m", **({"max_model_len": outer.window} if outer.tell else {})}
                found = self.path.endswith("/models")
                self._json(200 if found else 404, {"data": [models]} if found else {"error": "not found"})

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                status, answer = outer.answer(raw)
                if status != 200:
                    self._json(status, answer)
                    return
                data = b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in answer["stream"])
                self._send(200, "text/event-stream", data + b"data: [DONE]\n\n")

            def _json(self, status: int, value: Json) -> None:
                self._send(status, "application/json", json.dumps(value).encode())

            def _send(self, status: int, kind: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, raw: bytes) -> tuple[int, Json]:
        """The answer to one request."""
        body = json.loads(raw)
        tokens = count_request(body)
        summary = "tools" not in body
        self.seen.append(Seen(body, raw, tokens, summary))
        if tokens > self.window and self.mode == "strict":
            self.refused += 1
            if self.refusal:
                return self.refusal(tokens, self.window)
            text = f"This model's maximum context length is {self.window} tokens, you requested {tokens} tokens."
            return 400, {
                "error": {"message": text, "type": "invalid_request_error", "code": "context_length_exceeded"}
            }
        read = min(tokens, self.window)
        if summary:
            return 200, {"stream": _text(self.summary, read)}
        step = self.script(self.steps)
        self.steps += 1
        if isinstance(step, str):
            return 200, {"stream": _text(step, read)}
        call = {"name": step[0], "arguments": json.dumps(step[1])}
        delta = {"tool_calls": [{"index": 0, "id": f"call_{self.steps:04}", "type": "function", "function": call}]}
        return 200, {"stream": [_chunk(delta, "tool_calls"), _usage(read, count(json.dumps(call)))]}


def _text(text: str, read: int) -> list[Json]:
    return [_chunk({"content": text}, "stop"), _usage(read, count(text))]


def _chunk(delta: Json, finish: str) -> Json:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _usage(read: int, written: int) -> Json:
    return {"choices": [], "usage": {"prompt_tokens": read, "completion_tokens": written}}
