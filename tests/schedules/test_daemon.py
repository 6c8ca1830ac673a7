"""`cass schedule` from the outside: real processes, real sessions, a clock in a file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.outside import Place


def soon(**after: float) -> str:
    return (datetime.now(UTC) + timedelta(**after)).isoformat()


class Daemon:
    """`cass schedule daemon` with a clock in a file."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.clock = place.root / "clock"
        self.set(soon())
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-P", "-m", "cass_cli.main", "schedule", "daemon"]
        environ = {**self.place.environ, "CASS_CLOCK": str(self.clock)}
        process = subprocess.Popen(line, env=environ, cwd=self.place.root, stderr=subprocess.PIPE)
        lock = self.place.state / "data" / "schedules" / "daemon.lock"
        wait_for(lambda: lock.exists() and lock.read_text().strip() == str(process.pid))
        return process

    def set(self, moment: str) -> None:
        new = self.clock.with_suffix(".new")
        new.write_text(moment)
        new.replace(self.clock)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, {"CASS_PLUGINS": "0", "TZ": "Europe/Berlin"})


@pytest.fixture
def daemon(place: Place) -> Iterator[Daemon]:
    found = Daemon(place)
    try:
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            found.process.kill()
        found.process.communicate()


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.05)


def model(place: Place, *steps: object, name: str = "script") -> str:
    path = place.root / f"{name}.json"
    path.write_text(json.dumps({"steps": list(steps)}))
    return f"--model=scripted/{path}"


def shell(command: str) -> object:
    return {"tool_calls": [{"name": "shell", "arguments": {"command": command}}]}


def add(place: Place, *words: str) -> Any:
    done = place.run("schedule", "add", "--json", *words)
    assert done.code == 0, done.err
    return done.json


def runs(place: Place, name: str) -> list[Any]:
    return place.run("schedule", "history", name, "--json").lines


def over(place: Place, name: str, count: int = 1) -> list[Any]:
    wait_for(lambda: sum(run["ended"] is not None for run in runs(place, name)) >= count)
    return runs(place, name)


def left(place: Place) -> list[str]:
    """Processes whose command line or folder names the place."""
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            where = str((folder / "cwd").readlink())
            if int(folder.name) != os.getpid() and (str(place.root) in line or where == str(place.project)):
                found.append(line)
    return found


def test_a_due_run_is_an_ordinary_session_and_its_end_is_told(place: Place, daemon: Daemon) -> None:
    told = place.root / "told"
    (place.state / "config.toml").write_text(f'[schedules]\nnotify = "cat >> {told}"\n')
    daemon.stop()
    daemon.process = daemon.start()
    script = model(place, shell("echo $((6*7)) > made"), {"text": "It is \x1b[31mdone."})
    made = add(place, "--at", "in 1h", "--approval=auto", script, "--name=job", "make", "it")
    assert runs(place, "job") == []
    daemon.set(soon(hours=1, minutes=1))
    (run,) = over(place, "job")
    assert run["state"] == "done", run
    assert run["text"] == "It is \x1b[31mdone."
    assert (place.project / "made").read_text() == "42\n"
    assert run["sessionId"] in place.run("sessions", "list").out
    wait_for(lambda: told.exists() and told.read_text().endswith("}"))
    assert json.loads(told.read_text())["runId"] == run["runId"]
    assert made["next"][0] == run["due"]
    assert "\x1b" not in place.run("schedule", "history", "job").out
    assert daemon.stop() == 0


def test_what_needs_an_approval_is_refused_unless_a_rule_allows_it(place: Place, daemon: Daemon) -> None:
    script = model(place, shell("touch made"), {"text": "tried"})
    add(place, "--at", "in 1h", script, "--name=plain", "x")
    add(place, "--at", "in 1h", script, "--name=allowed", "--allow=shell(touch made)", "x")
    add(place, "--at", "in 1h", script, "--name=planned", "--mode=plan", "--approval=auto", "x")
    daemon.set(soon(hours=1, minutes=1))
    over(place, "plain")
    over(place, "planned")
    over(place, "allowed")
    assert (place.project / "made").exists()
    tried = [over(place, name)[0]["sessionId"] for name in ("plain", "planned")]
    assert "nobody is there to approve it" in place.run("sessions", "show", tried[0]).out
    assert "plan" in place.run("sessions", "show", tried[1]).out


