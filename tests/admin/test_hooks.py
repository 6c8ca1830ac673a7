"""`cass hooks`, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `cass` in a project that brings hooks, with a home of its own."""
    claude = tmp_path / "project" / ".claude"
    claude.mkdir(parents=True)
    hooks = {
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "grep -q evil && exit 2 || true"}]},
            {"matcher": "Write", "hooks": [{"type": "command", "command": "printf 'a\\033[31m' >&2; exit 2"}]},
        ],
        "Stop": [{"hooks": [{"type": "http", "url": "http://x"}]}],
    }
    (claude / "settings.json").write_text(json.dumps({"hooks": hooks}, indent=1))
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        '[[hooks.UserPromptSubmit]]\nhooks = [{ command = "echo It is Monday.", required = true, timeout = 5 }]\n'
    )
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("CASS_", "OPENAI_", "OPENROUTER_"))}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cass", *arguments],
            cwd=tmp_path / "project",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**keep, "CASS_HOME": str(home), "HOME": str(tmp_path / "person"), "OLLAMA_HOST": "127.0.0.1:9"},
        )

    return run


def test_all_are_listed_with_file_and_line_and_whether_they_may_act(run: Run, tmp_path: Path) -> None:
    listed = run("hooks", "list")
    assert listed.returncode == 0
    lines = listed.stdout.splitlines()
    assert lines[0] == "UserPromptSubmit [*] echo It is Monday."
    assert lines[1] == f"  {tmp_path}/home/config.toml, line 2 (command, 5 s, required)"
    assert lines[2] == "PreToolUse [Bash] grep -q evil && exit 2 || true"
    assert lines[3] == "  .claude/settings.json, line 9 (command, 60 s)  NOT TRUSTED: cass trust"
    assert "type http is left out" in listed.stderr
    rows = [json.loads(line) for line in run("hooks", "list", "--json").stdout.splitlines()]
    assert [(row["event"], row["origin"], row["trusted"]) for row in rows] == [
        ("UserPromptSubmit", "user", True),
        ("PreToolUse", "project", False),
        ("PreToolUse", "project", False),
    ]


def test_trying_shows_what_was_told_how_it_ended_and_what_that_means(run: Run) -> None:
    call = ("hooks", "test", "PreToolUse", "--tool", "Bash", "--input")
    untrusted = run(*call, '{"command": "evil"}')
    assert untrusted.returncode == 0 and "told:" not in untrusted.stdout
    run("trust", "yes")
    blocked = run(*call, '{"command": "evil"}')
    assert blocked.returncode == 2
    assert '"tool_input": {"command": "evil"}' in blocked.stdout
    assert "ended: exit code 2" in blocked.stdout and "cass: blocked" in blocked.stdout
    assert "does not match" in blocked.stdout
    fine = run(*call, '{"command": "ls"}')
    assert fine.returncode == 0 and fine.stdout.endswith("It goes on.\n")
    written = run("hooks", "test", "PreToolUse", "--tool", "write_file", "--input", '{"path": "a", "content": "b"}')
    assert written.returncode == 2
    assert "\x1b" not in written.stdout and "a\\x1b[31m" in written.stdout
    asked = run("hooks", "test", "UserPromptSubmit", "--input", '{"prompt": "hi"}')
    assert 'context: ["It is Monday."]' in asked.stdout
    assert "No hook listens" in run("hooks", "test", "SessionEnd").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("PreToolUse",), "--tool"),
        (("PreToolUse", "--tool", "Bash", "--input", "{"), "no JSON"),
        (("PreToolUse", "--tool", "Bash", "--input", "[]"), "no JSON object"),
    ],
)
def test_wrong_arguments_are_explained(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run("hooks", "test", *arguments)
    assert done.returncode == 3
    assert said in done.stderr


def test_a_call_that_cannot_be_made_is_told_of_all_the_same(run: Run) -> None:
    run("trust", "yes")
    done = run("hooks", "test", "PreToolUse", "--tool", "nothing", "--input", '{"command": "evil"}')
    assert "could not be made" in done.stderr and done.returncode == 0
