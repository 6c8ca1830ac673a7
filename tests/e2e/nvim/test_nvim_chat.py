"""Talking to cass in Neovim: a first message, questions, stopping, sessions, what ends with the editor."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor, server_command
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]


def gone(pid: int) -> bool:
    """Whether a process is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_a_first_message_is_answered_beside_the_code(start: Start, tmp_path: Path) -> None:
    answer = {"thinking": "Who is it?\nA user.", "text": "Hello **there**.\n\n- one\n- two\n", "chunk": 3}
    editor = start(model=script(tmp_path / "s.json", answer))
    editor.edit("a.py", "x = 1\n")
    editor.attached()
    editor.do("Cass")
    editor.keys("iHello?<Esc><CR>")
    editor.idle()
    assert (
        "❯ You\nHello?\n\n▸ Thinking\n│ Who is it?\n│ A user.\n\n● cass\nHello **there**.\n\n- one\n- two"
        in editor.transcript
    )
    closed = "return vim.fn.win_execute(vim.fn.bufwinid('/chat$'), [[echo foldclosed(search('Thinking', 'wb'))]])"
    assert int(editor.lua(closed)) > 0, "thinking is folded"
    assert editor.lua("return vim.api.nvim_get_current_line()") == "", "the prompt is empty again"
    assert "ask" in editor.lua("return require('cass').statusline()")


def test_a_command_is_asked_about_and_its_refusal_told(start: Start, tmp_path: Path) -> None:
    steps = [{"tool_calls": [call("shell", command="touch made")]}, {"expect": "not today", "text": "As you wish."}]
    editor = start(model=script(tmp_path / "s.json", *steps), approvals={"popup": "never"})
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass do it")
    assert "touch made" in editor.asked()
    assert "asks you" in editor.lua("return require('cass').statusline()")
    editor.choose("say why")
    editor.write("not today")
    editor.do("CassAnswer")
    editor.idle()
    assert "As you wish." in editor.transcript
    assert not (editor.project / "made").exists()


def test_a_question_never_opens_under_somebody_who_types(start: Start, tmp_path: Path) -> None:
    steps = [{"tool_calls": [call("shell", command="echo hi")]}, {"text": "Done."}]
    editor = start(model=script(tmp_path / "s.json", *steps), approvals={"popup": "idle", "idle_ms": 300})
    editor.edit("a.py", "x = 1\n")
    editor.lua(
        "_G.opened = 0 vim.ui.select = function(items, _, done) _G.opened = _G.opened + 1 done(items[1]) end"
    )
    editor.keys("i")
    editor.do("Cass do it")
    editor.asked()
    for letter in "some words":
        editor.keys(letter)
        assert editor.lua("vim.wait(60) return _G.opened") == 0
    editor.keys("<Esc>")
    editor.idle()
    assert editor.lua("return _G.opened") == 1, "it opened once the keys were quiet"
    assert "some words" in editor.lines[0]


def test_a_selection_is_asked_about(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"expect": "What is this?", "text": "Two lines."}))
    editor.edit("a.py", "one = 1\ntwo = 2\nthree = 3\n")
    editor.attached()
    editor.do("2,3CassAsk What is this?")
    editor.idle()
    assert "Two lines." in editor.transcript
    journal = "".join(p.read_text() for p in (tmp_path / "cass").rglob("*.jsonl"))
    assert "two = 2\\nthree = 3" in journal and "a.py#L2-L3" in journal


def test_stopping_ends_the_turn_at_once(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "slow " * 500, "delay_ms": 50, "chunk": 5}))
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass go")
    editor.until(lambda: "slow slow" in editor.transcript, "the answer's beginning")
    editor.do("CassStop")
    editor.idle()
    assert "■ stopped" in editor.transcript


def test_words_said_meanwhile_reach_the_running_turn(start: Start, tmp_path: Path) -> None:
    steps = [{"tool_calls": [call("shell", command="echo hi")]}, {"text": "Both seen."}]
    editor = start(model=script(tmp_path / "s.json", *steps), approvals={"popup": "never"})
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass first")
    editor.asked()
    editor.do("Cass second")
    editor.choose("Yes")
    editor.do("CassAnswer")
    editor.idle()
    assert "❯ You (meanwhile)\nsecond" in editor.transcript


def _row(editor: Editor, text: str) -> int:
    return next((number for number, line in enumerate(editor.lines, 1) if text in line), 0)


def test_a_session_is_chosen_and_shown_again(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "The first answer."}))
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass remember me")
    editor.idle()
    editor.do("CassNew")
    editor.until(lambda: "The first answer." not in editor.transcript, "an empty chat")
    editor.do("CassSessions")
    row = editor.until(lambda: _row(editor, "remember me"), "the session")
    editor.do(f"normal! {row}gg")
    editor.keys("<CR>")
    editor.until(lambda: "❯ You\nremember me" in editor.transcript, "the conversation")
    editor.until(lambda: "The first answer." in editor.transcript, "the answer")


