"""A long task over a real HTTP endpoint with a small window: 400 steps and more, every request counted.

The endpoint counts tokens with a tokenizer of its own (pieces of at most six letters, three digits, two marks), which
is not the one that cass estimates with. `mode`: `strict` answers a request that is too long with an error in the shape
it was given; `silent` cuts the beginning away and says nothing, as Ollama does.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cass.protocol.events import CompactionUpdate
from cass.protocol.methods import SessionNewParams
from support.house import House, RecordingClient, prompt

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
    hold: threading.Event | None = None
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
            if self.hold:
                self.hold.wait(20)
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


RULE = "RULE-7f3: every function that you touch gets a type annotation; never rename `legacy_entry`."
FIRST = "Look through the modules m0 to m19 and annotate the functions g. FIRST-11"
LAST = "Do not stop before all twenty are done. LAST-99"
TODOS = ("look through all modules TODO-A", "write the list TODO-B")


@dataclass
class LongTask:
    """What came of it: the turn's end, all requests, and the compactions."""

    stop_reason: str
    seen: list[Seen]
    compactions: int
    refused: int
    fixed: int

    @property
    def turns(self) -> list[Seen]:
        """The requests that were no summaries."""
        return [seen for seen in self.seen if not seen.summary]

    @property
    def sent(self) -> int:
        """Tokens of all requests."""
        return sum(seen.tokens for seen in self.seen)

    def missing(self) -> list[str]:
        """What must be in every request from the fifth on and is not in one."""
        wanted = (RULE.split(":")[0], "FIRST-11", "LAST-99", "TODO-A", "TODO-B")
        return [word for seen in self.turns[5:] for word in wanted if word.encode() not in seen.raw]

    def reuse(self) -> list[float]:
        """For each request the part of the one before that it begins with, messages alone."""
        texts = [json.dumps(seen.body["messages"], ensure_ascii=False)[:-1] for seen in self.turns]
        return [_common(a, b) / len(a) for a, b in itertools.pairwise(texts)]

    def optimum(self, recent: int = 12) -> int:
        """Tokens that would do if everything relevant and nothing else were sent, by somebody who knows what comes: the
        fixed part (rules, tools, the user's words, to-dos) and what the last `recent` steps said and gave, whole."""
        news = [max(0, b - a) for a, b in itertools.pairwise(seen.tokens for seen in self.turns)]
        usual = sorted(news)[len(news) // 2]
        steps = [usual if grown == 0 else grown for grown in news]  # a compaction hides what its step added
        return sum(self.fixed + sum(steps[max(0, n - recent) : n]) for n in range(len(self.turns)))


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one.startswith(other[:middle]) else (low, middle - 1)
    return low


def script(steps: int) -> Callable[[int], tuple[str, Json] | str]:
    """Reading, searching, editing and running, over and over."""

    def step(n: int) -> tuple[str, Json] | str:
        if n >= steps:
            return "All done."
        if n == 2:
            return "todos", {"entries": [{"content": TODOS[0], "status": "in_progress"}, {"content": TODOS[1]}]}
        match n % 5:
            case 0:
                return "read_file", {"path": f"m{n % 20}.py", "offset": n % 50 + 1, "limit": 40}
            case 1:
                return "grep", {"pattern": f"def f{n % 40}", "glob": "*.py"}
            case 2:
                return "shell", {"command": f"seq 1 {20 + n % 60}; echo step {n}"}
            case 3:
                old = f"def g{n}(x):"
                return "edit_file", {"path": f"m{n % 20}.py", "old_string": old, "new_string": f"def g{n}(x: int):"}
            case _:
                return "list_dir", {"path": "."}

    return step


async def long_task(
    house: House, *, window: int, mode: str = "strict", steps: int = 400, tell: bool = True
) -> LongTask:
    """Play it: one turn of so many steps, with words of the user before and within it."""
    with WindowServer(window, script(steps), mode, tell) as server:
        house.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "k"}
        house.home.mkdir(exist_ok=True)
        (house.home / "config.toml").write_text('approval = "auto"\n[limits]\nturns = 5000\n')
        house.restart()
        for n in range(20):
            plain = "".join(f"def f{line}(x):  # {n}\n    return x + {line}\n" for line in range(100))
            own = "".join(f"def g{line}(x):\n    return x\n" for line in range(steps) if line % 20 == n)
            (house.project / f"m{n}.py").write_text(plain + own)
        (house.project / "CASS.md").write_text(RULE + "\n")
        client = RecordingClient()
        params = SessionNewParams(cwd=str(house.project), config_options={"model": "openai/m"})
        session = house.app.library.new(params, client)
        prompt(session, FIRST)
        turn_id = prompt(session, LAST, mode="steer")
        async with asyncio.timeout(900):
            end = await session.work.finished(turn_id)
        done = [e for e in client.of(CompactionUpdate) if e.status == "completed"]
        return LongTask(str(end.stop_reason), server.seen, len(done), server.refused, server.seen[0].tokens)
