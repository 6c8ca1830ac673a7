"""`cass demo` and `cass sessions`: what a newcomer tries first, and what is left afterwards."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.terminal import Screen, call

Run = Callable[..., subprocess.CompletedProcess[str]]
Open = Callable[..., Screen]
Script = Callable[..., str]


def project_of(text: str) -> Path:
    return Path(re.search(r"The project: (\S+)", text)[1])


def test_the_demo_does_a_real_job_without_a_model(cass: Run) -> None:
    done = cass("demo")
    project = project_of(done.stdout)
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        assert "no model is contacted" in done.stdout.split("The project")[0]
        assert "-    if result > 10_000:" in done.stdout
        assert "(answered by the demo)" in done.stdout
        assert "Ran 2 tests" in done.stdout
        assert "The tests passed." in done.stdout
        assert "cass auth" in done.stdout
        assert "\x1b" not in done.stdout
        assert ">= 10_000" in (project / "basket.py").read_text()
        changed = subprocess.run(["git", "diff", "--stat"], cwd=project, capture_output=True, text=True, check=True)
        assert "basket.py" in changed.stdout
    finally:
        shutil.rmtree(project.parent)


def test_the_demo_asks_a_person_and_says_when_the_job_was_not_done(terminal: Open) -> None:
    screen = terminal("demo")
    screen.see("The project: ", "Make this change?")
    screen.type("n")
    screen.see("Why?")
    screen.type("\r")
    screen.see("Run this command?")
    screen.type("y")
    screen.see("FAILED", "The tests did not pass.")
    assert screen.end() == 1
    shutil.rmtree(project_of(screen.text).parent)


def test_the_demo_can_be_interrupted(terminal: Open) -> None:
    screen = terminal("demo")
    screen.see("Make this change?")
    screen.type("\x03")
    assert screen.end() == 130
    shutil.rmtree(project_of(screen.text).parent)


def test_sessions_are_listed_shown_and_deleted(cass: Run, script: Script, tmp_path: Path) -> None:
    assert "No sessions in" in cass("sessions", "list").stdout
    steps = ({"text": "Looking.", "tool_calls": [call("shell", command="echo seen")]}, {"text": "It is **done**."})
    done = cass("-p", "first question", "--approval", "auto", "--model", script(*steps), "--output-format", "json")
    session_id = json.loads(done.stdout)["sessionId"]
    listed = cass("sessions", "list").stdout
    assert session_id in listed
    assert "first question" in listed
    assert json.loads(cass("sessions", "list", "--json").stdout)["sessionId"] == session_id
    (tmp_path / "elsewhere").mkdir()
    assert session_id in cass("sessions", "list", "--all").stdout
    shown = cass("sessions", "show", session_id).stdout
    positions = [shown.index(text) for text in ("> first question", "Looking.", "echo seen", "It is **done**.")]
    assert positions == sorted(positions)
    events = [json.loads(line) for line in cass("sessions", "show", session_id, "--json").stdout.splitlines()]
    assert "agent_message" in {event["update"]["sessionUpdate"] for event in events}
    refused = cass("sessions", "delete", session_id)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert cass("sessions", "delete", session_id, "--yes").returncode == 0
    assert session_id not in cass("sessions", "list").stdout


@pytest.mark.parametrize("verb", ["show", "delete"])
def test_a_session_that_is_not_there_is_told(cass: Run, verb: str) -> None:
    done = cass("sessions", verb, "nosuch", *(["--yes"] if verb == "delete" else []))
    assert done.returncode == 2
    assert "no session nosuch" in done.stderr


def test_deleting_is_confirmed_at_a_terminal(terminal: Open, cass: Run, script: Script) -> None:
    cass("-p", "keep me", "--model", script({"text": "ok"}))
    session_id = json.loads(cass("sessions", "list", "--json").stdout)["sessionId"]
    screen = terminal("sessions", "delete", session_id)
    screen.see("for good?")
    screen.type("n\r")
    assert screen.end() == 130
    assert session_id in cass("sessions", "list").stdout
