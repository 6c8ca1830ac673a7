"""What an editor waits for: keys in a long document, an edit through the buffer, the books of many known files."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gauge import LIMIT, Bench, Row, cpu_of, median

LINES = 20_000
"""Lines of the long document: about 700 KB."""


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    yield from _start(bench)
    yield from _keys(bench)
    yield from _edits(bench)


class Editor:
    """A client in raw bytes that has documents and makes the edits it is asked for."""

    def __init__(self, bench: Bench) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cass", "serve", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bench.environ(),
        )
        self.texts: dict[str, list[str]] = {}
        self.versions: dict[str, int] = {}
        self.answers: dict[int, Any] = {}
        self.edited: list[float] = []
        self._news = threading.Condition()
        self._asked = 0
        began = time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()
        cass = {"protocolVersions": [1], "permission": {}, "save": {}}
        workspace = {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}
        capabilities = {"textDocument": {}, "workspace": workspace, "experimental": {"cass": cass}}
        self.call("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self.started = time.monotonic() - began
        self.send({"method": "initialized", "params": {}})

    def send(self, message: dict[str, Any]) -> None:
        """Put a message on the wire."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def call(self, method: str, params: object) -> Any:
        """Ask, and wait for the answer."""
        self._asked += 1
        number = self._asked
        self.send({"id": number, "method": method, "params": params})
        with self._news:
            assert self._news.wait_for(lambda: number in self.answers, LIMIT), method
            return self.answers.pop(number)

    def open(self, path: Path) -> None:
        """Open a document."""
        uri, text = path.as_uri(), path.read_text()
        self.texts[uri], self.versions[uri] = text.splitlines(keepends=True), 1
        item = {"uri": uri, "languageId": "text", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})

    def change(self, uri: str, line: int, end: int, text: str) -> None:
        """Replace lines, and tell of it."""
        self.texts[uri][line:end] = text.splitlines(keepends=True)
        self.versions[uri] += 1
        place = {"start": {"line": line, "character": 0}, "end": {"line": end, "character": 0}}
        params = {
            "textDocument": {"uri": uri, "version": self.versions[uri]},
            "contentChanges": [{"range": place, "text": text}],
        }
        self.send({"method": "textDocument/didChange", "params": params})

    def close(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.communicate()

    def _read(self) -> None:
        assert self.process.stdout
        while header := self.process.stdout.readline():
            self.process.stdout.readline()
            self._take(json.loads(self.process.stdout.read(int(header.partition(b":")[2]))))

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            with self._news:
                self.answers[message["id"]] = message.get("result")
                self._news.notify_all()
        elif method == "workspace/applyEdit":
            change = message["params"]["edit"]["documentChanges"][0]
            for edit in reversed(change["edits"]):
                place = edit["range"]
                self.change(
                    change["textDocument"]["uri"], place["start"]["line"], place["end"]["line"], edit["newText"]
                )
            self.send({"id": message["id"], "result": {"applied": True}})
        elif method == "cass/document/save":
            for uri in message["params"]["uris"]:
                Path(uri.removeprefix("file://")).write_text("".join(self.texts[uri]))
                self.send({"method": "textDocument/didSave", "params": {"textDocument": {"uri": uri}}})
            self.send({"id": message["id"], "result": {"saved": message["params"]["uris"], "failed": []}})
        elif "id" in message:
            self.send({"id": message["id"], "result": {}})


@contextmanager
def _editor(bench: Bench) -> Iterator[Editor]:
    editor = Editor(bench)
    try:
        yield editor
    finally:
        editor.close()


def _start(bench: Bench) -> Iterable[Row]:
    times: list[float] = []
    for _ in range(1 if bench.quick else 5):
        with _editor(bench) as editor:
            times.append(editor.started)
    yield Row("an editor's initialize, from the spawn", median(times) * 1000, "ms")


def _keys(bench: Bench) -> Iterable[Row]:
    path = bench.project / "long.txt"
    path.write_text("".join(f"line {n} of a long document\n" for n in range(LINES)))
    keys = 50 if bench.quick else 2_000
    with _editor(bench) as editor:
        editor.open(path)
        editor.call("cass/status", {})
        before, began = cpu_of(editor.process.pid), time.monotonic()
        for number in range(keys):
            line = (number * 7) % LINES
            editor.change(path.as_uri(), line, line + 1, f"typed {number}\n")
        editor.call("cass/status", {})
        cpu, wall = cpu_of(editor.process.pid) - before, time.monotonic() - began
    yield Row(f"a key in a document of {LINES:,} lines, CPU of the server", cpu / keys * 1000, "ms", target=2)
    yield Row(f"a key in a document of {LINES:,} lines, until it is taken in", wall / keys * 1000, "ms")


def _edits(bench: Bench) -> Iterable[Row]:
    """Steps that edit an open buffer, in a session that knows many files, beside steps that edit a closed file."""
    steps = 3 if bench.quick else 30
    many = 20 if bench.quick else 200
    for number in range(many):
        (bench.project / f"known{number}.txt").write_text(f"file {number}\n" * 50)
    shown, hidden = bench.project / "shown.txt", bench.project / "hidden.txt"
    for path in (shown, hidden):
        path.write_text("".join(f"row {n} = 0\n" for n in range(1_000)))
    with _editor(bench) as editor:
        editor.open(shown)
        floor = _seconds(bench, editor, hidden, steps, [])
        yield Row("step with edit_file, closed file", floor * 1000, "ms")
        buffer = _seconds(bench, editor, shown, steps, [])
        yield Row("step with edit_file, open buffer, saved", buffer * 1000, "ms", floor * 1000, "the closed file")
        known = _seconds(bench, editor, hidden, steps, [f"known{n}.txt" for n in range(many)])
        name = "step with edit_file, closed file, 200 files known"
        yield Row(name, known * 1000, "ms", floor * 1000, "few files known", target=1.5, target_is_ratio=True)


def _seconds(bench: Bench, editor: Editor, path: Path, steps: int, known: list[str]) -> float:
    """The median of the steps' times, as the journal has them: from one request's end to the next one's."""
    script = bench.home / f"{path.stem}-{len(known)}.json"
    old, new = ("0", "1") if "row 1 = 0" in path.read_text() else ("1", "0")
    reads = (
        [{"tool_calls": [{"name": "read_file", "arguments": {"path": name}} for name in known]}] if known else []
    )
    edits = [
        {
            "tool_calls": [
                {
                    "name": "edit_file",
                    "arguments": {
                        "path": path.name,
                        "old_string": f"row {n} = {old}\n",
                        "new_string": f"row {n} = {new}\n",
                    },
                }
            ]
        }
        for n in range(1, steps + 1)
    ]
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(json.dumps([*reads, {"text": "ready"}, *edits, {"text": "done"}]))
    options = {"model": f"scripted/{script}", "approval": "auto"}
    opened = editor.call("cass/session/new", {"cwd": str(bench.project), "configOptions": options})
    prompt = {"sessionId": opened["sessionId"], "prompt": [{"type": "text", "text": "go"}], "wait": True}
    editor.call("cass/session/prompt", prompt)
    began = time.monotonic()
    answer = editor.call("cass/session/prompt", prompt)
    assert answer["text"] == "done", answer
    took = (time.monotonic() - began) / steps
    editor.call("cass/session/close", {"sessionId": opened["sessionId"]})
    return took
