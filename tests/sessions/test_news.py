"""What the model is told of files that changed: the truth, not too much of it, and nothing that it may not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.server import ServerProcess, running, script
from support.windows import Window, call

READ = call("read_file", path="a.py")
END = {"text": "ok"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running(tmp_path / "home") as process:
        yield process


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("one = 1\n")
    return folder


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("rm a.py; mkdir a.py", "is a folder"),
        ("printf '\\0\\1' > a.py", "is a binary file"),
        ("rm a.py; mkfifo a.py", "is a named pipe"),
        ("rm a.py; ln -s a.py a.py", "leads in a circle"),
        ("mv a.py b.py", "does not exist any more"),
    ],
)
def test_a_file_that_became_something_else_is_told_once(
    server: ServerProcess, project: Path, command: str, words: str
) -> None:
    window = Window(server)
    steps = [READ, call("shell", command=command), {**call("shell", command="true"), "expect": words}, END]
    assert window.turn(project, *steps, approval="auto")["text"] == "ok"
    assert window.results().count(words) == 1


def test_a_file_that_comes_back_is_told_of(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    away = call("shell", command="mv a.py b.py; mkdir a.py")
    back = call("shell", command="rmdir a.py; mv b.py a.py")
    end = window.turn(project, READ, away, back, {**END, "expect": "+one = 1"}, approval="auto")
    assert end["text"] == "ok", end


def test_a_link_put_in_the_place_of_a_file_shows_nothing_of_where_it_leads(
    server: ServerProcess, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").write_text("hidden\n")
    window = Window(server)
    away = call("shell", command=f"rm a.py; ln -s {tmp_path}/outside a.py")
    end = window.turn(project, READ, away, {**END, "expect": "read it again"}, approval="auto")
    assert end["text"] == "ok", end
    assert "hidden" not in window.results()


def test_what_the_model_may_write_and_not_read_is_not_shown_to_it(
    server: ServerProcess, project: Path, tmp_path: Path
) -> None:
    window = Window(server)
    write = call("write_file", path="keys.txt", content="KEY=\n")
    model = script(tmp_path / "s.json", write, END, {"text": "told", "expect": "keys.txt (on disk): read it again"})
    options = {"model": model, "approval": "auto"}
    rules = {"deny": ["read_file(keys.txt)"]}
    opened = server.call("cass/session/new", {"cwd": str(project), "configOptions": options, "rules": rules})
    window.prompt(opened["sessionId"])
    (project / "keys.txt").write_text("KEY=secret\n")
    assert window.prompt(opened["sessionId"])["text"] == "told"
    assert "secret" not in str([m for m in server.seen if m.get("method") == "cass/session/update"])


def test_news_of_many_files_are_bounded(server: ServerProcess, project: Path) -> None:
    names = [f"file-{'long' * 20}-{number}.txt" for number in range(200)]
    for name in names:
        (project / name).write_text(f"line of {name}\n" * 10)
    window = Window(server)
    reads = [
        {"tool_calls": [{"name": "read_file", "arguments": {"path": name}} for name in names[at : at + 50]]}
        for at in range(0, 200, 50)
    ]
    change = call("shell", command="sed -i s/line/LINE/ *.txt")
    assert window.turn(project, *reads, change, END, approval="auto")["text"] == "ok"
    news = window.results().split("Files that you know")[1]
    assert len(news) < 12_000 and "more files" in news


def test_an_editor_that_does_not_answer_about_problems_holds_an_edit_up_for_seconds_only(
    server: ServerProcess, project: Path
) -> None:
    window = Window(server, cass={"permission": {}, "ide": {"diagnostics": {}}})
    window.answers["cass/ide/diagnostics"] = lambda message: None
    edit = call("edit_file", path="a.py", old_string="one = 1", new_string="one = 2")
    assert window.turn(project, edit, END)["text"] == "ok"
    assert [m["method"] for m in window.asked].count("cass/ide/diagnostics") == 1
    assert (project / "a.py").read_text() == "one = 2\n"
