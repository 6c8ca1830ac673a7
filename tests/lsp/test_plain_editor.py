"""An LSP editor without any plug-in: actions, lenses, messages with buttons and documents are enough."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from support.server import Message, ServerProcess, running, script

CAPABILITIES: dict[str, Any] = {
    "textDocument": {"synchronization": {"didSave": True}},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True},
        "codeLens": {"refreshSupport": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}, "showMessage": {}},
}
CODE = "def add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a + b\n"


class PlainEditor:
    """A small editor that keeps one buffer and answers what LSP asks of it."""

    def __init__(self, server: ServerProcess, path: Path, text: str) -> None:
        self.server, self.uri, self.text, self.version = server, path.as_uri(), text, 1
        self.buttons: list[str] = []
        self.asked: list[str] = []
        self.shown: list[str] = []
        server.on_request = self.answer
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": item})

    def answer(self, message: Message) -> object:
        params = message["params"]
        match message["method"]:
            case "window/showMessageRequest":
                self.asked.append(params["message"])
                titles = [action["title"] for action in params["actions"]]
                wanted = self.buttons.pop(0)
                assert wanted in titles, titles
                return {"title": wanted}
            case "window/showDocument":
                self.shown.append(params["uri"])
                return {"success": True}
            case "workspace/applyEdit":
                self.change(params["edit"]["documentChanges"][0])
                return {"applied": True}
            case _:
                return {}

    def change(self, change: Message) -> None:
        assert change["textDocument"] == {"uri": self.uri, "version": self.version}
        rows = self.text.splitlines(keepends=True)
        for edit in reversed(change["edits"]):
            start, end = edit["range"]["start"], edit["range"]["end"]
            assert start["character"] == end["character"] == 0
            rows[start["line"] : end["line"]] = [edit["newText"]]
        self.type("".join(rows))

    def type(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        self.server.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"text": text}],
            },
        )

    def actions(self, first: int, last: int, diagnostics: object = ()) -> dict[str, Message]:
        place = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
        params = {"textDocument": {"uri": self.uri}, "range": place, "context": {"diagnostics": diagnostics}}
        return {a["title"]: a["command"] for a in self.server.call("textDocument/codeAction", params)}

    def lenses(self) -> list[tuple[int, str, Message]]:
        found = self.server.call("textDocument/codeLens", {"textDocument": {"uri": self.uri}})
        return [(lens["range"]["start"]["line"], lens["command"]["title"], lens["command"]) for lens in found]

    def run(self, command: Message, *more: object) -> Any:
        arguments = [*command.get("arguments", []), *more]
        return self.server.call("workspace/executeCommand", {"command": command["command"], "arguments": arguments})

    def last_document(self) -> str:
        """The text of the document that is shown next."""
        self.server.until(lambda m: m.get("method") == "window/showDocument")
        return Path(unquote(urlsplit(self.shown[-1]).path)).read_text()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text(CODE)
    return folder


@pytest.fixture
def opened(tmp_path: Path, project: Path) -> Iterator[Any]:
    servers: list[ServerProcess] = []

    def open_editor(*steps: object, text: str = CODE, approval: str = "ask", mode: str = "active") -> PlainEditor:
        server = ServerProcess(tmp_path / "home")
        servers.append(server)
        flags = {"model": script(tmp_path / "s.json", *steps), "approval": approval, "mode": mode}
        answer = server.call(
            "initialize",
            {
                "processId": None,
                "rootUri": project.as_uri(),
                "capabilities": CAPABILITIES,
                "initializationOptions": {"flags": flags},
            },
        )
        assert "cass.ask" in answer["capabilities"]["executeCommandProvider"]["commands"]
        server.notify("initialized")
        return PlainEditor(server, project / "a.py", text)

    yield open_editor
    for server in servers:
        server.stop()


def call(tool: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


MEND = call(
    "edit_file",
    path="a.py",
    edits=[
        {"old_string": "return a - b", "new_string": "return a + b"},
        {"old_string": "return a + b", "new_string": "return a - b"},
    ],
)
ADD = call("edit_file", path="a.py", old_string="    return a - b", new_string="    return a + b  # sum")
SUB = call("edit_file", path="a.py", old_string="    return a + b\n", new_string="    return a - b\n")


def test_a_question_about_a_selection_is_answered_in_a_document(opened: Any) -> None:
    editor = opened({"text": "It *subtracts*.", "expect": "return a - b"})
    editor.run(editor.actions(0, 1)["cass: Explain this"])
    assert "It *subtracts*." in editor.last_document()


def test_an_edit_is_approved_with_a_button_and_made_in_the_buffer(opened: Any, project: Path) -> None:
    editor = opened(ADD, {"text": "Done."})
    editor.buttons = ["Yes"]
    editor.run(editor.actions(0, 1)["cass: Fix this"])
    assert "Done." in editor.last_document()
    assert "-    return a - b" in editor.asked[0] and "+    return a + b  # sum" in editor.asked[0]
    assert editor.text == CODE.replace("return a - b", "return a + b  # sum")
    assert (project / "a.py").read_text() == CODE


def test_a_refusal_with_a_button_changes_nothing(opened: Any) -> None:
    editor = opened(ADD, {"text": "Then not.", "expect": "refused"})
    editor.buttons = ["No"]
    editor.run(editor.actions(0, 1)["cass: Fix this"])
    assert "Then not." in editor.last_document()
    assert editor.text == CODE


def test_hunk_by_hunk_with_lenses(opened: Any) -> None:
    both = call(
        "apply_patch",
        patch="*** Begin Patch\n*** Update File: a.py\n@@\n def add(a, b):\n-    return a - b\n+    return a + b\n"
        "@@\n def sub(a, b):\n-    return a + b\n+    return a - b\n*** End Patch",
    )
    editor = opened(both, {"text": "ok", "expect": "too bold"})
    editor.buttons = ["Review hunk by hunk"]
    editor.run(editor.actions(0, 1)["cass: Fix this"])
    editor.server.until(lambda m: m.get("method") == "window/showDocument")
    lenses = editor.lenses()
    accept = next(c for line, title, c in lenses if line == 1 and title.startswith("accept"))
    refuse = next(c for line, title, c in lenses if line == 5 and title == "refuse")
    editor.run(accept)
    assert editor.text == CODE, "nothing is made before all hunks are decided"
    editor.run(refuse, "too bold")
    assert "ok" in editor.last_document()
    assert editor.text == CODE.replace("    return a - b", "    return a + b", 1)


def test_made_changes_are_kept_or_taken_back_afterwards(opened: Any) -> None:
    editor = opened(ADD, SUB, {"text": "ok"}, {"text": "seen", "expect": "taken back"}, approval="edits")
    editor.run(editor.actions(0, 1)["cass: Fix this"])
    editor.last_document()
    lenses = editor.lenses()
    assert any("keep all" in title for _, title, _ in lenses)
    keep = next(c for line, title, c in lenses if line == 1 and title.startswith("keep +"))
    revert = next(c for line, title, c in lenses if line == 5 and title == "revert")
    editor.run(keep)
    editor.run(revert)
    assert editor.text == CODE.replace("return a - b", "return a + b  # sum")
    assert editor.lenses() == []
    editor.run(editor.actions(0, 1)["cass: Explain this"])
    assert "seen" in editor.last_document()


def test_plan_mode_changes_nothing_until_it_is_applied_and_follows_the_user(opened: Any, project: Path) -> None:
    editor = opened(ADD, {"text": "Planned."}, mode="plan")
    editor.run(editor.actions(0, 1)["cass: Fix this"])
    document = editor.last_document()
    assert "Planned." in document and "+    return a + b  # sum" in document
    assert editor.text == CODE and (project / "a.py").read_text() == CODE
    editor.type("import os\n" + CODE)
    accept = next(c for line, title, c in editor.lenses() if line == 2 and title.startswith("accept"))
    editor.run(accept)
    assert editor.text == "import os\n" + CODE.replace("return a - b", "return a + b  # sum")


def test_a_wish_in_a_comment_is_done(opened: Any) -> None:
    text = "# rename add to plus CASS!\n" + CODE
    editor = opened({"text": "Renamed.", "expect": "rename add to plus CASS!"}, text=text)
    assert (0, "cass: do what this comment says") in [(line, title) for line, title, _ in editor.lenses()]
    editor.run(editor.actions(0, 0)["cass: do what this comment says"])
    assert "Renamed." in editor.last_document()


def test_words_are_written_into_a_document_where_lsp_cannot_ask_for_them(opened: Any) -> None:
    editor = opened({"text": "Because.", "expect": "why does it subtract?"})
    uri = editor.run(editor.actions(0, 1)["cass: Ask about this"])["document"]
    text = Path(unquote(urlsplit(uri).path)).read_text()
    item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text + "why does it subtract?\n"}
    editor.server.notify("textDocument/didOpen", {"textDocument": item})
    lenses = editor.server.call("textDocument/codeLens", {"textDocument": {"uri": uri}})
    editor.run(next(lens["command"] for lens in lenses if lens["command"]["title"] == "cass: send"))
    assert "Because." in editor.last_document()


def test_progress_is_told_and_its_cancel_stops_the_turn(opened: Any) -> None:
    editor = opened(call("shell", command="sleep 30"), {"text": "never"}, approval="auto")
    editor.run(editor.actions(0, 1)["cass: Explain this"])
    began = editor.server.until(lambda m: m.get("method") == "$/progress")
    assert began["params"]["value"]["kind"] == "begin"
    while not any(
        "sleep 30" in str(m["params"]["value"]) for m in editor.server.seen if m.get("method") == "$/progress"
    ):
        editor.server.until(lambda m: m.get("method") == "$/progress")
    editor.server.notify("window/workDoneProgress/cancel", {"token": began["params"]["token"]})
    end = editor.server.until(lambda m: m.get("method") == "$/progress" and m["params"]["value"]["kind"] == "end")
    assert end["params"]["value"]["message"] == "cancelled"


def test_an_unknown_command_is_refused(opened: Any) -> None:
    editor = opened()
    error = editor.server.error("workspace/executeCommand", {"command": "cass.nothing", "arguments": []})
    assert error["data"]["kind"] == "command_not_found"


@pytest.mark.parametrize("plugin", [False, True])
def test_findings_of_a_review_are_diagnostics(tmp_path: Path, project: Path, plugin: bool) -> None:
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    (project / "a.py").write_text(CODE)
    found = [{"path": "a.py", "line": 2, "severity": "error", "message": "It subtracts."}]
    steps = [call("report_findings", findings=found), {"text": "One."}, {"text": "None."}]
    asked = {"experimental": {"cass": {"protocolVersions": [1], "commands": True}}} if plugin else {}
    with running(tmp_path / "home") as server:
        flags = {"model": script(tmp_path / "s.json", *steps)}
        params = {"processId": None, "rootUri": project.as_uri(), "capabilities": {**CAPABILITIES, **asked}}
        server.call("initialize", {**params, "initializationOptions": {"flags": flags}})
        server.notify("initialized")
        session = server.call("cass/session/new", {"cwd": str(project)})["sessionId"]

        def told(words: str) -> Any:
            prompt = [{"type": "text", "text": words}]
            server.request("cass/session/prompt", {"sessionId": session, "prompt": prompt})
            return server.until(lambda m: m.get("method") == "textDocument/publishDiagnostics")["params"]

        shown = told("/review")
        assert shown["uri"] == (project / "a.py").as_uri()
        (problem,) = shown["diagnostics"]
        assert problem["range"] == {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 16}}
        assert (problem["severity"], problem["source"], problem["message"]) == (1, "cass review", "It subtracts.")
        server.update("state_update", state="idle")
        assert told("/review clear")["diagnostics"] == []