def test_an_unfinished_turn_is_marked_when_the_editor_was_killed(start: Start, tmp_path: Path) -> None:
    model = script(tmp_path / "s.json", {"tool_calls": [call("shell", command="sleep 600")]}, {"text": "never"})
    auto = {"model": model, "approval": "auto", "mode": "active"}
    editor = start(settings=auto)
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass go")
    editor.until(lambda: "sleep 600" in editor.transcript, "the command")
    server = editor.server_pid()
    os.kill(editor.pid, signal.SIGKILL)
    second = start(settings=auto)
    second.until(lambda: gone(server), "the end of the server")
    second.edit("a.py")
    second.do("CassResume")
    second.until(lambda: "❯ You\ngo" in second.transcript and "■ stopped" in second.transcript, "the turn's end")
    assert second.state() == "idle"


def test_quitting_leaves_no_server(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "slow " * 5000, "delay_ms": 50}))
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass go")
    editor.until(lambda: "slow" in editor.transcript, "the answer's beginning")
    server = editor.server_pid()
    editor.close()
    assert editor.rpc.process.returncode == 0
    limit = 5.0
    end = os.times().elapsed + limit
    while not gone(server):
        assert os.times().elapsed < end, f"the server is there {limit} s after the editor"


def test_a_server_that_dies_is_started_again_with_its_session(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "One."}, {"text": "Two."}))
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass first")
    editor.idle()
    first = editor.server_pid()
    os.kill(first, signal.SIGKILL)
    editor.until(lambda: "The server ended" in editor.transcript, "the notice")
    editor.until(lambda: editor.server_pid() != first, "another server")
    editor.do("Cass second")
    editor.until(lambda: "Two." in editor.transcript, "the second answer")
    editor.attached()


def test_a_missing_server_is_explained(start: Start) -> None:
    editor = start(cmd=["/nonexistent/cass"])
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass")
    editor.until(lambda: "pipx install cass" in editor.transcript, "how to mend it")
    editor.do("checkhealth cass")
    assert any("/nonexistent/cass" in line for line in editor.lines)


def test_slash_commands_and_files_are_offered(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "ok"}))
    editor.edit("src/deep/name.py", "x = 1\n")
    editor.do("Cass")
    editor.until_lua("require('cass').workspace().session.id")
    items = "return vim.tbl_map(function(i) return i.word end, vim.fn.complete_info({ 'items' }).items)"
    editor.keys("i/mo")
    editor.until(lambda: "/mode" in editor.lua(items), "the commands")
    editor.keys("<C-u>look at @na")
    editor.until(lambda: editor.lua(items) == ["@src/deep/name.py"], "the open file")
    editor.keys("<C-n> please<Esc>")
    editor.until(lambda: editor.lines == ["look at @src/deep/name.py please"], "the file taken")
    editor.keys("<CR>")
    editor.idle()
    events = [json.loads(line) for p in (tmp_path / "cass").rglob("*.jsonl") for line in p.read_text().splitlines()]
    assert any("deep/name.py" in json.dumps(e) and "resource_link" in json.dumps(e) for e in events)


def test_two_editors_on_one_folder_do_not_fight(start: Start, tmp_path: Path) -> None:
    model = script(tmp_path / "s.json", {"text": "An answer."})
    first, second = start(model=model), start(model=model)
    for editor, words in ((first, "from the first"), (second, "from the second")):
        editor.edit("a.py", "x = 1\n")
        editor.do(f"Cass {words}")
        editor.idle()
        assert "An answer." in editor.transcript
    second.do("CassSessions")
    row = second.until(lambda: _row(second, "from the first"), "the session")
    second.do(f"normal! {row}gg")
    second.keys("<CR>")
    second.until(lambda: "process" in second.transcript, "who has the session")
    second.do("CassNew")
    second.do("Cass again")
    second.until(
        lambda: "❯ You\nagain" in second.transcript and "An answer." in second.transcript, "a session of its own"
    )
    assert "from the first" in first.transcript


def test_setup_may_be_called_again(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "One."}))
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass first")
    editor.idle()
    server = editor.server_pid()
    settings = {"model": script(tmp_path / "t.json", {"text": "Other."})}
    editor.lua("require('cass').setup(...)", {"cmd": server_command(), "settings": settings})
    editor.until(lambda: gone(server), "the end of the first server")
    editor.do("Cass second")
    editor.until(lambda: "Other." in editor.transcript, "the answer of the other model")
