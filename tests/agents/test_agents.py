"""Sub-agents as a session's model and its user meet them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.custom import FindingsUpdate
from cass.protocol.events import AgentMessage, ToolCallUpdate
from cass.protocol.messages import Text
from cass.protocol.reaching import AgentUpdate
from support.house import House, RecordingClient, ask, call, no, yes


def calls(*given: tuple[str, dict[str, object]]) -> dict[str, object]:
    """A step that makes several calls in one answer."""
    return {"tool_calls": [{"name": name, "arguments": arguments} for name, arguments in given]}


def results(client: RecordingClient, name: str = "task") -> list[str]:
    """What the model read of calls of one tool."""
    found = [e for e in client.of(ToolCallUpdate) if e.name == name and e.result is not None]
    return ["".join(block.text for block in e.result if isinstance(block, Text)) for e in found]


def task(prompt: str, **more: object) -> tuple[str, dict[str, object]]:
    return "task", {"description": prompt[:20], "prompt": prompt, **more}


def scripted(house: House, config: str = "", **scripts: list[object]) -> list[str]:
    """Models for sub-agents by name; the user's settings allow them."""
    models = [house.model(steps, name) for name, steps in scripts.items()]
    house.home.mkdir(exist_ok=True)
    top = "\n".join(line for line in config.splitlines() if line.startswith("!"))
    (house.home / "config.toml").write_text(
        top.replace("!", "")
        + f"\n[agents]\nmodels = {json.dumps(models)}\n"
        + "\n".join(line for line in config.splitlines() if not line.startswith("!"))
    )
    return models


