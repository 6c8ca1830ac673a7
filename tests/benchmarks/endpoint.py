"""A model provider in a process of its own: answers as it was told, and says when each request came.

It reads scripts from standard input, one JSON object a line: `{"replies": [...], "keep": [0], "hold": [3]}`. A reply
is `{"text": ...}`, `{"tool": name, "arguments": {...}}` or `{"deltas": count, "words": ...}`. To standard output it
writes `{"port": ...}` once, then for each request a line when it came (with its body, where `keep` names it) and a
line when its answer was sent. A request in `hold` is answered after an empty line on standard input.
"""

from __future__ import annotations

import json
import queue
import socket
import sys
import threading
import time
from typing import Any, BinaryIO


class Endpoint:
    """Serves any number of connections; one script at a time."""

    def __init__(self) -> None:
        self.script: dict[str, Any] = {"replies": []}
        self.count = 0
        self.go: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.lock = threading.Lock()

    def say(self, line: dict[str, Any]) -> None:
        with self.lock:
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()

    def connection(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as reader:
            while self.request(connection, reader):
                pass

    def request(self, connection: socket.socket, reader: BinaryIO) -> bool:
        start = reader.readline()
        if not start:
            return False
        length = 0
        while (header := reader.readline()) not in (b"\r\n", b""):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = reader.read(length)
        came = time.monotonic()
        if not start.startswith(b"POST"):
            connection.sendall(b"HTTP/1.1 404 X\r\ncontent-length: 2\r\n\r\n{}")
            return True
        number, self.count = self.count, self.count + 1
        line: dict[str, Any] = {"came": came, "number": number, "bytes": len(body)}
        if number in self.script.get("keep", ()):
            line["body"] = body.decode()
        self.say(line)
        if number in self.script.get("hold", ()):
            self.go.get()
        connection.sendall(answer(self.script["replies"], number, len(body) // 4))
        self.say({"sent": time.monotonic(), "number": number})
        return True


def answer(replies: list[dict[str, Any]], number: int, tokens: int) -> bytes:
    """The whole HTTP answer; the last reply is given again when there are no more."""
    reply = replies[min(number, len(replies) - 1)]
    finish = "tool_calls" if "tool" in reply else "stop"
    usage = {"prompt_tokens": tokens, "completion_tokens": 20, "total_tokens": tokens + 20}
    chunks = [*deltas(reply, number), chunk({}, finish), {**chunk({}), "choices": [], "usage": usage}]
    stream = "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n"
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(stream)}\r\n\r\n"
    return (head + stream).encode()


def deltas(reply: dict[str, Any], number: int) -> list[dict[str, Any]]:
    if "tool" in reply:
        function = {"name": reply["tool"], "arguments": json.dumps(reply["arguments"])}
        call = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        return [chunk({"role": "assistant", "content": None, "tool_calls": [call]})]
    if "deltas" in reply:
        return [chunk({"content": f"{reply['words']} "}) for _ in range(reply["deltas"])]
    return [chunk({"role": "assistant", "content": reply["text"]})]


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": "bench", "choices": [choice]}


def main() -> None:
    endpoint = Endpoint()
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            threading.Thread(target=endpoint.connection, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    endpoint.say({"port": listener.getsockname()[1]})
    for line in sys.stdin:
        if line.strip():
            endpoint.script, endpoint.count = json.loads(line), 0
            endpoint.say({"ready": True})
        else:
            endpoint.go.put(None)


if __name__ == "__main__":
    main()
