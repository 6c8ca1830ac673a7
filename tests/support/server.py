"""A foreign client for tests: speaks to the real server process in raw bytes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

Message = dict[str, Any]

LIMIT = 20.0
"""Seconds that a test waits for anything: far more than is needed, so that only a hang reaches it."""


def frame(message: object) -> bytes:
    """A message in LSP's framing."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class ServerProcess:
    """`cass serve` with its messages in a queue."""

    command = "serve"

    def __init__(self, home: Path, *, lines: bool = False, cwd: Path | None = None, **environ: str) -> None:
        self.lines = lines
        keep = {
            k: v for k, v in os.environ.items() if not k.startswith(("CASS_", "OPENAI_", "OPENROUTER_", "OLLAMA_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cass", self.command, *self.flags(lines)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**keep, "CASS_HOME": str(home), "OLLAMA_HOST": "127.0.0.1:9", **environ},
        )
        self.seen: list[Message] = []
        self.stderr = bytearray()
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._ids = iter(range(1, 1_000_000))
        self.on_request: Callable[[Message], object] | None = None
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._drain, daemon=True).start()

    def flags(self, lines: bool) -> list[str]:
        """What follows the command."""
        return ["--ndjson" if lines else "--stdio"]

    def send(self, message: object) -> None:
        """Send one message."""
        self.raw(json.dumps(message).encode() + b"\n" if self.lines else frame(message))

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def request(self, method: str, params: object = None) -> int:
        """Send a request without waiting; its id."""
        number = next(self._ids)
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": {} if params is None else params})
        return number

    def call(self, method: str, params: object = None) -> Any:
        """Send a request and return its result; AssertionError for an error."""
        answer = self.answer(self.request(method, params))
        assert "error" not in answer, f"{answer}; stderr: {self.stderr.decode()[-2000:]}"
        return answer["result"]

    def error(self, method: str, params: object = None) -> Any:
        """Send a request that must fail; the error."""
        answer = self.answer(self.request(method, params))
        assert "error" in answer, answer
        return answer["error"]

    def notify(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": {} if params is None else params})

    def answer(self, id: object) -> Message:
        """The answer to a request."""
        return self.until(lambda m: m.get("id") == id and "method" not in m)

    def until(self, wanted: Callable[[Message], bool], timeout: float = LIMIT) -> Message:
        """The first message from now on that is wanted; all others are kept in `seen`. Requests of the server are
        answered by `on_request`."""
        while True:
            try:
                message = self._messages.get(timeout=timeout)
            except queue.Empty:
                raise AssertionError(f"nothing for {timeout} s; stderr: {self.stderr.decode()[-2000:]}") from None
            assert message is not None, f"the server ended; stderr: {self.stderr.decode()[-2000:]}"
            self.seen.append(message)
            if "method" in message and "id" in message and self.on_request:
                result = self.on_request(message)
                if result is not None:
                    self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
            if wanted(message):
                return message

    def next(self, timeout: float) -> Message:
        """The next message, answered by nobody; queue.Empty when there is none in time."""
        message = self._messages.get(timeout=timeout)
        assert message is not None, f"the server ended; stderr: {self.stderr.decode()[-2000:]}"
        self.seen.append(message)
        return message

    def update(self, kind: str, **fields: object) -> Message:
        """The next session update of a kind with these fields."""

        def wanted(message: Message) -> bool:
            update = (
                message.get("params", {}).get("update", {})
                if message.get("method") == "cass/session/update"
                else {}
            )
            return update.get("sessionUpdate") == kind and all(update.get(k) == v for k, v in fields.items())

        return self.until(wanted)["params"]["update"]

    def updates(self, session_id: str) -> list[tuple[int, Message]]:
        """All updates of a session seen so far, with their numbers."""
        return [
            (m["params"]["seq"], m["params"]["update"])
            for m in self.seen
            if m.get("method") == "cass/session/update" and m["params"]["sessionId"] == session_id
        ]

    def initialize(self, *, permission: bool = False, flags: object = None, **more: object) -> Any:
        """The usual start."""
        cass: dict[str, object] = {"protocolVersions": [1]}
        if permission:
            cass |= {"permission": {}, "elicitation": {}}
        params = {
            "processId": os.getpid(),
            "rootUri": None,
            "capabilities": {"experimental": {"cass": cass}},
            "initializationOptions": {"flags": flags or {}},
            **more,
        }
        result = self.call("initialize", params)
        self.notify("initialized")
        return result

    def stop(self) -> int:
        """Shutdown and exit; the exit code."""
        self.call("shutdown")
        self.notify("exit")
        return self.wait()

    def wait(self) -> int:
        """The exit code, once it is there."""
        return self.process.wait(LIMIT)

    def _read(self) -> None:
        assert self.process.stdout
        for message in _lines(self.process.stdout) if self.lines else _frames(self.process.stdout):
            self._messages.put(message)
        self._messages.put(None)

    def _drain(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.stderr.extend(line)


def _lines(stream: Any) -> Iterator[Message]:
    for line in stream:
        yield json.loads(line)


def _frames(stream: Any) -> Iterator[Message]:
    while header := stream.readline():
        name, _, value = header.partition(b":")
        assert name == b"Content-Length", header
        assert stream.readline() == b"\r\n"
        yield json.loads(stream.read(int(value)))


@contextmanager
def running(home: Path, *, made_by: type[ServerProcess] = ServerProcess, **more: Any) -> Iterator[ServerProcess]:
    """A server that is gone at the end, however the test ends."""
    server = made_by(home, **more)
    try:
        yield server
    finally:
        with suppress(BrokenPipeError):
            if server.process.stdin:
                server.process.stdin.close()
        try:
            server.process.wait(5)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait(LIMIT)
        for stream in (server.process.stdin, server.process.stdout, server.process.stderr):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()


def script(path: Path, *steps: object, completions: object = ()) -> str:
    """A script for the scripted provider; the model's name."""
    path.write_text(json.dumps({"steps": list(steps), "completions": completions}))
    return f"scripted/{path}"