def test_a_folder_that_is_not_trusted_or_has_changed_runs_nothing(place: Place, daemon: Daemon) -> None:
    script = model(place, shell("touch ran"), {"text": "ok"})
    add(place, "--every=1h", "--approval=auto", script, "--name=job", "x")
    hooks = place.project / ".cass" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "h.sh").write_text("#!/bin/sh\n")
    daemon.set(soon(hours=1, minutes=1))
    (run,) = over(place, "job")
    assert (run["state"], run["sessionId"]) == ("refused", None)
    assert "not decided about it" in run["why"]
    assert not (place.project / "ran").exists()
    assert place.run("trust", "yes").code == 0
    daemon.set(soon(hours=2, minutes=1))
    assert over(place, "job", 2)[0]["state"] == "done"
    (place.project / "ran").unlink()
    (hooks / "h.sh").write_text("#!/bin/sh\n# one byte more\n")
    daemon.set(soon(hours=3, minutes=1))
    latest = over(place, "job", 3)[0]
    assert latest["state"] == "refused"
    assert "has changed since" in latest["why"]
    assert not (place.project / "ran").exists()
    checked = place.run("schedule", "check")
    assert checked.code == 1
    assert "has changed since" in checked.out
    add(place, "--every=720h", "--no-trust", "--approval=auto", script, "--name=without", "x")
    assert place.run("schedule", "run", "without").code == 0
    assert place.run("schedule", "run", "job").code == 3


def test_after_kill_9_no_process_is_left_and_the_next_daemon_tells_it(place: Place, daemon: Daemon) -> None:
    script = model(place, shell("echo begun >> log; sleep 300"), {"text": "ok"})
    add(place, "--at", "in 1h", "--approval=auto", script, "--name=job", "--retries=1", "--retry-wait=1s", "x")
    add(place, "--at", "in 1h", "--approval=auto", script, "--name=other", "x")
    daemon.set(soon(hours=1, minutes=1))
    log = place.project / "log"
    wait_for(lambda: log.exists() and log.read_text() == "begun\nbegun\n")
    daemon.process.kill()
    daemon.process.communicate()
    wait_for(lambda: not left(place), 5.0)
    daemon.process = daemon.start()
    cut_off = over(place, "other")[0]
    assert cut_off["state"] == "interrupted"
    assert "begun" in place.run("sessions", "show", cut_off["sessionId"]).out
    daemon.set(soon(hours=1, minutes=5))
    wait_for(lambda: log.read_text() == "begun\n" * 3)
    latest = runs(place, "job")
    assert [(run["state"], run["attempt"]) for run in latest] == [("running", 2), ("interrupted", 1)]
    assert daemon.stop() == 0
    wait_for(lambda: not left(place), 5.0)
    assert runs(place, "job")[0]["state"] == "interrupted"


def test_one_process_runs_schedules_and_another_says_so(place: Place, daemon: Daemon) -> None:
    second = place.run("schedule", "daemon")
    assert second.code == 1
    assert f"run by process {daemon.process.pid} already" in second.err
    daemon.process.kill()
    daemon.process.communicate()
    daemon.process = daemon.start()
    assert f"by process {daemon.process.pid}" in place.run("schedule", "check").out


def test_limits_end_a_run_and_keep_its_session(place: Place, daemon: Daemon) -> None:
    script = model(place, shell("sleep 300"), {"text": "ok"})
    add(place, "--at", "in 1h", "--approval=auto", script, "--name=job", "--max-seconds=2", "x")
    daemon.set(soon(hours=1, minutes=1))
    (run,) = over(place, "job")
    assert run["state"] == "failed"
    assert run["sessionId"]
    assert run["exitCode"] == 5, run


