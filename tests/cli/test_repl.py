"""The interactive terminal, in a real one: typing, steering, deciding, cancelling."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from support.terminal import Screen, call

Open = Callable[..., Screen]
Script = Callable[..., str]
PASTE = "\x1b[200~{}\x1b[201~"
NINE = "".join(f"{c} = {n}\n" for n, c in enumerate("abcdefghi", 1))
CHANGED = NINE.replace("a = 1", "a = 10").replace("i = 9", "i = 90")
READY = "/help shows"


def test_what_is_typed_before_the_prompt_is_there_is_not_lost(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"expect": "early words", "text": "Heard."}))
    screen.child.waitnoecho()
    screen.type("early words\r")
    screen.see("Heard.")


def test_a_question_and_its_answer(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"text": "# Title\n\nSome **bold** words."}))
    screen.see(READY)
    screen.line("hello there")
    screen.see("Title", "bold", "words.")
    screen.type("\x04")
    screen.see("goes on with this session")
    assert screen.end() == 0
    assert "\x1b[1mbold" in screen.raw


def test_a_prompt_on_the_command_line_is_said_first(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"expect": "do this now", "text": "As you say."}), "do this now")
    screen.see("> do this now", "As you say.")
    screen.type("\x04")
    assert screen.end() == 0


def test_a_paste_of_many_lines_is_one_prompt(terminal: Open, script: Script) -> None:
    lines = "\n".join(f"pasted {n}" for n in range(30))
    screen = terminal("--model", script({"expect": lines, "text": "Got it whole."}, {"text": "one too many"}))
    screen.see(READY)
    screen.type(PASTE.format(lines))
    screen.see("pasted 29")
    screen.type("\r")
    screen.see("Got it whole.")
    screen.type("\x04")
    screen.end()
    assert "one too many" not in screen.text


@pytest.mark.parametrize("newline", ["\x1b\r", "\n", "\\\r"], ids=["alt-enter", "ctrl-j", "backslash"])
def test_a_line_can_be_added(terminal: Open, script: Script, newline: str) -> None:
    screen = terminal("--model", script({"expect": "one\ntwo", "text": "Two lines."}))
    screen.see(READY)
    screen.type("one")
    screen.see("one")
    screen.type(newline)
    screen.type("two")
    screen.see("two")
    screen.type("\r")
    screen.see("Two lines.")


def test_an_edit_is_decided_hunk_by_hunk_and_the_model_is_told(
    terminal: Open, script: Script, project: Path
) -> None:
    model = script(
        {"text": "Two changes.", "tool_calls": [call("write_file", path="nums.py", content=CHANGED)]},
        {"expect": "nine stays nine", "text": "I see."},
    )
    screen = terminal("--model", model)
    screen.see(READY)
    screen.line("go")
    screen.see("-a = 1", "+a = 10", "-i = 9", "+i = 90", "Make this change? [y,n,h,a,d,q,?]")
    screen.type("h")
    screen.see("(1/2) Take this change?")
    screen.type("y")
    screen.see("(2/2) Take this change?")
    screen.type("n")
    screen.see("Why?")
    screen.type("nine stays nine\r")
    screen.see("I see.")
    assert (project / "nums.py").read_text() == NINE.replace("a = 1", "a = 10")


def test_a_hunk_can_be_changed_in_the_editor(terminal: Open, script: Script, project: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/10/11/' \"$1\"\n")
    editor.chmod(0o755)
    content = NINE.replace("a = 1", "a = 10")
    model = script(
        {"tool_calls": [call("write_file", path="nums.py", content=content)]}, {"expect": "a = 11", "text": "Fine."}
    )
    screen = terminal("--model", model, env={"VISUAL": str(editor)})
    screen.see(READY)
    screen.line("go")
    screen.see("Make this change?")
    screen.type("h")
    screen.see("(1/1) Take this change?")
    screen.type("e")
    screen.see("Fine.")
    assert (project / "nums.py").read_text() == NINE.replace("a = 1", "a = 11")


def test_keys_typed_before_the_question_do_not_answer_it(terminal: Open, script: Script, project: Path) -> None:
    model = script(
        {"text": "slow words " * 12, "delay_ms": 40, "tool_calls": [call("write_file", path="new", content="x\n")]},
        {"text": "Over."},
    )
    screen = terminal("--model", model)
    screen.see(READY)
    screen.line("go")
    screen.see("slow words")
    screen.type("yyyy")
    screen.see("Make this change?")
    assert not (project / "new").exists()
    screen.type("n")
    screen.see("Why?")
    screen.type("\r")
    screen.see("Over.")
    # What was typed is still in the line it was typed into.
    screen.see("yyyy")
    assert not (project / "new").exists()


def test_no_is_told_to_the_model_with_its_reason(terminal: Open, script: Script, project: Path) -> None:
    model = script(
        {"tool_calls": [call("shell", command="touch made")]}, {"expect": "use make instead", "text": "Right."}
    )
    screen = terminal("--model", model)
    screen.see(READY)
    screen.line("go")
    screen.see("touch made", "Run this command?")
    screen.type("?")
    screen.see("no, and stop the turn", "Run this command?")
    screen.type("d")
    screen.see("exactly: 'touch made'", "Run this command?")
    screen.type("n")
    screen.see("Why?")
    screen.type("use make instead\r")
    screen.see("Right.")
    assert not (project / "made").exists()


def test_a_question_that_is_withdrawn_closes(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"tool_calls": [call("shell", command="touch x")]}, {"text": "Going on."}))
    screen.see(READY)
    screen.line("go")
    screen.see("Run this command?")
    screen.child.kill(signal.SIGINT)
    screen.see("Cancelled.")
    screen.line("y")
    screen.see("Going on.")


def test_always_is_not_asked_again(terminal: Open, script: Script) -> None:
    first, again = call("shell", command="echo once"), call("shell", command="echo once")
    screen = terminal("--model", script({"tool_calls": [first]}, {"tool_calls": [again]}, {"text": "Both ran."}))
    screen.see(READY)
    screen.line("go")
    screen.see("Run this command? [y,n,a,d,q,?]")
    screen.type("a")
    screen.see("Allowed in this session", "Both ran.")
    assert screen.text.count("Run this command? [y,n,a,d,q,?] a") == 1


def test_a_command_that_hides_something_is_flagged_and_shown(terminal: Open, script: Script) -> None:
    hidden = "ls ./a\u202e" + " " * 300 + "; touch gone\x1b[8m"
    screen = terminal("--model", script({"tool_calls": [call("shell", command=hidden)]}, {"text": "Over."}))
    screen.see(READY)
    screen.line("go")
    screen.see("<U+202E>", "blanks>; touch gone", "control characters", "reading direction", "long run of blanks")
    screen.see("Run this command?")
    screen.type("q")
    screen.see("Cancelled.")
    assert "\u202e" not in screen.raw
    assert "\x1b[8m" not in screen.raw


def test_ctrl_c_stops_a_running_command_and_the_session_goes_on(terminal: Open, script: Script) -> None:
    model = script({"tool_calls": [call("shell", command="echo begun; sleep 60")]}, {"text": "Next answer."})
    screen = terminal("--model", model, "--approval", "auto")
    screen.see(READY)
    screen.line("go")
    screen.see("begun")
    screen.type("\x03")
    screen.see("Cancelled.")
    screen.line("and now")
    screen.see("Next answer.")


def test_ctrl_c_twice_leaves(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"text": "x"}))
    screen.see(READY)
    screen.type("\x03")
    screen.see("Ctrl-C again leaves")
    screen.type("\x03")
    assert screen.end() == 0


def test_what_is_typed_during_a_turn_reaches_it(terminal: Open, script: Script, project: Path) -> None:
    os.mkfifo(project / "gate")
    model = script(
        {"tool_calls": [call("shell", command="echo begun; read x < gate")]},
        {"expect": "mind the gap", "text": "Minded."},
    )
    screen = terminal("--model", model, "--approval", "auto")
    screen.see(READY)
    screen.line("go")
    screen.see("begun")
    screen.line("mind the gap")
    screen.type("\x1b[Z")
    screen.see("plan")  # The mode is switched behind the words, so they have arrived.
    (project / "gate").write_text("open\n")
    screen.see("Minded.")


def test_modes_are_switched_with_shift_tab(terminal: Open, script: Script, project: Path) -> None:
    model = script({"tool_calls": [call("write_file", path="nums.py", content=CHANGED)]}, {"text": "Planned."})
    screen = terminal("--model", model)
    screen.see(READY, "ask")
    for mode in ("edits", "auto", "plan"):
        screen.type("\x1b[Z")
        screen.see(mode)
    screen.line("go")
    screen.see("+a = 10", "Planned.")
    assert (project / "nums.py").read_text() == NINE
    screen.line("/apply")
    screen.see("applied")
    assert (project / "nums.py").read_text() == CHANGED


def test_the_users_own_command_runs_and_the_model_hears_of_it(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"expect": "what did I do", "text": "You looked."}))
    screen.see(READY)
    screen.line("!cat notes.txt; exit 3")
    screen.see("exit code 3", "remember")
    screen.line("what did I do")
    screen.see("You looked.")


def test_own_command_is_stopped_with_ctrl_c(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"text": "x"}))
    screen.see(READY)
    screen.line("!echo begun; sleep 60")
    screen.see("begun")
    screen.line("!echo second")
    screen.see("still running")
    screen.type("\x03")
    screen.see("Stopped.")
    screen.line("!echo third")
    screen.see("✓")


def test_completion_offers_commands_and_files(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"expect": "notes.txt", "text": "Seen."}))
    screen.see(READY)
    screen.type("/mod")
    screen.see("Show or switch the mode.")
    screen.type("\x1b")
    screen.type("see @not")
    screen.see("notes.txt")
    screen.type("\t\r\r")
    screen.see("Seen.")


def test_completion_can_be_switched_off(terminal: Open, script: Script) -> None:
    screen = terminal("--no-completion", "--model", script({"text": "first answer"}, {"text": "second answer"}))
    screen.see(READY)
    screen.line("a prompt to remember")
    screen.answer("first answer")
    seen = len(screen.raw)
    screen.type("a promp")
    screen.see("a promp")
    screen.type("\r")
    screen.see("second answer")
    screen.type("/mod")
    screen.see("/mod")
    screen.type("\x1b\x04")
    screen.end()
    assert "Show or switch" not in screen.text
    assert "t to remember" not in screen.raw[seen:]


def test_history_is_kept_private_and_can_be_searched(terminal: Open, script: Script, home: Path) -> None:
    model = script({"text": "first answer"}, {"expect": "an unusual prompt", "text": "second answer"})
    screen = terminal("--model", model)
    screen.see(READY)
    screen.line("an unusual prompt")
    screen.answer("first answer")
    screen.type("\x04")
    screen.end()
    history = home / "state" / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    screen = terminal("--model", model, "-c")
    screen.see("> an unusual prompt", "first answer")
    screen.type("\x12unusual")
    screen.see("unusual")
    screen.type("\r\r")
    screen.see("second answer")


def test_a_session_is_picked_from_a_list(terminal: Open, script: Script) -> None:
    model = script({"text": "the old answer"}, {"text": "the new answer"})
    screen = terminal("--model", model)
    screen.see(READY)
    screen.line("an old question")
    screen.answer("the old answer")
    screen.type("\x04")
    screen.end()
    screen = terminal("-r", "--model", model)
    screen.see("an old question", "Which one?")
    screen.type("1\r")
    screen.see("> an old question", "the old answer")
    screen.line("/sessions")
    screen.see("Which one?")
    screen.type("\r")
    screen.line("a new question")
    screen.see("the new answer")
    screen.line("/quit")
    assert screen.end() == 0


def test_the_model_can_ask_and_the_user_chooses_or_types(terminal: Open, script: Script) -> None:
    ask = call("ask_user", question="Which colour?", options=["red", "green"])
    model = script(
        {"tool_calls": [ask]}, {"expect": "green", "tool_calls": [ask]}, {"expect": "mauve", "text": "Thanks."}
    )
    screen = terminal("--model", model)
    screen.see(READY)
    screen.line("go")
    screen.see("Which colour?", "1", "red", "2", "green", "your own words:")
    screen.type("2\r")
    screen.see("Which colour?", "your own words:")
    screen.type("mauve\r")
    screen.see("Thanks.")


def test_no_colour_means_none(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"text": "some **bold** words"}), env={"NO_COLOR": "1"})
    screen.see(READY)
    screen.line("go")
    screen.see("some **bold** words")
    screen.type("\x04")
    screen.end()
    assert not any(f"\x1b[{code}" in screen.raw for code in ("3", "9", "0;3", "38;"))


def test_hostile_text_never_reaches_the_terminal_raw(terminal: Open, script: Script, project: Path) -> None:
    (project / "evil\x1b[2J.txt").write_text("\x1b]0;owned\x07 \x9b2J \x1b[8mhidden")
    hostile = "text \x1b]52;c;aGk=\x07 and \x9b2J\n\n```\n\x1b[8m\n```\n"
    model = script(
        {
            "text": hostile,
            "thinking": "\x1b[8mhmm",
            "tool_calls": [
                call("shell", command="cat evil*; ls; printf '\\033[5m'"),
                call("read_file", path="e\x1b[2J"),
            ],
        },
        {"text": "End."},
    )
    screen = terminal("--model", model, "--approval", "auto")
    screen.see(READY)
    screen.line("go")
    screen.see("End.")
    for raw in ("\x1b]0;", "\x1b]52", "\x1b[8m", "\x1b[5m", "\x9b", "\x1b[2J", "\x07"):
        assert raw not in screen.raw


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_narrow_terminals_work(terminal: Open, script: Script, columns: int) -> None:
    content = NINE.replace("a = 1", "a = 1" + "0" * 200)
    model = script({"tool_calls": [call("write_file", path="nums.py", content=content)]}, {"text": "Made it."})
    screen = terminal("--model", model, columns=columns)
    screen.see(">")
    screen.type("go\r")
    screen.see("+a = 10", "Make this")
    screen.see("?]")
    screen.type("y")
    screen.see("Made it.")


def test_a_server_that_dies_is_told_and_how_to_go_on(terminal: Open, script: Script) -> None:
    screen = terminal("--model", script({"text": "x"}), "--approval", "auto")
    screen.see(READY)
    screen.line("!kill -9 $PPID")
    screen.see("The server ended", "cass -c")
    assert screen.end() == 1


def test_esc_twice_goes_back_to_before_a_turn_and_offers_its_prompt_again(
    terminal: Open, script: Script, project: Path
) -> None:
    model = script(
        {"tool_calls": [call("shell", command="rm nums.py; echo made > made")]},
        {"text": "Wrecked."},
    )
    screen = terminal("--model", model, "--approval", "auto")
    screen.see(READY)
    screen.line("wreck it")
    screen.see("Wrecked.")
    screen.type("\x1b\x1b")
    screen.see("1  wreck it  (2 files)", "Back to before which?")
    screen.type("1\r")
    screen.see("[c,f,b,o,q]")
    screen.type("b")
    screen.see("loses 1 turn", "removed", "made", "recreated", "nums.py", "Do it? [y,n]")
    screen.type("y")
    screen.see("Done.", "wreck it")
    assert (project / "nums.py").read_text() == NINE
    assert not (project / "made").exists()
    screen.type("\x7f\x7fagain\r")
    screen.see("wreck again", "Wrecked.")
    screen.type("\x1b\x1b")
    screen.see("1  wreck again", "u undoes the last rewind")
    screen.type("1\r")
    screen.see("[c,f,b,o,q]")
    screen.type("o")
    screen.see("Do it? [y,n]")
    screen.type("y")
    screen.see("Done.")
    assert not (project / "made").exists()
    screen.type("\x1b\x1b")
    screen.see("Back to before which?")
    screen.type("u\r")
    screen.see("Undone.")
    assert (project / "made").read_text() == "made\n"
