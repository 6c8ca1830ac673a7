"""Files on disk that change while the user is asked about an edit of them: nothing is lost, and nothing is written
anywhere that was not judged."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.server import Message, ServerProcess, running
from support.windows import Window, call

SCHEDULES = int(os.environ.get("CASS_RACES", "100"))
TEXT = "".join(f"L{number} = {number}\n" for number in range(10))
ONCE = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}
END = {"text": "ok"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running(tmp_path / "home") as process:
        yield process


def meanwhile(window: Window, act: Callable[[], object]) -> None:
    def allow(message: Message) -> object:
        act()
        return ONCE

    window.answers["cass/session/requestPermission"] = allow


def test_a_link_that_leads_out_meanwhile_is_not_followed(server: ServerProcess, tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside.py"
    project.mkdir()
    path = project / "a.py"
    path.write_text(TEXT)

    def swap() -> None:
        path.rename(outside)
        path.symlink_to(outside)

    window = Window(server, cass={"permission": {}})
    meanwhile(window, swap)
    edit = call("edit_file", path="a.py", old_string="L1 = 1", new_string="L1 = 11")
    end = window.turn(project, edit, {"text": "told", "expect": "leads to another place"}, approval="ask")
    assert end["text"] == "told", end
    assert outside.read_text() == TEXT


def test_a_link_that_leads_out_before_a_plan_is_applied_is_not_followed(
    server: ServerProcess, tmp_path: Path
) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside.py"
    project.mkdir()
    path = project / "a.py"
    path.write_text(TEXT)
    window = Window(server)
    edit = call("edit_file", path="a.py", old_string="L1 = 1", new_string="L1 = 11")
    session = window.session(project, call("read_file", path="a.py"), edit, END, END, mode="plan")
    window.prompt(session)
    path.rename(outside)
    path.symlink_to(outside)
    window.prompt(session)
    server.call("cass/review/resolve", {"sessionId": session, "action": "keep"})
    assert outside.read_text() == TEXT


def test_random_schedules_on_disk(server: ServerProcess, tmp_path: Path) -> None:
    window = Window(server, cass={"permission": {}})
    for number in range(SCHEDULES):
        rng = random.Random(f"disk-{number}")
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        try:
            _race(window, folder, rng)
        except AssertionError as error:
            raise AssertionError(f"schedule {number}: {error}") from error


def _race(window: Window, folder: Path, rng: random.Random) -> None:
    path = folder / "a.txt"
    path.write_text(TEXT)
    typed: list[str] = []
    lines = rng.sample(range(10), 3)
    meanwhile(window, lambda: _user(path, typed, rng) if rng.random() < 0.8 else None)
    steps = [
        call("edit_file", path="a.txt", old_string=f"L{line} = {line}", new_string=f"L{line} = m{line}")
        for line in lines
    ]
    window.server.seen.clear()
    end = window.turn(folder, call("read_file", path="a.txt"), *steps, END, approval="ask")
    assert end["stopReason"] == "end_turn", end
    now = path.read_bytes().decode()
    for word in typed:
        assert now.count(word) == 1, f"{word} is lost or there twice:\n{now}"
    states = [
        m["params"]["update"]
        for m in window.server.seen
        if m.get("params", {}).get("update", {}).get("sessionUpdate") == "_edit_update"
    ]
    made = {u["proposalId"]: u["proposal"] for u in states if "proposal" in u}
    for update in states:
        if update["state"] == "proposed":
            continue
        (file,) = made[update["proposalId"]]["files"]
        for hunk in file["hunks"]:
            mark = hunk["newText"].split()[2]
            there = f"= {mark}" in now
            assert there == (update["state"] == "applied"), f"{mark}: {update['state']}"
    for word in typed:
        assert word in window.results() or word not in now, f"the model was not told of {word}"


def _user(path: Path, typed: list[str], rng: random.Random) -> None:
    """The user writes a line of the file, in one of the ways that programs write files."""
    word = f"u{len(typed)}x{rng.randrange(10**6)}"
    typed.append(word)
    rows = path.read_bytes().decode().splitlines(keepends=True)
    at = rng.randrange(len(rows) + 1)
    if rng.random() < 0.5 and at < len(rows):
        rows[at] = rows[at].rstrip("\n") + f" {word}\n"
    else:
        rows.insert(at, f"{word}\n")
    data = "".join(rows).encode()
    way = rng.choice(["in place", "rename", "unlink", "mode"])
    if way == "in place":
        path.write_bytes(data)
    elif way == "rename":
        other = path.with_suffix(".tmp")
        other.write_bytes(data)
        other.replace(path)
    elif way == "unlink":
        path.unlink()
        path.write_bytes(data)
    else:
        path.write_bytes(data)
        path.chmod(0o600)
