"""`cass sessions …`: sessions are found, named, forked, taken out and brought in from the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.terminal import Screen

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def made(cass: Run, script: Callable[..., str]) -> str:
    """A session in which two things were said; its id."""
    model = script({"text": "In the \x1b[31m Arctic."}, {"text": "On ice."})
    cass("-p", "--model", model, "where do walruses live?")
    cass("-p", "-c", "--model", model, "and where do they sleep?")
    return json.loads(cass("sessions", "list", "--json").stdout)["sessionId"]


def test_sessions_are_found_by_what_was_said(cass: Run, made: str, tmp_path: Path) -> None:
    found = cass("sessions", "search", "walr", "arctic")
    assert found.returncode == 0
    assert made in found.stdout
    assert "\x1b" not in found.stdout, "what a model wrote moves no cursor"
    assert json.loads(cass("sessions", "search", "--json", "walr").stdout)["session"]["sessionId"] == made
    assert made in cass("sessions", "search", "--all", "walruses live").stdout
    nothing = cass("sessions", "search", "live walruses")
    assert (nothing.returncode, "Nothing found" in nothing.stdout) == (1, True)


def test_names_tags_and_the_archive(cass: Run, made: str) -> None:
    assert cass("sessions", "rename", made[:17], "A", "name").stdout == "A name\n"
    assert cass("sessions", "tag", made, "x", "y").stdout == "#x #y\n"
    assert cass("sessions", "tag", made, "y", "--remove").stdout == "#x\n"
    assert "A name #x" in cass("sessions", "list", "--tag", "x").stdout
    assert "No sessions" in cass("sessions", "list", "--tag", "y").stdout
    assert "Archived" in cass("sessions", "archive", made).stdout
    assert "No sessions" in cass("sessions", "list").stdout
    assert "(archived)" in cass("sessions", "list", "--archived").stdout
    assert cass("sessions", "show", made).returncode == 0
    assert "Listed" in cass("sessions", "unarchive", made).stdout
    assert made in cass("sessions", "list").stdout


def test_a_fork_goes_on_from_its_turn(cass: Run, made: str, script: Callable[..., str]) -> None:
    forked = cass("sessions", "fork", made, "--turn", "1").stdout.strip()
    assert "walruses" in (shown := cass("sessions", "show", forked).stdout) and "sleep" not in shown
    assert (
        cass("-p", "-r", forked, "--model", script({"text": "-"}, {"text": "Fish."}), "what do they eat?").stdout
        == "Fish.\n"
    )
    assert "eat" not in cass("sessions", "show", made).stdout
    whole = cass("sessions", "fork", made).stdout.strip()
    assert "sleep" in cass("sessions", "show", whole).stdout
    refused = cass("sessions", "fork", made, "--turn", "no-such-turn")
    assert refused.returncode == 1 and "no-such-turn" in refused.stderr


def test_out_and_in_again(cass: Run, made: str, project: Path) -> None:
    assert "## You\n\nwhere do walruses live?" in cass("sessions", "export", made).stdout
    assert "<!doctype html>" in cass("sessions", "export", made, "--format", "html").stdout
    assert "Written" in cass("sessions", "export", made, "-o", "out.json").stdout
    again = cass("sessions", "export", made, "-o", "out.json")
    assert again.returncode == 1 and "already" in again.stderr
    brought = cass("sessions", "import", "out.json").stdout.split()[0]
    assert brought != made
    assert cass("sessions", "export", brought).stdout.splitlines()[3:] == cass("sessions", "export", made).stdout.splitlines()[3:]  # fmt: skip
    damaged = project / "damaged.json"
    damaged.write_text(
        (project / "out.json").read_text().replace('"sessionUpdate":"user_message"', '"sessionUpdate":"?"', 1)
    )
    assert "1 damaged" in cass("sessions", "import", str(damaged)).stderr
    assert "no form that is known" in cass("sessions", "import", "notes.txt").stderr
    assert "aider" in cass("sessions", "import", "nosuch").stderr
    assert "Nothing new" in cass("sessions", "import", "aider").stdout


def test_clearing_up_is_asked_for_by_a_setting(cass: Run, made: str) -> None:
    assert "0 sessions would be removed" in cass("sessions", "prune", "--dry-run").stdout
    assert "0 sessions removed" in cass("sessions", "prune", env={"CASS_SESSIONS__KEEP_DAYS": "1"}).stdout
    assert made in cass("sessions", "list").stdout


def test_the_picker_filters_by_words(
    terminal: Callable[..., Screen], cass: Run, made: str, script: Callable[..., str]
) -> None:
    cass("-p", "--model", script({"text": "Blue."}), "what colour is the sky?")
    screen = terminal("--model", script({"text": "x"}))
    screen.see("/help shows")
    screen.line("/sessions nothinglikethis")
    screen.see("Nothing found.")
    screen.line("/sessions walr")
    screen.see("Which one?")
    assert "the sky" not in screen.text
    screen.type("1\r")
    screen.see("On ice")
