"""The benchmark runs and says something about everything that it is there for. How fast is not asserted here."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "run.py"

WANTED = {
    "servers": [
        "spawn to the first request with 6 servers that never answer",
        "CPU to the first request with 6 servers that never answer",
        "spawn to the first request with 60 tools of servers",
        "CPU to the first request with 60 tools of servers",
        "tokens that 60 tools add, characters / 4",
    ],
    "brought": [
        "spawn to the first request with 30 skills and 40 commands",
        "CPU to the first request with 30 skills and 40 commands",
        "tokens that they add, characters / 4",
    ],
    "start": [
        "cass --version, CPU",
        "cass --version, wall",
        "cass -p, CPU to the first request",
        "cass -p, CPU to the exit",
        "cass -p, spawn to the first request",
        "cass -p, spawn to the exit",
        "first request, bytes",
        "first request, characters / 4",
        "memory of the client (PSS)",
        "memory of the server (PSS)",
        "memory of both in a turn (PSS)",
    ],
    "steps": [
        "step with read_file, at step 1",
        "step with read_file, at step 50",
        "step with read_file, at step 200",
        "size of the last request",
        "step with shell",
        "step with grep in the standard library",
        "5 MB of output: the next request",
        "5 MB of output: the whole run",
        "5 MB of output: the step",
        "100 MB in one line: the step",
    ],
    "inside": [
        "pieces of an answer through the server",
        "updates of a loaded session to its client",
        "100 MB in one line: another request, longest",
        "100 MB in one line: another request, median",
        "journal, one event, median",
        "journal, one event, 99 of 100",
    ],
    "many": [
        "50 sessions: the list, without an index",
        "50 sessions: the first search, which makes the index",
        "50 sessions: the list",
        "50 sessions: the list of one folder",
        "50 sessions: a search for a word of every session",
        "50 sessions: a search for two words",
        "50 sessions: journals",
        "50 sessions: the index",
        "50 sessions: memory of the server after all that (PSS)",
        "a session of 500 events opens",
        "its journal",
        "it is replayed to a client",
    ],
    "editor": [
        "an editor's initialize, from the spawn",
        "a key in a document of 20,000 lines, CPU of the server",
        "step with edit_file, closed file",
        "step with edit_file, open buffer, saved",
        "step with edit_file, closed file, 200 files known",
    ],
    "checkpoints": [
        "first checkpoint of 800,000 lines",
        "checkpoint, nothing changed",
        "checkpoint, one file changed",
        "checkpoint, nothing changed, new process",
        "step with shell, 20 files",
    ],
}


@pytest.mark.parametrize("subject", WANTED)
@pytest.mark.skipif(sys.platform != "linux", reason="the benchmark reads Linux's /proc")
def test_every_measure_gives_a_number(subject: str, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    done = subprocess.run(
        [sys.executable, str(RUN), "--quick", "--json", str(found), subject],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = {row["name"]: row for row in json.loads(found.read_text())}
    for name in WANTED[subject]:
        assert math.isfinite(rows[name]["value"]), name
        assert rows[name]["value"] > 0, name
        assert name in done.stdout
    for row in rows.values():
        assert row["floor"] is None or row["floor"] > 0, row["name"]


def test_an_unknown_subject_is_refused_by_name() -> None:
    done = subprocess.run([sys.executable, str(RUN), "weather"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "weather" in done.stderr
    assert "start, steps, inside, editor, long, checkpoints, many" in done.stderr
