"""`cass agents`: what a person learns of profiles without running any."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from cass.customs import profiles

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(cass: Run) -> Run:
    """Runs `cass agents` in an empty project with a home of its own."""
    return partial(cass, "agents")


def test_a_new_profile_is_well_and_is_not_written_over(run: Run, tmp_path: Path) -> None:
    assert run("new", "helper").returncode == 0
    assert str(tmp_path / "project" / ".cass" / "agents" / "helper.md") in run("show", "helper").stdout
    checked = run("check")
    assert (checked.returncode, checked.stdout) == (0, "4 profiles can be used, none cannot.\n")
    again = run("new", "helper")
    assert again.returncode == 3 and "already" in again.stderr
    assert run("new", "../x").returncode == 3 and run("show", "nobody").returncode == 3
    listed = json.loads(run("list", "--json").stdout)
    assert {row["name"] for row in listed} == {"explore", "review", "test", "helper"}


def test_files_for_claude_code_are_read_as_they_are_and_what_is_wrong_has_its_line(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "project" / ".claude" / "agents"
    folder.mkdir(parents=True)
    (folder / "one.md").write_text(
        "---\nname: one\ndescription: >-\n  Use PROACTIVELY:\n  always\ntools: Read, Bash(git diff:*), Bogus\n"
        "disallowedTools: WebFetch\nmodel: sonnet\npermissionMode: dontAsk\nmaxTurns: 0\nisolation: vm\nodd: 1\n"
        "color: red\n---\nBe one.\n"
    )
    (folder / "two.md").write_text("---\nname: two words\ndescription: x\n---\n")
    (folder / "three.md").write_text("No head.\n")
    found = run("check", "--json")
    assert found.returncode == 3
    rows = {(Path(row["file"]).name, row["line"], row["level"]) for row in json.loads(found.stdout)}
    assert {("two.md", 2, "error"), ("three.md", 1, "error")} <= rows
    assert {("one.md", line, "warning") for line in (6, 8, 9, 10, 11, 12)} <= rows
    shown = run("show", "one").stdout
    assert "tools: read_file, shell, Bogus" in shown and "asks: shell" in shown and "isolation: worktree" in shown
    assert "cannot" in run("check").stdout and "two words" in run("list").stderr


@pytest.mark.parametrize(
    ("head", "has"),
    [
        ("tools: '*'", {"tools": ()}),
        ("tools: []", {"tools": ("no tool",)}),
        ("mode: plan", {"mode": "plan"}),
        ("permissionMode: bypassPermissions", {"approval": "auto"}),
        ("background: true\nmaxTurns: 7", {"background": True, "turns": 7}),
        ("model: inherit\neffort: huge", {"model": "", "effort": ""}),
        ("hooks:\n  Stop: [{hooks: [{command: x}]}]", {"hooks": {"SubagentStop": [{"hooks": [{"command": "x"}]}]}}),
        ("hooks: nonsense\nskills: {a: b}", {"hooks": {}, "skills": ()}),
    ],
)
def test_each_key_means_what_it_says(head: str, has: dict[str, object]) -> None:
    profile = profiles.read(f"---\ndescription: x\n{head}\n---\n", Path("one.md"), "user")
    assert {key: getattr(profile, key) for key in has} == has
