"""Hooks in `cass -p`: real processes, and a folder that is trusted for this run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.terminal import call

Run = Callable[..., subprocess.CompletedProcess[str]]
Script = Callable[..., str]


def _bring(project: Path, **hooks: str) -> None:
    rules = {event: [{"hooks": [{"type": "command", "command": line}]}] for event, line in hooks.items()}
    (project / ".claude").mkdir()
    (project / ".claude" / "settings.json").write_text(json.dumps({"hooks": rules}))


@pytest.mark.parametrize("flags", [(), ("--approval", "auto"), ("--mode", "plan")])
def test_a_blocking_hook_blocks_and_is_told_on_standard_error(
    cass: Run, script: Script, project: Path, flags: tuple[str, ...]
) -> None:
    _bring(project, PreToolUse="echo 'not here' >&2; exit 2", SessionEnd="touch ended")
    model = script({"tool_calls": [call("shell", command="touch made")]}, {"text": "So be it."})
    done = cass("-p", "go", "--trust", "--model", model, *flags)
    assert (done.returncode, done.stdout) == (0, "So be it.\n")
    assert "said no: not here" in done.stderr
    assert not (project / "made").exists()
    assert (project / "ended").exists()


def test_a_refused_prompt_is_an_error(cass: Run, script: Script, project: Path) -> None:
    _bring(project, UserPromptSubmit="echo 'no such words' >&2; exit 2")
    done = cass("-p", "go", "--trust", "--model", script({"text": "never"}))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no such words" in done.stderr
