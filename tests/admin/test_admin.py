"""The commands without a client, as a person runs them."""

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
    """Runs `cass` in an empty project with a home of its own."""
    project = tmp_path / "project"
    project.mkdir()
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("CASS_", "OPENAI_", "OPENROUTER_"))}

    def run(*arguments: str, input: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cass", *arguments],
            cwd=project, input=input, capture_output=True, text=True, timeout=60, check=False,
            env={**keep, "CASS_HOME": str(tmp_path / "home"), "OLLAMA_HOST": "127.0.0.1:9", **environ},
        )  # fmt: skip

    return run


def test_settings_are_set_kept_with_their_comments_and_shown_with_origins(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "home" / "config.toml"
    file.parent.mkdir()
    file.write_text("# mine\nmode = 'plan'  # careful\n")
    assert run("config", "set", "llm.idle_timeout", "7.5").returncode == 0
    assert run("config", "set", "model", "a/1").returncode == 0
    assert run("config", "set", "permissions.allow", '["shell(ls*)"]').returncode == 0
    assert "# mine\nmode = 'plan'  # careful\n" in file.read_text()
    assert run("config", "get", "llm.idle_timeout").stdout == "7.5\n"
    shown = run("config", "show", CASS_MODEL="b/2").stdout
    assert f'mode = "plan"  # {file}' in shown
    assert 'model = "b/2"  # environment' in shown
    assert "llm.max_retries = 4  # default" in shown
    assert run("config", "path").stdout.strip() == str(file)
    assert "fine" in run("config", "check").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("config", "set", "llm.idle_timout", "5"), "llm.idle_timeout"),
        (("config", "set", "mode", "fast"), "mode"),
        (("config", "get", "no.such"), "no setting"),
        (("tool", "list_dir", "{"), "not a JSON object"),
        (("permissions", "check", "--allow", "shell(", "--", "ls"), "not a permission rule"),
    ],
)
def test_wrong_words_are_said_without_a_traceback(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home" / "config.toml").exists()


def test_the_editor_opens_the_file_and_it_is_checked(run: Run, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "modus = 1" >> "$1"\n')
    editor.chmod(0o755)
    done = run("config", "edit", EDITOR=str(editor))
    assert done.returncode == 3
    assert "line 2" in done.stderr
    assert run("config", "edit", EDITOR="false").returncode == 3


def test_a_projects_file_is_warned_about(run: Run, tmp_path: Path) -> None:
    (tmp_path / "project" / ".cass").mkdir()
    (tmp_path / "project" / ".cass" / "config.toml").write_text('approval = "auto"\nmode = "plan"\n')
    done = run("config", "check")
    assert "approval is ignored" in done.stdout
    assert 'mode = "plan"' in run("config", "show").stdout


def test_one_tool_through_the_gate(run: Run, tmp_path: Path) -> None:
    (tmp_path / "project" / "a.txt").write_text("one\n")
    edit = json.dumps({"path": "a.txt", "old_string": "one", "new_string": "two"})
    refused = run("tool", "edit_file", edit)
    assert refused.returncode == 1
    assert "nobody is there" in json.loads(refused.stdout)["content"][0]["text"]
    planned = run("tool", "edit_file", edit, "--mode", "plan")
    assert planned.returncode == 0
    assert (tmp_path / "project" / "a.txt").read_text() == "one\n"
    done = run("tool", "edit_file", "-", "--approval", "edits", input=edit)
    assert json.loads(done.stdout)["status"] == "completed"
    assert (tmp_path / "project" / "a.txt").read_text() == "two\n"
    shell = run("tool", "shell", '{"command": "echo hi; exit 4"}', "--allow", "shell")
    assert (shell.returncode, json.loads(shell.stdout)["exitCode"]) == (1, 4)
    assert run("tool", "shell", '{"command": "echo"}', "--approval", "auto", "--deny", "shell").returncode == 1
    assert "no tool" in run("tool", "nope", "{}").stdout


def test_permissions_are_checked_without_running(run: Run, tmp_path: Path) -> None:
    check = ("permissions", "check", "--allow", "shell(git status*)", "--deny", "shell(rm*)")
    assert run(*check, "--", "git status -s").stdout.startswith("allow ")
    assert run(*check, "--", "git", "status", "-s").stdout.startswith("allow ")
    assert run(*check, "--", "git status; touch x").stdout.startswith("ask ")
    assert run(*check, "--", "rm x").stdout.startswith("deny ")
    assert run("permissions", "check", "--mode", "plan", "--", "touch x").stdout.startswith("deny ")
    assert run("permissions", "check", "--mode", "plan", "--", "ls").stdout.startswith("allow ")
    lines = '{"command": "ls", "allow": ["shell(ls)"]}\n\n{"command": "ls", "deny": ["shell"]}\n{"command": "x"}\n'
    assert [line.split()[0] for line in run("permissions", "check", "--stdin", input=lines).stdout.splitlines()] == [
        "allow", "deny", "ask",
    ]  # fmt: skip
    assert run("permissions", "check", "--stdin", input="nonsense\n").returncode == 3
    assert run("permissions", "check").returncode == 2
    assert list((tmp_path / "project").iterdir()) == []


def test_models_without_any_provider_say_what_was_looked_for(run: Run) -> None:
    done = run("models")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    probe = run("models", "--probe")
    assert probe.returncode == 3
    assert "OPENAI_API_KEY" in probe.stderr


def test_keys_need_a_keyring(run: Run) -> None:
    done = run("auth", "set", "openai", input="sk-test\n", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    assert done.returncode in (1, 3)
    assert "sk-test" not in done.stdout + done.stderr
    assert "keyring" in done.stderr
    assert run("auth", "remove", "openai", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring").returncode in (
        1,
        3,
    )
