"""Many sessions, and a long one: how long the list, the search and the opening take, and what memory they need."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gauge import Bench, Row, median, memory
from inside import Wire

_WORDS = ("parser", "index", "session", "window", "budget", "token", "merge", "buffer", "anchor", "ledger", "retry")


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    yield from _many(bench)
    yield from _long(bench)


def _many(bench: Bench) -> Iterable[Row]:
    count = 50 if bench.quick else 10_000
    folder = bench.home / "data" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(4)
    size = 0
    for number in range(count):
        name = f"20260101-{number:06}-bench"
        lines = [_line(event) for event in (_header(name, bench.project), *_turns(dice, number))]
        size += (folder / f"{name}.jsonl").write_bytes(b"".join(lines))
    label = f"{count:,} sessions"
    wire = Wire(bench)
    try:
        yield Row(f"{label}: the list, without an index", _timed(wire, "list", {}), "ms")
        yield Row(f"{label}: the first search, which makes the index", _timed(wire, "search", {"query": "x"}), "ms")
        asked: dict[str, dict[str, Any]] = {
            "the list": {"limit": 50},
            "the list of one folder": {"cwd": str(bench.project), "limit": 50},
            "a search for a word of every session": {"query": "parser"},
            "a search for two words": {"query": "needle77 ledger"},
        }
        for name, params in asked.items():
            method = "search" if "query" in params else "list"
            taken = median(_timed(wire, method, params) for _ in range(3 if bench.quick else 11))
            yield Row(f"{label}: {name}", taken, "ms", target=300)
        yield Row(f"{label}: journals", size / 1e6, "MB")
        index = bench.home / "state" / "sessions.sqlite"
        yield Row(f"{label}: the index", index.stat().st_size / 1e6, "MB")
        yield Row(f"{label}: memory of the server after all that (PSS)", memory(wire.process.pid), "MB")
    finally:
        wire.close()


def _long(bench: Bench) -> Iterable[Row]:
    """Opening a session of many events, and what it holds in memory then, against a tenth of it."""
    count = 500 if bench.quick else 50_000
    folder = bench.home / "data" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    held: list[float] = []
    for events in (count // 10, count):
        name = f"20260102-{events:06}-long"
        lines = [_line(event) for event in (_header(name, bench.project), *_edits(events))]
        (folder / f"{name}.jsonl").write_bytes(b"".join(lines))
        wire = Wire(bench)
        try:
            wire.call("cass/command/list", {})
            before = memory(wire.process.pid)
            taken = _timed(wire, "resume", {"sessionId": name})
            held.append(memory(wire.process.pid) - before)
            if events == count:
                yield Row(f"a session of {count:,} events opens", taken, "ms", target=2_000)
                yield Row("its journal", sum(map(len, lines)) / 1e6, "MB")
                replay: dict[str, Any] = {"sessionId": name, "replayFrom": {"type": "start"}}
                yield Row("it is replayed to a client", _timed(wire, "resume", replay), "ms")
        finally:
            wire.close()
    yield Row("memory for it", held[1], "MB")
    yield Row("memory for a tenth of it", held[0], "MB")


def _timed(wire: Wire, method: str, params: dict[str, Any]) -> float:
    began = time.perf_counter()
    wire.call(f"cass/session/{method}", params)
    return (time.perf_counter() - began) * 1e3


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _header(name: str, cwd: Path) -> dict[str, Any]:
    return {"cass": 2, "sessionId": name, "cwd": str(cwd), "createdAt": "2026-01-01T00:00:00.000+00:00"}


def _turns(dice: random.Random, number: int) -> Iterator[dict[str, Any]]:
    """A small session: five turns of a prompt, a call and an answer."""
    for turn in range(5):
        id = f"turn-{number}-{turn}"
        yield {"turnId": id, "sessionUpdate": "state_update", "state": "running"}
        words = " ".join(dice.choices(_WORDS, k=12)) + f" needle{number % 100} in parser {number}"
        yield _said(id, "user_message", words)
        if turn == 0:
            yield {"sessionUpdate": "session_info_update", "title": words[:60], "tags": [], "archived": False}
        call = {"type": "tool_call", "id": f"c{turn}", "name": "read_file", "arguments": {"path": "a.py"}}
        yield {"turnId": id, "sessionUpdate": "agent_message", "messageId": "m", "content": [call]}
        yield _result(id, f"c{turn}", 2_000)
        yield _said(id, "agent_message", " ".join(dice.choices(_WORDS, k=80)))
        yield {"turnId": id, "sessionUpdate": "state_update", "state": "idle", "stopReason": "end_turn"}


def _edits(count: int) -> Iterator[dict[str, Any]]:
    """A long session as days of work leave it: edits with their hunks, and a fresh start every hundred calls, so that
    what the model is sent stays small."""
    made = 0
    while made < count:
        id = f"turn-{made}"
        call = {"type": "tool_call", "id": f"c{made}", "name": "edit_file", "arguments": {"path": "a.py"}}
        hunk = {"hunkId": "h1", "oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1}
        file = {"path": "/p/a.py", "op": "modify", "baseHash": "0" * 64, "hunks": [hunk | _sides()]}
        proposal = {
            "proposalId": f"p{made}", "sessionId": "s", "turnId": id, "toolCallId": f"c{made}", "title": "Edit a.py",
            "state": "proposed", "files": [file],
        }  # fmt: skip
        edit = {"turnId": id, "sessionUpdate": "_edit_update", "proposalId": f"p{made}"}
        yield {"turnId": id, "sessionUpdate": "state_update", "state": "running"}
        yield _said(id, "user_message", f"change number {made}", clientKey=f"key-{made}")
        yield {"turnId": id, "sessionUpdate": "agent_message", "messageId": "m", "content": [call]}
        yield edit | {"state": "proposed", "proposal": proposal}
        yield edit | {"state": "applied"}
        yield _result(id, f"c{made}", 1_000)
        yield _said(id, "agent_message", "Done. " * 20)
        yield {"turnId": id, "sessionUpdate": "state_update", "state": "idle", "stopReason": "end_turn"}
        made += 8
        if made // 8 % 100 == 0:
            yield {"sessionUpdate": "_history_cleared"}


def _sides() -> dict[str, str]:
    return {"oldText": "old = 1\n" * 40, "newText": "new = 2\n" * 40}


def _said(turn: str, kind: str, text: str, **more: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    return {"turnId": turn, "sessionUpdate": kind, "messageId": "m", "content": content, **more}


def _result(turn: str, call: str, size: int) -> dict[str, Any]:
    text = ("def f(x):\n    return x + 1\n" * (size // 26 + 1))[:size]
    return {
        "turnId": turn, "sessionUpdate": "tool_call_update", "toolCallId": call, "status": "completed",
        "name": "read_file", "title": "Read a.py", "kind": "read", "result": [{"type": "text", "text": text}],
    }  # fmt: skip
