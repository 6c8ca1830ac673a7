"""Files that the editor knows by another name than the session: links, spellings of a URI, and what is no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.server import ServerProcess, running
from support.windows import Window, call

EDIT = call("edit_file", path="a.py", old_string="two = 2", new_string="two = 'zwei'")
FULL = {"permission": {}, "save": {}, "reload": {}, "review": {}, "commands": {}}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running(tmp_path / "home") as process:
        yield process


@pytest.fixture
def real(tmp_path: Path) -> Path:
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "a.py").write_text("saved = 1\n")
    (tmp_path / "link").symlink_to(folder)
    return folder


@pytest.mark.parametrize(("opened", "worked"), [("link", "real"), ("real", "link")])
def test_a_buffer_opened_through_a_link_is_the_one_that_is_read_and_edited(
    server: ServerProcess, real: Path, tmp_path: Path, opened: str, worked: str
) -> None:
    window = Window(server)
    uri = (tmp_path / opened / "a.py").as_uri()
    window.open(uri, "one = 1\ntwo = 2\n")
    read = call("read_file", path="a.py")
    end = window.turn(tmp_path / worked, read, {**EDIT, "expect": "two = 2"}, {"text": "ok"})
    assert end["stopReason"] == "end_turn", end
    assert window.texts[uri] == "one = 1\ntwo = 'zwei'\n"
    assert (real / "a.py").read_text() == "saved = 1\n"


def test_a_file_that_is_a_link_and_its_target_are_one(server: ServerProcess, real: Path) -> None:
    (real / "b.py").symlink_to(real / "a.py")
    window = Window(server)
    uri = (real / "b.py").as_uri()
    window.open(uri, "one = 1\ntwo = 2\n")
    end = window.turn(real, EDIT, {"text": "ok"})
    assert end["stopReason"] == "end_turn", end
    assert window.texts[uri] == "one = 1\ntwo = 'zwei'\n"
    assert (real / "a.py").read_text() == "saved = 1\n"


def test_a_search_sees_what_is_typed_into_a_file_opened_through_a_link(
    server: ServerProcess, real: Path, tmp_path: Path
) -> None:
    window = Window(server)
    window.open((tmp_path / "link" / "a.py").as_uri(), "typed = 0\n")
    end = window.turn(real, call("grep", pattern="typed|saved"), {"text": "ok", "expect": "1:typed = 0"})
    assert end["stopReason"] == "end_turn", end
    assert "saved = 1" not in window.results()


def test_changes_are_reviewed_by_the_name_that_the_editor_has(
    server: ServerProcess, real: Path, tmp_path: Path
) -> None:
    (real / "a.py").write_text("one = 1\ntwo = 2\n")
    window = Window(server)
    uri = (tmp_path / "link" / "a.py").as_uri()
    window.open(uri, "one = 1\ntwo = 2\n")
    session = window.session(real, EDIT, {"text": "ok"})
    window.prompt(session)
    for asked in ({}, {"uri": uri}, {"uri": (real / "a.py").as_uri()}):
        (file,) = server.call("cass/review/list", {"sessionId": session, **asked})["files"]
        assert file["uri"] == uri
    lenses = server.call("textDocument/codeLens", {"textDocument": {"uri": uri}})
    revert = next(lens["command"] for lens in lenses if lens["command"]["title"] == "revert")
    server.call("workspace/executeCommand", revert)
    assert window.texts[uri] == "one = 1\ntwo = 2\n"


def test_two_windows_on_one_file_with_different_texts_are_not_touched(
    server: ServerProcess, real: Path, tmp_path: Path
) -> None:
    window = Window(server)
    one, two = (real / "a.py").as_uri(), (tmp_path / "link" / "a.py").as_uri()
    window.open(one, "one = 1\ntwo = 2\n")
    window.open(two, "mine = 1\ntwo = 2\n")
    end = window.turn(real, EDIT, {"text": "told", "expect": "open twice"})
    assert end["text"] == "told", end
    assert window.texts == {one: "one = 1\ntwo = 2\n", two: "mine = 1\ntwo = 2\n"}
    assert (real / "a.py").read_text() == "saved = 1\n"


@pytest.mark.parametrize(
    "name",
    ["with space.py", "a#b.py", "a?b.py", "a%25b.py", "100%.py", "é.py", "e\u0301.py", "a+b@c:d.py", "中😀.py"],
)
def test_names_that_a_uri_must_quote(server: ServerProcess, real: Path, name: str) -> None:
    (real / name).write_text("saved = 1\n")
    window = Window(server)
    uri = (real / name).as_uri().replace("@", "%40").replace(":d", "%3Ad").replace("%C3", "%c3")
    window.open(uri, "one = 1\ntwo = 2\n")
    edit = call("edit_file", path=name, old_string="two = 2", new_string="two = 3")
    end = window.turn(real, edit, {"text": "ok"})
    assert end["stopReason"] == "end_turn", end
    assert window.texts[uri] == "one = 1\ntwo = 3\n"


def test_a_host_name_in_a_uri(server: ServerProcess, real: Path) -> None:
    window = Window(server)
    uri = (real / "a.py").as_uri().replace("file://", "file://localhost")
    window.open(uri, "one = 1\ntwo = 2\n")
    assert window.turn(real, EDIT, {"text": "ok"})["stopReason"] == "end_turn"
    assert window.texts[uri] == "one = 1\ntwo = 'zwei'\n"


def test_names_that_are_no_utf8_are_told_apart(server: ServerProcess, real: Path) -> None:
    window = Window(server)
    base = real.as_uri()
    window.open(f"{base}/%E4.py", "one\n")
    window.open(f"{base}/%F6.py", "two\n")
    window.type(f"{base}/%E4.py", "one CASS!\n")
    lenses = server.call("textDocument/codeLens", {"textDocument": {"uri": f"{base}/%E4.py"}})
    assert len(lenses) == 1
    assert server.call("textDocument/codeLens", {"textDocument": {"uri": f"{base}/%F6.py"}}) == []


ODD = [
    "untitled:Untitled-1",
    "git:{path}?%7B%22ref%22%3A%22HEAD%22%7D",
    "vscode-notebook-cell:{path}#W0",
    "file://elsewhere{path}",
    "file:",
    "",
    "http://[bad",
    "cass:/x/y.md",
    "{path}",
    "file:///a%00b",
    "zipfile:{path}::x",
]


@pytest.mark.parametrize("form", ODD)
def test_what_is_no_file_is_not_taken_for_one(server: ServerProcess, real: Path, form: str) -> None:
    window = Window(server)
    uri = form.format(path=real / "a.py")
    window.open(uri, "two = 2 CASS!\n")
    window.type(uri, "two = 2\nthree CASS!\n")
    end = window.turn(real, call("read_file", path="a.py"), {"text": "ok", "expect": "saved = 1"})
    assert end["text"] == "ok", end
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    asked = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": []}}
    titles = [action["title"] for action in server.call("textDocument/codeAction", asked)]
    assert "cass: do what this comment says" in titles
    assert server.call("textDocument/codeLens", {"textDocument": {"uri": uri}})[0]["range"]["start"]["line"] == 1
    window.close(uri)
    assert server.call("textDocument/codeLens", {"textDocument": {"uri": uri}}) == []
