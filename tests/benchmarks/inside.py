"""The server's own machinery: updates to a client that reads, and the journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gauge import Bench, Row, median


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    yield from _wire(bench)
    yield from _under_load(bench)
    yield from _journal(bench)
    yield from _masking(bench)


class Wire:
    """A client in raw bytes: asks, and counts the updates that come."""

    def __init__(self, bench: Bench) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cass", "serve", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bench.environ(),
        )
        self.updates = 0
        self.state = "running"
        self.ids = 0
        params: dict[str, Any] = {"processId": None, "capabilities": {"experimental": {"cass": {}}}}
        self.call("initialize", params)

    def call(self, method: str, params: object) -> Any:
        """Ask, and read until the answer."""
        assert self.process.stdin
        assert self.process.stdout
        self.ids += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self.ids, "method": method, "params": params}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()
        while True:
            length = int(self.process.stdout.readline().partition(b":")[2])
            self.process.stdout.readline()
            message = json.loads(self.process.stdout.read(length))
            if message.get("id") == self.ids:
                return message["result"]
            self.updates += 1
            self.state = message["params"]["update"].get("state", self.state)

    def close(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.communicate()


def _wire(bench: Bench) -> Iterable[Row]:
    deltas = 500 if bench.quick else 20_000
    bench.provider.play([{"deltas": deltas, "words": "some words"}])
    wire = Wire(bench)
    new: dict[str, Any] = {"cwd": str(bench.project), "configOptions": {"model": "openai/bench"}}
    try:
        session = wire.call("cass/session/new", new)["sessionId"]
        prompt: dict[str, Any] = {"sessionId": session, "prompt": [{"type": "text", "text": "x"}], "wait": True}
        wire.call("cass/session/prompt", prompt)
        began = time.monotonic()
        wire.call("cass/session/prompt", prompt)
        rate = deltas / (time.monotonic() - began)
        yield Row("pieces of an answer through the server", rate, "per s", more_is_better=True)
        wire.call("cass/session/close", {"sessionId": session})
        _lengthen(bench.home / "data" / "sessions" / f"{session}.jsonl", 500 if bench.quick else 5_000)
        wire.updates, began = 0, time.monotonic()
        wire.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "start"}})
        seconds = time.monotonic() - began
        floor = _plain_rate(bench.home / "data" / "sessions" / f"{session}.jsonl")
        rate = wire.updates / seconds
        yield Row(
            "updates of a loaded session to its client",
            rate,
            "per s",
            floor,
            "json there and back",
            5_000,
            False,
            True,
        )
    finally:
        wire.close()


def _under_load(bench: Bench) -> Iterable[Row]:
    """How long another request waits while a command floods the server with one endless line."""
    size = 5_000_000 if bench.quick else 100_000_000
    flood = {"tool": "shell", "arguments": {"command": f"head -c {size} /dev/zero | tr '\\0' x"}}
    bench.provider.play([flood, {"text": "Done."}])
    wire = Wire(bench)
    options = {"model": "openai/bench", "approval": "auto"}
    try:
        session = wire.call("cass/session/new", {"cwd": str(bench.project), "configOptions": options})["sessionId"]
        wire.call("cass/session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": "x"}]})
        bench.provider.request(0)
        waits = [_timed(lambda: wire.call("cass/command/list", {}))]
        while wire.state != "idle":
            waits.append(_timed(lambda: wire.call("cass/command/list", {})))
        yield Row("100 MB in one line: another request, longest", max(waits), "ms", target=100)
        yield Row("100 MB in one line: another request, median", median(waits), "ms")
    finally:
        wire.close()


def _lengthen(journal: Path, count: int) -> None:
    """A long session: more tool calls behind what was there."""
    with journal.open("a") as file:
        for number in range(count):
            event = {
                "sessionUpdate": "tool_call_update",
                "turnId": "turn-1",
                "toolCallId": f"c{number}",
                "status": "completed",
                "name": "read_file",
                "result": [{"type": "text", "text": "def f(x):\n    return x\n" * 20}],
                "elapsedMs": 3,
            }
            file.write(json.dumps(event, separators=(",", ":")) + "\n")


def _plain_rate(journal: Path) -> float:
    lines = journal.read_bytes().splitlines()
    began = time.monotonic()
    for line in lines:
        json.loads(json.dumps(json.loads(line)))
    return len(lines) / (time.monotonic() - began)


def _journal(bench: Bench) -> Iterable[Row]:
    from cass.ports import SessionHeader
    from cass.protocol.events import AgentMessage
    from cass.protocol.messages import Text
    from cass.stores.journal import open_store

    count = 20 if bench.quick else 400
    event = AgentMessage(message_id="m", content=(Text(text="word " * 200),))
    line = event.wire_json().encode() + b"\n"
    store = open_store(bench.folder / "journal")
    journal = store.create(SessionHeader("s1", str(bench.project), "2026-01-01T00:00:00+00:00", 1))
    plain = os.open(bench.folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write() -> None:
        os.write(plain, line)
        os.fsync(plain)

    pairs = [(_timed(lambda: journal.append(event)), _timed(write)) for _ in range(count)]
    taken, floor = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    journal.close()
    os.close(plain)
    name = "write and fsync"
    yield Row("journal, one event, median", median(taken), "ms", median(floor), name, 3, True)
    yield Row("journal, one event, 99 of 100", _p99(taken), "ms", _p99(floor), name)


def _masking(bench: Bench) -> Iterable[Row]:
    """What it costs to look for secrets in a result of the usual longest size, where there is none."""
    from cass.protocol.events import ToolCallUpdate
    from cass.protocol.messages import Text
    from cass.protocol.secrets import Masker, Vault

    code = (Path(__file__).parent / "gauge.py").read_text("utf-8") * 4
    masker = Masker(Vault())
    for size in (200, 12_000):
        event = ToolCallUpdate(tool_call_id="t", status="completed", result=(Text(text=code[:size]),))
        taken = [_timed(lambda event=event: masker.model(event)) for _ in range(20 if bench.quick else 400)]
        yield Row(f"masking, one event of {size} characters, median", median(taken), "ms", target=2)


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def _p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * 99 // 100)]
