"""What the editor's language servers know reaches the model: as tools where the editor has them, and after edits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.editor import SmallEditor
from support.server import Message, ServerProcess, running, script

CODE = "def area(r):\n    return 3 * r\n\n\nprint(area(2))\n"


def _range(line: int, start: int, end: int) -> Message:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


class Knowing:
    """An editor with a language server that knows one small file."""

    def __init__(self, server: ServerProcess, folder: Path, abilities: list[str]) -> None:
        self.server, self.path = server, folder / "a.py"
        self.path.write_text(CODE)
        self.uri = self.path.as_uri()
        capabilities = SmallEditor.capabilities("utf-16")
        capabilities["experimental"]["cass"]["ide"] = {name: {} for name in abilities}
        server.call("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        server.notify("initialized")
        self.editor = SmallEditor(server, encoding="utf-16", full_sync=False, formats=False)
        self.editor.open(self.path)
        self.asked: list[Message] = []
        server.on_request = self._answer

    def _answer(self, message: Message) -> object:
        self.asked.append(message)
        place = {"uri": self.uri, "range": _range(0, 4, 8)}
        match message["method"].removeprefix("cass/ide/"):
            case "diagnostics":
                broken = "retrun" in self.editor.buffers[self.uri].text
                found = {"uri": self.uri, "range": _range(1, 4, 10), "message": "invalid syntax", "severity": 1}
                return {"diagnostics": [found] if broken else []}
            case "definition":
                return {"locations": [place]}
            case "references":
                return {"locations": [place, {"uri": self.uri, "range": _range(4, 6, 10)}]}
            case "documentSymbols":
                return {"symbols": [{"name": "area", "kind": "function", **place}]}
            case "rename":
                new = message["params"]["newName"]
                edits = [{"range": _range(0, 4, 8), "newText": new}, {"range": _range(4, 6, 10), "newText": new}]
                return {"changes": {self.uri: edits}}
            case "context":
                active = {"uri": self.uri, "selection": _range(1, 4, 10), "selectedText": "return"}
                return {"active": active, "open": [{"uri": self.uri, "dirty": True}]}
            case _:
                return self.editor.handle(message)

    def ask(self, *steps: object) -> Message:
        options = {"model": script(self.path.parent.parent / "s.json", *steps), "approval": "edits"}
        cwd = str(self.path.parent)
        session = self.server.call("cass/session/new", {"cwd": cwd, "configOptions": options})["sessionId"]
        prompt = [{"type": "text", "text": "go"}]
        return self.server.call("cass/session/prompt", {"sessionId": session, "prompt": prompt, "wait": True})


ALL = ["diagnostics", "definition", "references", "documentSymbols", "rename", "context"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running(tmp_path / "home") as process:
        yield process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    return place


def call(tool: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (call("definition", path="a.py", line=5, name="area"), "a.py:1"),
        (call("references", path="a.py", line=1, name="area"), "a.py:5"),
        (call("symbols", path="a.py"), "a.py:1 function area"),
        (call("editor_context"), "a.py (unsaved)"),
        (call("definition", path="a.py", line=2, name="area"), "does not stand in line 2"),
        (call("symbols", query="area"), "symbols of single files only"),
        (call("problems"), "No problems"),
    ],
)
def test_the_model_asks_the_editor(server: ServerProcess, folder: Path, step: object, expected: str) -> None:
    editor = Knowing(server, folder, ALL)
    assert editor.ask(step, {"text": "ok", "expect": expected}).get("text") == "ok"


def test_a_rename_is_a_proposal_like_any_edit(server: ServerProcess, folder: Path) -> None:
    editor = Knowing(server, folder, ALL)
    rename = call("rename_symbol", path="a.py", line=1, name="area", new_name="surface")
    assert editor.ask(rename, {"text": "ok", "expect": "Renamed in"})["text"] == "ok"
    assert editor.editor.buffers[editor.uri].text == CODE.replace("area", "surface")


def test_problems_that_an_edit_brings_and_mends_are_told_with_it(server: ServerProcess, folder: Path) -> None:
    editor = Knowing(server, folder, ALL)
    breaking = call("edit_file", path="a.py", old_string="return", new_string="retrun")
    mending = {
        **call("edit_file", path="a.py", old_string="retrun", new_string="return"),
        "expect": "a.py:2: error: invalid syntax",
    }
    assert editor.ask(breaking, mending, {"text": "ok", "expect": "gone now: 1"})["text"] == "ok"


def test_an_editor_without_knowledge_offers_no_such_tools(server: ServerProcess, folder: Path) -> None:
    editor = Knowing(server, folder, [])
    step = call("definition", path="a.py", line=1, name="area")
    assert editor.ask(step, {"text": "ok", "expect": "There is no tool"})["text"] == "ok"
    assert not [m for m in editor.asked if m["method"].startswith("cass/ide/")]
