"""`cass commands`: what a person learns of their commands without running any."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(cass: Run) -> Run:
    """Runs `cass commands` in an empty project with a home of its own."""
    return partial(cass, "commands")


@pytest.mark.parametrize("kind", ["simple", "steps", "data"])
def test_a_new_command_is_well_and_is_not_written_over(run: Run, tmp_path: Path, kind: str) -> None:
    assert run("new", "my:one", "--kind", kind).returncode == 0
    path = tmp_path / "project" / ".cass" / "commands" / "my" / "one.md"
    assert str(path) in run("show", "my:one").stdout
    checked = run("check")
    assert (checked.returncode, checked.stdout) == (0, "1 checked, none with errors.\n")
    again = run("new", "my:one")
    assert again.returncode == 3 and "already" in again.stderr
    assert "/my:one" in run("list").stdout


def test_a_check_names_file_and_line_of_everything(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "project" / ".cass" / "commands"
    folder.mkdir(parents=True)
    (folder / "good.md").write_text("Fine.")
    (folder / "bad.md").write_text("---\ntools: [shel]\nsteps:\n  - {id: a, run: 'eval {{x}}'}\n---\n{{#if\n")
    (folder / "torn.md").write_text("---\nmode: fast\n---\nx")
    done = run("check", "--json")
    rows = json.loads(done.stdout)
    assert done.returncode == 3
    found = {(Path(row["file"]).name, row["line"], row["level"]) for row in rows}
    assert found == {
        ("bad.md", 2, "warning"),
        ("bad.md", 4, "error"),
        ("bad.md", 6, "error"),
        ("torn.md", 2, "error"),
    }
    assert "torn.md:2: error: mode cannot be 'fast'" in run("check", "torn").stdout
    assert run("check", "good").returncode == 0
    assert "cannot be read" in run("list").stdout
    assert [row["name"] for row in json.loads(run("list", "--json").stdout)] == ["bad", "good", "torn"]


def test_a_dry_run_shows_what_would_run_and_runs_nothing(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "project" / ".claude" / "commands"
    folder.mkdir(parents=True)
    (folder / "c.md").write_text("Say !`touch made $1` $ARGUMENTS\x1b[2J")
    shown = run("show", "c", "--dry-run", "it's", "$(x)").stdout
    assert "«output of `touch made 'it'\"'\"'s'`» \"it's\" $(x)" in shown
    assert "\x1b" not in shown
    assert not (tmp_path / "project" / "made").exists()


@pytest.mark.parametrize("name", ["../x", "a:..:b", "", "/", "a/b", "a b"])
def test_a_name_leads_nowhere_else(run: Run, tmp_path: Path, name: str) -> None:
    assert run("new", name).returncode == 3
    assert not list(tmp_path.rglob("*.md"))
