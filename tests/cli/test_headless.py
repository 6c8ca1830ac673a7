"""`cass -p`: what stands on which output, in which form, and with which exit code."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.terminal import CASS, call

Run = Callable[..., subprocess.CompletedProcess[str]]
Script = Callable[..., str]


def test_text_is_the_final_answer_alone(cass: Run, script: Script) -> None:
    model = script(
        {"text": "Let me look.", "tool_calls": [call("read_file", path="notes.txt")]},
        {"text": "It says *remember*."},
    )
    done = cass("-p", "what do the notes say?", "--model", model)
    assert (done.returncode, done.stdout, done.stderr) == (0, "It says *remember*.\n", "")


def test_json_is_one_object_with_everything(cass: Run, script: Script) -> None:
    model = script(
        {"tool_calls": [call("read_file", path="notes.txt")]},
        {"text": "Read.", "usage": {"input": 100, "output": 5}},
    )
    done = cass("-p", "--output-format", "json", "--model", model, "--", "read", "the notes")
    result = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert result["text"] == "Read."
    assert result["stopReason"] == "end_turn"
    assert result["exitCode"] == done.returncode == 0
    assert result["sessionId"]
    assert result["turnId"]
    assert result["usage"]["output"] >= 5
    assert [(c["name"], c["status"]) for c in result["toolCalls"]] == [("read_file", "completed")]


def test_stream_json_is_the_updates_in_order_and_a_result(cass: Run, script: Script) -> None:
    done = cass("-p", "hi", "--output-format", "stream-json", "--model", script({"text": "one two three " * 9}))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    *updates, result = lines
    numbers = [update["seq"] for update in updates]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    kinds = [update["update"]["sessionUpdate"] for update in updates]
    assert kinds.count("agent_message") == 1
    assert "agent_message_chunk" in kinds
    assert result["type"] == "result"
    assert result["text"].startswith("one two three")


def test_machine_output_is_plain_ascii(cass: Run, script: Script) -> None:
    model = script({"text": "\x1b[2J \x9b \u202e ü"})
    for form in ("json", "stream-json"):
        done = cass("-p", "hi", "--output-format", form, "--model", model)
        assert done.stdout.isascii()
        assert "\x1b" not in done.stdout


def test_a_pipe_gets_no_control_characters_but_all_letters(cass: Run, script: Script) -> None:
    done = cass("-p", "hi", "--model", script({"text": "a\x1b[31mb\u200dc ü"}))
    assert done.stdout == "a\\x1b[31mb\u200dc ü\n"


def test_piped_input_follows_the_prompt(cass: Run, script: Script) -> None:
    model = script({"expect": "count these\n\none\ntwo", "text": "Two."})
    assert cass("-p", "count these", "--model", model, stdin="one\ntwo\n").stdout == "Two.\n"
    model = script({"expect": "only piped", "text": "Yes."})
    assert cass("-p", "--model", model, stdin="only piped").stdout == "Yes.\n"


@pytest.mark.parametrize(
    ("step", "code", "words"),
    [
        ({"error": {"kind": "auth_required", "message": "the key is wrong"}}, 3, "the key is wrong"),
        ({"error": {"kind": "context_too_long", "message": "too long"}}, 4, "too long"),
        ({"text": "half an ans", "finish": "length"}, 5, "limit"),
        ({"text": "no", "finish": "refusal"}, 1, "refused"),
    ],
)
def test_the_exit_code_says_what_went_wrong(
    cass: Run, script: Script, step: dict[str, object], code: int, words: str
) -> None:
    done = cass("-p", "hi", "--model", script(step))
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_that_is_not_there_is_a_matter_of_configuration(cass: Run) -> None:
    done = cass("-p", "hi", "--model", "scripted//no/such/file.json", "--output-format", "json")
    result = json.loads(done.stdout)
    assert done.returncode == result["exitCode"] == 3
    assert result["error"]["kind"] == "config_error"


def test_turns_can_be_limited(cass: Run, script: Script) -> None:
    steps = [{"tool_calls": [call("read_file", path="notes.txt")]}, {"tool_calls": [call("list_dir", path=".")]}]
    done = cass("-p", "hi", "--max-turns", "1", "--model", script(*steps, {"text": "never"}))
    assert done.returncode == 5
    assert "never" not in done.stdout


def test_nobody_is_asked_and_nothing_happens_without_permission(cass: Run, script: Script, project: Path) -> None:
    steps = ({"tool_calls": [call("write_file", path="new.txt", content="x")]}, {"text": "Could not."})
    done = cass("-p", "write", "--model", script(*steps), "--output-format", "json")
    assert not (project / "new.txt").exists()
    assert json.loads(done.stdout)["toolCalls"][0]["status"] == "failed"
    assert cass("-p", "write", "--model", script(*steps), "--allow", "write_file(*)").returncode == 0
    assert (project / "new.txt").read_text() == "x"


def test_deny_goes_before_approval(cass: Run, script: Script, project: Path) -> None:
    steps = ({"tool_calls": [call("write_file", path="new.txt", content="x")]}, {"text": "ok"})
    cass("-p", "write", "--model", script(*steps), "--approval", "auto", "--deny", "write_file(*)")
    assert not (project / "new.txt").exists()


def test_continue_and_resume_go_on_with_what_was_said(cass: Run, script: Script) -> None:
    model = script({"text": "First."}, {"text": "Second."}, {"text": "Third."})
    first = json.loads(cass("-p", "a", "--model", model, "--output-format", "json").stdout)
    assert cass("-p", "b", "-c", "--model", model).stdout == "Second.\n"
    done = cass("-p", "c", "--resume", first["sessionId"][:-2], "--model", model, "--output-format", "json")
    again = json.loads(done.stdout)
    assert (again["text"], again["sessionId"]) == ("Third.", first["sessionId"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-p"], "no prompt"),
        (["-p", "x", "-c"], "no earlier session"),
        (["-p", "x", "-r", "nosuch"], "no session nosuch"),
        (["-p", "-r", "--", "x"], "id of a session"),
        (["-c", "-r", "x"], "exclude"),
        (["--output-format", "json", "x y"], "needs -p"),
        (["sesions"], "Did you mean `cass sessions`"),
        (["say something"], "not a terminal"),
        (["--nonsense"], "--nonsense"),
        (["--cwd", "/no/such/folder", "-p", "x"], "/no/such/folder"),
    ],
)
def test_wrong_usage_is_told_in_words(cass: Run, arguments: list[str], words: str) -> None:
    done = cass(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_another_folder_can_be_worked_in(cass: Run, script: Script, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "there.txt").write_text("found me")
    model = script({"tool_calls": [call("read_file", path="there.txt")]}, {"expect": "found me", "text": "ok"})
    assert cass("-p", "x", "--cwd", str(tmp_path / "else"), "--model", model).stdout == "ok\n"


@pytest.mark.parametrize("sent", [1, 2])
def test_an_interrupt_cancels_the_turn_and_all_it_started(
    environ: dict[str, str], project: Path, script: Script, sent: int
) -> None:
    steps = ({"tool_calls": [call("shell", command="echo $$ > pid; echo here; sleep 60")]}, {"text": "never"})
    arguments = ["-p", "x", "--approval", "auto", "--output-format", "stream-json", "--model", script(*steps)]
    process = subprocess.Popen(
        [*CASS, *arguments], cwd=project, env=environ, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"text":"here' in line:
            break
    for _ in range(sent):
        process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait(20) == 130
    process.stdout.close()
    assert json.loads(rest.splitlines()[-1])["stopReason"] == "cancelled"
    with pytest.raises(ProcessLookupError):
        os.kill(int((project / "pid").read_text()), 0)


def test_a_reader_that_leaves_early_is_no_error(environ: dict[str, str], project: Path, script: Script) -> None:
    command = [*CASS, "-p", "x", "--output-format", "stream-json", "--model", script({"text": "word " * 50_000})]
    process = subprocess.Popen(
        command, cwd=project, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    process.wait(20)
    assert complaint == b""


def test_a_terminal_sees_the_answer_as_it_comes(environ: dict[str, str], project: Path, script: Script) -> None:
    ours, theirs = pty.openpty()
    model = script(
        {"text": "First I look\x1b[2J.", "tool_calls": [call("read_file", path="notes.txt")]},
        {"text": "Then I answer."},
    )
    process = subprocess.Popen(
        [*CASS, "-p", "x", "--model", model], cwd=project, env=environ, stdout=theirs, stdin=subprocess.DEVNULL
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        shown += piece
    os.close(ours)
    assert process.wait(20) == 0
    assert shown == b"First I look\\x1b[2J.\r\n\r\nThen I answer.\r\n"


def test_version_and_help_start_no_server(cass: Run, home: Path) -> None:
    from cass import __version__

    assert cass("--version").stdout == f"cass {__version__}\n"
    assert cass("-p", "--version").stdout == f"cass {__version__}\n"
    help_text = cass("--help").stdout
    assert "--output-format" in help_text
    assert "Exit codes" in help_text
    assert "demo" in cass("demo", "--help").stdout
    assert "delete" in cass("sessions", "-h").stdout


def test_the_servers_own_commands_are_handed_over(cass: Run) -> None:
    done = cass("protocol", "schema")
    assert done.returncode == 0
    assert "cass/session/prompt" in done.stdout


def test_steps_of_a_command_are_told_beside_the_answer(cass: Run, script: Script, project: Path) -> None:
    folder = project / ".cass" / "commands"
    folder.mkdir(parents=True)
    (folder / "c.md").write_text("---\nsteps:\n  - {id: look, run: echo hi}\n---\nSay {{steps.look.text}}.\n")
    done = cass("-p", "/c", "--trust", "--approval", "auto", "--model", script({"text": "Hi."}))
    assert (done.returncode, done.stdout) == (0, "Hi.\n")
    assert "look" in done.stderr and "echo hi" in done.stderr and "/c" in done.stderr