def test_a_schedule_of_the_project_runs_only_when_trusted_and_added(place: Place) -> None:
    folder = place.project / ".cass" / "schedules"
    folder.mkdir(parents=True)
    script = model(place, {"text": "ok"})
    (folder / "nightly.md").write_text(
        f"---\ncron: 0 3 * * *\nmodel: {script.removeprefix('--model=')}\n---\nLook around.\n"
    )
    (folder / "wide.toml").write_text('every = "1h"\napproval = "auto"\nprompt = "x"\n')
    (folder / "wrong.toml").write_text('prompt = "x"\n\ncron = "0 99 * * *"\n')
    listed = place.run("schedule", "list").out
    assert "offered by the project: nightly (NOT TRUSTED" in listed
    assert place.run("schedule", "add", "--from=nightly").code == 1
    assert place.run("trust", "yes").code == 0
    wrong = place.run("schedule", "add", "--from=wrong")
    assert f"{folder}/wrong.toml:3: '99' is wrong for the hour" in wrong.err
    assert (
        f"{folder}/wide.toml:2: a project's schedule may not say approval"
        in place.run("schedule", "add", "--from=wide").err
    )
    assert add(place, "--from=nightly")["prompt"] == "Look around."
    assert place.run("schedule", "run", "nightly").code == 0
    (folder / "nightly.md").write_text("---\ncron: 0 3 * * *\n---\nSomething else.\n")
    refused = place.run("schedule", "run", "nightly")
    assert refused.code == 3
    assert "is not trusted as it is now" in refused.out
    assert place.run("trust", "yes").code == 0
    assert "has changed; remove the schedule" in place.run("schedule", "run", "nightly").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--cron=0 9 * * 8", "x"], "--cron: '8' is wrong for the day of the week"),
        (["--every=5s", "x"], "--every: every 5s is too often"),
        (["--at=2020-01-01", "x"], "--at: '2020-01-01' is past"),
        (["--every=1h"], "PROMPT: there is no prompt"),
        (["x"], "it does not say when"),
        (["--every=1h", "--cron=@daily", "x"], "it says cron and every"),
        (["--every=1h", "--zone=Mars/Base", "x"], "--zone: there is no time zone"),
        (["--every=1h", "--name=../up", "x"], "--name: '../up' is no name"),
        (["--every=1h", "--folder=/nowhere", "x"], "--folder: there is no folder"),
        (["--every=1h", "--grace=soon", "x"], "--grace: 'soon' is no length"),
        (["--every=1h", "--max-cost=-1", "x"], "--max-cost: max_cost: input should be greater than 0"),
        (["--cron=0 0 1 1 *", "--ends=in 1h", "x"], "it would never run"),
    ],
)
def test_what_is_wrong_is_said_with_its_flag(place: Place, words: list[str], says: str) -> None:
    done = place.run("schedule", "add", *words)
    assert done.code == 3
    assert says in done.err


def test_a_command_of_the_model_makes_no_standing_work(place: Place) -> None:
    for words in (["add", "--every=1h", "x"], ["daemon"], ["run", "x"], ["resume", "x"]):
        done = place.run("schedule", *words, CASS="1")
        assert done.code == 3
        assert "goes on without you" in done.err


def test_it_is_shown_before_and_after(place: Place) -> None:
    dry = place.run("schedule", "add", "--dry-run", "--cron=30 2 * * *", "--zone=Europe/Berlin", "--name=n", "look")
    assert dry.out.count("next ") == 3
    assert place.run("schedule", "list", "--json").json == []
    add(place, "--every=2h", "--name=n", "look")
    assert "every 2h" in place.run("schedule", "list").out
    assert place.run("schedule", "pause", "n").code == 0
    assert "paused" in place.run("schedule", "list").out
    assert "goes on" in place.run("schedule", "resume", "n").out
    assert "Nothing runs schedules now" in place.run("schedule", "check").out
    assert place.run("schedule", "remove", "n").code == 0
    assert "there is no schedule 'n'" in place.run("schedule", "show", "n").err
    assert "2026" in place.run("schedule", "check", "0 9 * * 1-5", "-n", "2").out


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("systemd", ".config/systemd/user/cass-schedules.service"),
        ("launchd", "Library/LaunchAgents/dev.cass.schedules.plist"),
        ("windows", "cass-schedules.xml"),
    ],
)
def test_units_are_shown_first_and_written_when_asked(place: Place, system: str, name: str) -> None:
    shown = place.run("schedule", "install", f"--system={system}")
    assert "Not written" in shown.out
    path = place.home / name
    assert not path.exists()
    assert place.run("schedule", "install", f"--system={system}", "--write").code == 0
    text = path.read_text()
    assert "daemon" in text
    if system != "systemd":
        from xml.etree import ElementTree

        ElementTree.fromstring(text)
    path.write_text("mine")
    refused = place.run("schedule", "install", f"--system={system}", "--write")
    assert refused.code == 3
    assert path.read_text() == "mine"
