"""kill -9 in the middle of a command of several steps: what was done is not done again, and the run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.server import Message, ServerProcess, running, script

STEPS = """---
parameters: {word: string}
steps:
  - {id: one, run: "echo one {{word}} >> log"}
  - id: both
    parallel:
      - {id: left, run: "echo left >> log"}
      - {id: right, prompt: "Say right"}
  - id: each
    for_each: [a, b, c]
    run: echo {{item}} >> log
  - {id: last, run: "echo last {{steps.right.text}} >> log"}
---
"""


def begin(server: ServerProcess, project: Path, model: str) -> str:
    server.initialize(permission=True)
    new = {
        "cwd": str(project),
        "trust": "yes",
        "configOptions": {"model": model, "approval": "auto"},
    }
    return str(server.call("cass/session/new", new)["sessionId"])


def said(server: ServerProcess, session: str, text: str) -> Message:
    prompt = {"sessionId": session, "prompt": [{"type": "text", "text": text}]}
    server.call("cass/session/prompt", prompt)
    return server.update("state_update", state="idle")


@pytest.mark.parametrize(
    ("step", "state"),
    [
        ("one", "running"),
        ("one", "done"),
        ("both", "running"),
        ("both/left", "done"),
        ("both", "done"),
        ("each[0]", "done"),
        ("each[1]", "done"),
        ("last", "running"),
    ],
)
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, step: str, state: str) -> None:
    project = tmp_path / "project"
    (project / ".cass" / "commands").mkdir(parents=True)
    (project / ".cass" / "commands" / "run.md").write_text(STEPS)
    model = script(tmp_path / "script.json", {"text": "right"}, {"text": "right"})
    with running(tmp_path / "home") as server:
        session = begin(server, project, model)
        prompt = {"sessionId": session, "prompt": [{"type": "text", "text": "/run word='$(touch pwned)'"}]}
        server.call("cass/session/prompt", prompt)
        server.update("_step_update", step=step, state=state)
        server.process.kill()
        server.process.wait()
    with running(tmp_path / "home") as server:
        server.initialize(permission=True)
        server.call("cass/session/resume", {"sessionId": session, "trust": "yes"})
        told = [str(update.get("text")) for _, update in server.updates(session)]
        assert any("was cut off" in text and "/resume-run" in text for text in told), told
        end = said(server, session, "/resume-run")
        assert end["stopReason"] == "end_turn", end
    lines = (project / "log").read_text().splitlines()
    # What had begun when it died may have been done once before.
    assert next(iter(dict.fromkeys(lines))) == "one $(touch pwned)"
    assert set(lines) == {"one $(touch pwned)", "left", "a", "b", "c", "last right"}
    assert len(lines) - len(set(lines)) <= 1
    assert lines.count("last right") == 1 or step == "last"
    if state == "done" and step in ("one", "both", "each[0]", "each[1]"):
        assert lines.count("one $(touch pwned)") == 1
    assert not (project / "pwned").exists()
