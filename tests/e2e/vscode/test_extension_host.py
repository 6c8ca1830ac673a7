"""The extension inside the real extension host, with the real server and a scripted model. `.ci/vscode.sh PREFIX`
installs what is needed; CASS_E2E names the PREFIX."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from e2e.vscode import codeserver
from e2e.vscode.codeserver import Workbench

pytestmark = pytest.mark.skipif(codeserver.missing() is not None, reason=str(codeserver.missing()))

HOST = codeserver.HERE / "host"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """One workbench for all; each test has a folder and a browser of its own."""
    with codeserver.running(tmp_path_factory.mktemp("workbench") / "cs", {}) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that is open."""
    path = tmp_path / "project"
    path.mkdir()
    return path


def test_edits_hunk_by_hunk_undo_saving_and_plan(workbench: Workbench, folder: Path) -> None:
    said = workbench.run("exthost.mjs", str(HOST / "editing.cjs"), str(folder))
    assert said.count("PASS") == 8, said


def test_a_race_of_keys_formatter_commands_and_edits_loses_nothing(workbench: Workbench, folder: Path) -> None:
    said = workbench.run("exthost.mjs", str(HOST / "racing.cjs"), str(folder))
    assert said.count("PASS") == 2, said


def test_turns_sessions_a_dying_server_and_settings(workbench: Workbench, folder: Path) -> None:
    said = workbench.run("exthost.mjs", str(HOST / "living.cjs"), str(folder))
    assert said.count("PASS") == 12, said
    server = int((folder.parent / "server.pid").read_text())
    assert _gone([server], 10), "the server outlives its editor"


def test_long_sessions_are_measured_shortened_and_found(workbench: Workbench, folder: Path) -> None:
    said = workbench.run("exthost.mjs", str(HOST / "keeping.cjs"), str(folder))
    assert said.count("PASS") == 3, said


def test_a_killed_editor_leaves_nothing_behind_and_goes_on_where_it_was(workbench: Workbench, folder: Path) -> None:
    node = workbench.start("exthost.mjs", str(HOST / "killed.cjs"), str(folder))
    try:
        pids = json.loads(_content(folder / "pids.json", 60))
        os.kill(pids["host"], signal.SIGKILL)
        assert _gone([pids["server"], pids["command"]], 5), pids
    finally:
        codeserver.end(node)
    said = workbench.run("exthost.mjs", str(HOST / "reopened.cjs"), str(folder))
    assert said.count("PASS") == 2, said


def _content(path: Path, limit: float) -> str:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with suppress(FileNotFoundError):
            return path.read_text()
        time.sleep(0.05)
    raise AssertionError(f"{path.name} was not written within {limit:g} s")


def _gone(pids: list[int], limit: float) -> bool:
    end = time.monotonic() + limit
    while any(_alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
