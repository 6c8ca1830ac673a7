"""Files through an editor that speaks ACP: unsaved text is read and changed, line ends stay, lies are found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.acp import AcpProcess, acp, allow
from support.server import Message


class Editor:
    """An editor with unsaved buffers. `write` is what it does when it is told to write."""

    def __init__(self, agent: AcpProcess) -> None:
        self.buffers: dict[str, str] = {}
        self.asked: list[str] = []
        self.write: Callable[[str, str], None] = self.save
        agent.on_request = self.answer

    def save(self, path: str, text: str) -> None:
        self.buffers.pop(path, None)
        Path(path).write_text(text)

    def answer(self, message: Message) -> Any:
        params = message["params"]
        self.asked.append(message["method"])
        if message["method"] == "fs/read_text_file":
            return {"content": self.buffers.get(params["path"], Path(params["path"]).read_text())}
        if message["method"] == "fs/write_text_file":
            self.write(params["path"], params["content"])
            return {}
        return allow(message)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AcpProcess]:
    with acp(tmp_path / "home") as made:
        made.start(fs={"readTextFile": True, "writeTextFile": True})
        yield made


def _edit(old: str, new: str) -> dict[str, object]:
    call = {"name": "edit_file", "arguments": {"path": "a.txt", "old_string": old, "new_string": new}}
    return {"tool_calls": [call]}


def _last(agent: AcpProcess, session: str) -> Message:
    return agent.said(session, "tool_call_update")[-1]


def test_unsaved_text_is_what_the_model_edits(agent: AcpProcess, project: Path) -> None:
    file = project / "a.txt"
    file.write_text("saved\n")
    editor = Editor(agent)
    editor.buffers[str(file)] = "saved\ntyped\n"
    session = agent.open(project, _edit("typed", "changed"), {"text": "ok"})
    agent.answer(agent.prompt(session))
    assert file.read_text() == "saved\nchanged\n"
    assert "fs/write_text_file" in editor.asked
    assert _last(agent, session)["status"] == "completed"


def test_typing_between_the_question_and_the_answer_is_not_lost(agent: AcpProcess, project: Path) -> None:
    file = project / "a.txt"
    file.write_text("one\n")
    editor = Editor(agent)

    def type_then_allow(message: Message) -> Any:
        if message["method"] == "session/request_permission":
            editor.buffers[str(file)] = "one\nand typed meanwhile\n"
        return editor.answer(message)

    session = agent.open(project, _edit("one", "1"), {"text": "ok"})
    agent.on_request = type_then_allow
    agent.answer(agent.prompt(session))
    assert file.read_text() == "1\nand typed meanwhile\n"
    assert _last(agent, session)["status"] == "completed"


def test_the_model_is_told_what_was_typed_and_what_a_formatter_did(agent: AcpProcess, project: Path) -> None:
    file = project / "a.txt"
    file.write_text("one\n")
    editor = Editor(agent)
    editor.write = lambda path, text: editor.save(path, text.upper())
    wanted = "+TEN"
    session = agent.open(
        project, _edit("one", "ten"), {"text": "ok", "expect": wanted}, {"text": "2", "expect": "+eleven"}
    )
    assert "result" in agent.answer(agent.prompt(session))
    editor.buffers[str(file)] = "TEN\neleven\n"
    agent.answer(agent.prompt(session, "and now?"))
    assert agent.text(session) == "ok2"


def test_an_editor_that_says_yes_and_does_nothing_is_found_out(agent: AcpProcess, project: Path) -> None:
    file = project / "a.txt"
    file.write_text("one\n")
    editor = Editor(agent)
    editor.write = lambda path, text: None
    session = agent.open(project, _edit("one", "1"), {"text": "ok", "expect": "did not take the change"})
    assert "result" in agent.answer(agent.prompt(session))
    assert _last(agent, session)["status"] == "failed"


def test_an_editor_without_an_answer_is_not_waited_for(agent: AcpProcess, project: Path) -> None:
    (project / "a.txt").write_text("one\n")
    agent.on_request = allow
    session = agent.open(
        project, {"tool_calls": [{"name": "read_file", "arguments": {"path": "a.txt"}}]}, {"text": "ok"}
    )
    asked = agent.prompt(session)
    question = agent.until(lambda m: m.get("method") == "fs/read_text_file")
    agent.send({"jsonrpc": "2.0", "id": question["id"], "error": {"code": -32603, "message": "no such buffer"}})
    assert "result" in agent.answer(asked)
    assert _last(agent, session)["status"] == "completed"


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_line_ends_stay_though_the_editor_has_its_own(agent: AcpProcess, project: Path, ends: str) -> None:
    file = project / "a.txt"
    file.write_bytes(f"one{ends}two{ends}".encode())
    editor = Editor(agent)
    editor.write = lambda path, text: [Path(path).write_bytes(text.encode()), None][1]
    session = agent.open(project, _edit("two", "2"), {"text": "ok"})
    agent.answer(agent.prompt(session))
    assert file.read_bytes() == f"one{ends}2{ends}".encode()


def test_files_in_other_encodings_are_not_given_to_the_editor(agent: AcpProcess, project: Path) -> None:
    file = project / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfone\n")
    editor = Editor(agent)
    session = agent.open(project, _edit("one", "1"), {"text": "ok"})
    agent.answer(agent.prompt(session))
    assert file.read_bytes() == b"\xef\xbb\xbf1\n"
    assert "fs/write_text_file" not in editor.asked


def test_new_files_are_made_on_disk(agent: AcpProcess, project: Path) -> None:
    editor = Editor(agent)
    write = {"name": "write_file", "arguments": {"path": "new/b.txt", "content": "fresh\n"}}
    session = agent.open(project, {"tool_calls": [write]}, {"text": "ok"})
    agent.answer(agent.prompt(session))
    assert (project / "new" / "b.txt").read_text() == "fresh\n"
    assert "fs/write_text_file" not in editor.asked
    created = [u for u in agent.said(session, "tool_call") if u.get("content")]
    assert created[0]["content"][0]["newText"] == "fresh\n" and "oldText" not in created[0]["content"][0]
