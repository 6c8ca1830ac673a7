"""How the model and the user look at sub-agents, tell them things, take what they did; and profiles with all their keys."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from agents.test_agents import calls, edits, repository, results, scripted, task
from cass.protocol.events import Notice, UserMessage
from cass.protocol.reaching import AgentUpdate
from support.house import House, RecordingClient, ask, call, prompt

WAITS = call("shell", command="until test -e go; do sleep 0.05; done")


async def test_the_model_waits_for_tells_and_stops_those_in_the_background(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    one, two = scripted(
        house, one=[WAITS, {"text": "One."}], two=[call("shell", command="sleep 64"), {"text": "."}]
    )
    begun = [task(m, model=m, background=True) for m in (one, two)]
    steps = [
        calls(*begun),
        call("shell", command="sleep 1"),
        call("task_result", agent="general-1", wait=0),
        call("task_result", agent="general-1", action="tell", words="Hurry up."),
        call("task_result", agent="general-2", action="stop"),
        call("task_result", agent="general-9"),
        call("task_result", agent="general-1", action="tell"),
        call("shell", command="touch go"),
        call("task_result", agent="general-1"),
        call("task_result", agent="general-2", action="tell", words="too late"),
        {"text": "."},
    ]
    session = house.open(client, steps, options={"approval": "auto"})
    assert (await ask(session, "Go")).stop_reason == "end_turn"
    waits, told, stopped, nobody, empty, done, late = results(client, "task_result")
    assert waits.startswith("[general-1 still works, last: until test") and "reads it" in told
    assert stopped.startswith("general-2 was stopped.") and "no sub-agent 'general-9'" in nobody
    assert empty == "words are missing." and done.endswith("One.") and "does not work now" in late
    assert not [
        e for e in client.of(UserMessage) if e.source == "agent" and "general-1 is done" in e.content[0].text
    ]
    await session.close()


async def test_the_user_looks_at_one_and_takes_what_it_changed(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    repository(house)
    (one,) = scripted(house, one=edits(("line 2", "zwei")))
    steps = [calls(task("x", model=one, isolation="worktree", background=True)), {"text": "."}]
    session = house.open(client, steps, options={"approval": "auto"})
    await ask(session, "Go")
    async with asyncio.timeout(20):
        await session.agents.find("general-1").over.wait()
    for line in ("/agents show general-1", "/agents profiles", "/agents", "/agents take general-1"):
        assert (await ask(session, line)).stop_reason == "end_turn"
    said = "\n".join(e.text for e in client.of(Notice))
    assert "Asked:" in said and "`explore` (builtin)" in said and "✓ general-1" in said
    assert "zwei" in (house.project / "a.txt").read_text()
    again = await ask(session, "/agents take general-1")
    assert again.error and "no changes that wait" in again.error.message
    assert "no way to use" in (await ask(session, "/agents what")).error.message
    assert [u.name for u in session.agents.updates()] == ["general-1"]


async def test_a_profile_has_its_model_skills_hooks_and_limits(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (own,) = scripted(house, own=[call("shell", command="touch a"), call("read_file", path="x"), {"text": "."}])
    skill = house.home / "skills" / "tidy" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: tidy\ndescription: Tidies.\n---\nPut things back.\n")
    head = {
        "description": "Tidies up.",
        "model": own,
        "effort": "low",
        "tools": ["shell", "read_file"],
        "disallowed-tools": "web_fetch",
        "max-turns": 2,
        "mode": "ask",
        "skills": ["tidy", "lost"],
        "hooks": {"PreToolUse": [{"matcher": "shell", "hooks": [{"command": "echo not here >&2; exit 2"}]}]},
    }
    path = house.home / "agents" / "tidier.md"
    path.parent.mkdir()
    path.write_text(
        f"---\n{json.dumps(head)[1:-1]}\n---\nBe tidy.\n".replace("---\n", "---\n{", 1).replace(
            "\n---", "}\n---", 1
        )
    )
    session = house.open(client, [calls(task("x", profile="tidier")), {"text": "."}], options={"approval": "auto"})
    prompts: list[str] = []
    turn = prompt(session, "Go")
    async with asyncio.timeout(20):
        while session.state != "idle" or not prompts:
            prompts += [child.system_prompt() for child in session.agents.children.values() if child.agents.me]
            await asyncio.sleep(0)
    await session.work.finished(turn)
    assert "Be tidy." in prompts[-1] and "Put things back." in prompts[-1] and "could not be loaded" in prompts[-1]
    (said,) = results(client)
    assert said.startswith("[tidier-1 did not finish: The turn reached its limit of 2 requests")
    assert not (house.project / "a").exists()
    assert [e.state for e in client.of(AgentUpdate)][-1] == "failed"
