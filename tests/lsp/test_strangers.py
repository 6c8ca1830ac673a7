"""Editors that do odd things, files that vanish under buffers, questions that make no sense."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.server import ServerProcess, running
from support.windows import Window, call

RESOURCES = {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]}}
TEXT = "one = 1\ntwo = 2\n"
EDIT = call("edit_file", path="a.py", old_string="two = 2", new_string="two = 3")
DELETE = call("apply_patch", patch="*** Begin Patch\n*** Delete File: a.py\n*** End Patch")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running(tmp_path / "home") as process:
        yield process


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text(TEXT)
    return folder


def test_a_deleted_file_is_gone_though_its_buffer_is_still_open(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    window.open((project / "a.py").as_uri(), TEXT)
    end = window.turn(project, DELETE, call("read_file", path="a.py"), {"text": "ok", "expect": "does not exist"})
    assert end["text"] == "ok", end
    assert not (project / "a.py").exists()
    assert "undone" not in window.results()


@pytest.mark.parametrize("workspace", [{}, RESOURCES], ids=["plain", "resources"])
def test_unsaved_text_is_not_deleted_with_its_file(
    server: ServerProcess, project: Path, workspace: dict[str, object]
) -> None:
    window = Window(server, **workspace)
    uri = (project / "a.py").as_uri()
    window.open(uri, "mine\n" + TEXT)
    end = window.turn(project, DELETE, {"text": "ok", "expect": "unsaved changes"})
    assert end["text"] == "ok", end
    assert window.texts[uri] == "mine\n" + TEXT and (project / "a.py").read_text() == TEXT


def test_a_file_that_the_disk_changed_under_its_clean_buffer_is_deleted(
    server: ServerProcess, project: Path
) -> None:
    window = Window(server, **RESOURCES)
    window.open((project / "a.py").as_uri(), TEXT)
    server.call("cass/session/list")
    (project / "a.py").write_text("newer\n")
    assert window.turn(project, DELETE, {"text": "ok"})["text"] == "ok"
    assert not (project / "a.py").exists()


def test_a_change_without_content_moves_the_version_on(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    uri = (project / "a.py").as_uri()
    window.open(uri, TEXT)
    window.versions[uri] = 7
    server.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 7}, "contentChanges": []})
    assert window.turn(project, EDIT, {"text": "ok"})["text"] == "ok"
    assert "two = 3" in window.texts[uri]


@pytest.mark.parametrize("silent", ["workspace/applyEdit", "cass/document/save", "cass/ide/diagnostics"])
def test_a_turn_is_cancelled_while_the_editor_says_nothing(
    server: ServerProcess, project: Path, silent: str
) -> None:
    window = Window(server, cass={"permission": {}, "save": {}, "ide": {"diagnostics": {}}})
    window.open((project / "a.py").as_uri(), "mine\n" + TEXT)
    window.answers[silent] = lambda message: None
    session = window.session(project, EDIT, {"text": "never"})
    text = [{"type": "text", "text": "go"}]
    server.request("cass/session/prompt", {"sessionId": session, "prompt": text})
    server.until(lambda m: m.get("method") == silent)
    began = time.monotonic()
    server.notify("cass/session/cancel", {"sessionId": session})
    assert server.update("state_update", state="idle")["stopReason"] == "cancelled"
    assert time.monotonic() - began < 2.5


def test_a_long_line_of_blanks_after_a_wish_costs_nothing(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    uri = (project / "a.py").as_uri()
    window.open(uri, "# do CASS!" + " " * 300_000 + "x\n# do CASS! */   \n")
    began = time.monotonic()
    lenses = server.call("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert [lens["range"]["start"]["line"] for lens in lenses] == [1]
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("uri", ["http://[bad", "", "cass:/x", "file:///etc/passwd", None, 5])
def test_an_address_that_names_no_document_is_refused_in_words(server: ServerProcess, uri: object) -> None:
    Window(server)
    error = server.error("workspace/textDocumentContent", {"uri": uri})
    assert error["code"] == -32602 and "names no document" in error["message"]


def test_a_new_session_after_one_that_could_not_be_made(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    uri = (project / "a.py").as_uri()
    window.open(uri, TEXT)

    def new(uri: str) -> int:
        return server.request("workspace/executeCommand", {"command": "cass.new", "arguments": [uri]})

    first = server.answer(new(uri))["result"]["sessionId"]
    assert "error" in server.answer(new("file:///none/here/x.py"))
    server.call("cass/session/close", {"sessionId": first})
    assert server.answer(new(uri))["result"]["sessionId"] != first