async def test_a_task_comes_back_with_the_last_answer_and_what_it_used(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (house.project / "a.txt").write_text("the answer is 42\n")
    (one,) = scripted(
        house,
        one=[
            {**call("read_file", path="a.txt"), "usage": {"input": 100, "output": 10, "cost": 0.01}},
            {"text": "It is 42.", "usage": {"input": 120, "output": 5, "cost": 0.02}},
        ],
    )
    session = house.open(client, [calls(task("Find the answer", profile="explore", model=one)), {"text": "Told."}])
    end = await ask(session, "What is it?")
    assert end.stop_reason == "end_turn"
    (said,) = results(client)
    assert said.startswith("[explore-1 is done; 2 requests, 235 tokens, $0.0300]") and said.endswith("It is 42.")
    states = [(e.name, e.state) for e in client.of(AgentUpdate) if not e.activity]
    assert states == [("explore-1", "running"), ("explore-1", "done")]
    assert any("a.txt" in e.activity for e in client.of(AgentUpdate))
    assert session.total.cost == pytest.approx(0.03)


async def test_eight_at_once_ask_by_name_and_none_waits_for_ever(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    scripts = {f"m{n}": [call("shell", command=f"echo {n} > out-{n}"), {"text": f"Done {n}."}] for n in range(8)}
    models = scripted(house, "at_once = 3", **scripts)
    steps = [calls(*[task(f"Write {n}", model=model) for n, model in enumerate(models)]), {"text": "All."}]
    session = house.open(client, steps)
    assert (await ask(session, "Go")).stop_reason == "end_turn"
    assert sorted(path.name for path in house.project.glob("out-*")) == [f"out-{n}" for n in range(8)]
    assert {a.title.split("]")[0] for a in client.asks} == {f"[general-{n}" for n in range(1, 9)}
    assert {e.name for e in client.of(AgentUpdate) if e.state == "waiting"} and session.state == "idle"
    told = {
        b.id: b.arguments["prompt"] for e in client.of(AgentMessage) for b in e.content if b.type == "tool_call"
    }
    ends = [e for e in client.of(ToolCallUpdate) if e.name == "task" and e.result]
    assert len(ends) == 8
    for end in ends:  # each answer came back to the call that asked for it
        assert end.result[0].text.endswith(str(told[end.tool_call_id]).replace("Write", "Done") + ".")


def git(house: House, *words: str | Path) -> str:
    """What git says in the project."""
    done = subprocess.run(["git", *words], cwd=house.project, capture_output=True, text=True, check=True)
    return done.stdout


def repository(house: House) -> None:
    """The project as a repository with two files."""
    for words in (["init", "-q", "-b", "main"], ["config", "user.email", "a@b"], ["config", "user.name", "A"]):
        git(house, *words)
    (house.project / "a.txt").write_text("".join(f"line {n}\n" for n in range(1, 10)))
    (house.project / "b.txt").write_text("b\n")
    git(house, "add", "-A")
    git(house, "commit", "-qm", "first")


def edits(*pairs: tuple[str, str], path: str = "a.txt") -> list[object]:
    steps = [call("edit_file", path=path, old_string=old, new_string=new) for old, new in pairs]
    return [call("read_file", path=path), *steps, {"text": "Changed."}]


async def test_two_apart_that_collide_both_come_to_a_clear_end(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    repository(house)
    (house.project / "new.txt").write_text("not committed\n")
    models = scripted(
        house,
        one=[
            call("shell", command="cat new.txt && git status --short && git checkout -q -b mine && touch extra"),
            *edits(("line 2", "two A"), ("line 8", "eight A")),
        ],
        two=edits(("line 2", "two B"), ("line 5", "five B")),
    )
    steps = [calls(*[task(m, model=m, isolation="worktree") for m in models]), {"text": "Both."}]
    session = house.open(client, steps, options={"approval": "auto"})
    assert (await ask(session, "Go")).stop_reason == "end_turn"
    text = (house.project / "a.txt").read_text()
    assert "eight A" in text and "five B" in text and ("two A" in text) != ("two B" in text)
    assert len(client.asks) == 1 and "in place of what was changed there meanwhile" in client.asks[0].title
    hunk = client.asks[0].proposal.files[0].hunks[0]
    assert len(client.asks[0].proposal.files[0].hunks) == 1 and "two" in hunk.old_text and "two" in hunk.new_text
    assert (house.project / "extra").exists()
    assert git(house, "branch", "-a").split() == ["*", "main"]
    left = house.app.places.data / "worktrees"
    assert not list(left.iterdir())


async def test_what_nobody_wants_of_a_copy_is_kept_as_a_patch(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(decide=no)
    repository(house)
    (one,) = scripted(house, "!approval = 'ask'", one=edits(("line 2", "two A")))
    session = house.open(client, [calls(task("x", model=one, isolation="worktree")), {"text": "."}])

    def answer(ask: Any) -> Any:
        return no(ask) if "Changes of" in ask.title else yes(ask)

    client.decide = answer
    await ask(session, "Go")
    (said,) = results(client)
    assert "refused" in said and "patch" in said
    patch = said.rpartition("kept as a patch in ")[2].rstrip(".\n")
    git(house, "apply", patch)
    assert "two A" in (house.project / "a.txt").read_text()


async def test_a_review_reports_its_findings_to_the_session_s_own_client(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (house.project / "a.py").write_text("x = 1\n")
    found = {"path": "a.py", "line": 1, "message": "x says nothing"}
    (one,) = scripted(
        house,
        one=[
            call("report_findings", findings=[found]),
            call("write_file", path="b", content="b"),
            {"text": "One."},
        ],
    )
    session = house.open(client, [calls(task("x", profile="review", model=one)), {"text": "."}])
    await ask(session, "Go")
    assert [f.message for e in client.of(FindingsUpdate) for f in e.findings] == ["x says nothing"]
    assert not (house.project / "b").exists()


async def test_a_long_answer_is_cut_and_kept_whole(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (one,) = scripted(house, one=[{"text": "word " * 20_000}])
    session = house.open(client, [calls(task("x", model=one)), {"text": "."}])
    await ask(session, "Go")
    (said,) = results(client)
    assert len(said) < 15_000
    path = said.partition("all of it is in ")[2].partition(" ...]")[0]
    assert len(Path(path).read_text()) > 99_000
