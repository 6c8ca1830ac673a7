"""What holds sub-agents back: the mode, the rules, the budgets, the caps, and the user who stops them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agents.test_agents import calls, repository, results, scripted, task
from cass.protocol.events import Notice, ToolCallUpdate, UserMessage
from cass.protocol.methods import Rules
from cass.protocol.reaching import AgentUpdate
from support.house import House, RecordingClient, ask, call, prompt


async def until(client: RecordingClient, count: int, state: str) -> None:
    """Wait until so many sub-agents stand so."""
    async with asyncio.timeout(20):
        while len({e.name for e in client.of(AgentUpdate) if e.state == state}) < count:
            await asyncio.sleep(0.01)


async def test_cancelling_ends_all_in_time_whatever_they_do(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(hold=True)
    models = scripted(
        house,
        "at_once = 5",
        asks=[call("write_file", path="x", content="x"), {"text": "."}],
        asks_also=[call("write_file", path="z", content="x"), {"text": "."}],
        asks_too=[call("shell", command="touch y"), {"text": "."}],
        waits=[call("shell", command="sleep 61"), {"text": "."}],
        nested=[calls(task("deeper", model="MODEL")), {"text": "."}],
        later=[call("shell", command="sleep 61"), {"text": "."}],
        queued=[call("shell", command="sleep 61"), {"text": "."}],
    )
    (house.scripts / "nested.json").write_text(
        (house.scripts / "nested.json").read_text().replace("MODEL", models[3])
    )
    house.environ["CASS_PERMISSIONS__ALLOW"] = '["shell(sleep 61)"]'
    house.restart()
    steps = [calls(*[task("x", model=models[n]) for n in (0, 1, 2, 3, 4, 5, 6)]), {"text": "."}]
    session = house.open(client, steps)
    turn = prompt(session, "Go")
    await until(client, 1, "requires_action")
    await until(client, 5, "running")
    session.work.cancel()
    async with asyncio.timeout(3):
        end = await session.work.finished(turn)
    assert end.stop_reason == "cancelled" and not session.agents.children and not session.agents.working
    last = {e.name: e.state for e in client.of(AgentUpdate)}
    assert set(last.values()) == {"cancelled"}, last
    await session.close()


async def test_plan_mode_and_rules_hold_in_every_child(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (house.project / "a.txt").write_text("one\n")
    (house.project / "secret.txt").write_text("hidden\n")
    inner = [
        call("shell", command="touch made"),
        call("write_file", path="a.txt", content="two\n"),
        call("read_file", path="secret.txt"),
        {"text": "Done."},
    ]
    models = scripted(house, inner=inner, apart=inner, outer=[calls(task("x", model="MODEL")), {"text": "Outer."}])
    outer = house.scripts / "outer.json"
    outer.write_text(outer.read_text().replace("MODEL", models[0]))
    steps = [calls(task("x", model=models[2]), task("y", model=models[1], isolation="worktree")), {"text": "."}]
    rules = Rules(deny=("read_file(secret.txt)",), allow=("shell(touch*)",))
    session = house.open(client, steps, rules=rules, options={"approval": "auto"})
    session.set_option("mode", "plan")
    assert (await ask(session, "Go")).stop_reason == "end_turn"
    assert not (house.project / "made").exists() and (house.project / "a.txt").read_text() == "one\n"
    stored = house.app.library.house.store
    for kept in stored.list(None):
        for event in stored.read(kept.header.session_id)[1]:
            if isinstance(event, ToolCallUpdate) and event.result and event.name in ("shell", "read_file"):
                assert event.result[0].text.startswith("Not permitted"), event
    assert session.stream.state.pending_proposals()  # kept for the user, who can apply it later
    await ask(session, "/apply")
    assert (house.project / "a.txt").read_text() == "two\n"


async def test_rules_about_whole_paths_mean_the_copy_too_and_bound_what_it_offers(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    repository(house)
    (one,) = scripted(
        house,
        one=[
            call("read_file", path="b.txt"),
            call("shell", command="echo changed > a.txt; echo changed > kept.txt"),
            {"text": "Done."},
        ],
    )
    top = house.project.resolve()
    rules = Rules(deny=(f"read_file({top}/b.txt)", "edit_file(a.txt)"))
    steps = [calls(task("x", model=one, isolation="worktree")), {"text": "."}]
    session = house.open(client, steps, rules=rules, options={"approval": "auto"})
    await ask(session, "Go")
    child = next(e.agent_id for e in client.of(AgentUpdate))
    read = [e for e in house.app.library.house.store.read(child)[1] if isinstance(e, ToolCallUpdate) and e.result]
    assert read[0].result[0].text.startswith("Not permitted")
    assert (house.project / "kept.txt").exists() and "line 2" in (house.project / "a.txt").read_text()
    assert "Not permitted: a.txt" in results(client)[0] and "kept as a patch" in results(client)[0]


async def test_the_turn_s_budget_counts_those_that_work_for_it(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (house.project / "a.txt").write_text("one\n")
    greedy = [
        {**call("read_file", path="a.txt", offset=n + 1), "usage": {"input": 400, "output": 1}} for n in range(20)
    ]
    models = scripted(house, "!limits.tokens = 2000", one=greedy, two=greedy)
    steps = [calls(*[task("x", model=m) for m in models]), {"text": "never said"}]
    session = house.open(client, steps)
    end = await ask(session, "Go")
    assert end.stop_reason == "max_turn_requests" and "limits.tokens" in end.error.message
    assert all("did not finish" in text for text in results(client))
    assert session.total.input + session.total.output < 4_000


async def test_depth_number_and_one_turn_s_cost_are_capped(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    spends = [{"text": "Spent.", "usage": {"input": 1, "output": 1, "cost": 0.5}}]
    models = scripted(
        house,
        "per_session = 4\ncost = 0.4\nat_once = 1",
        deep=[calls(task("y", model="MODEL")), {"text": "Deep."}],
        deeper=[call("task", prompt="z"), {"text": "Deeper."}],
        spends=spends,
        last=[{"text": "Last."}],
    )
    deep = house.scripts / "deep.json"
    deep.write_text(deep.read_text().replace("MODEL", models[1]))
    steps = [
        calls(task("x", model=models[0])),
        calls(task("s", model=models[2])),
        calls(task("t")),
        {"text": "."},
        calls(task("u", model=models[3])),
        calls(task("v")),
        {"text": "."},
    ]
    session = house.open(client, steps)
    await ask(session, "Go")
    first, second, third = results(client)
    assert first.endswith("Deep.") and "is done" in second and "budget is used up" in third
    await ask(session, "Again")
    assert results(client)[-2].endswith("Last.") and "per_session" in results(client)[-1]


async def test_one_in_the_background_outlives_the_turn_and_is_told(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    models = scripted(
        house, slow=[call("shell", command="until test -e go; do sleep 0.05; done"), {"text": "Slow."}]
    )
    steps = [calls(task("x", model=models[0], background=True)), {"text": "Begun."}, {"text": "Heard."}]
    session = house.open(client, steps, options={"approval": "auto"})
    assert (await ask(session, "Go")).stop_reason == "end_turn" and session.state == "idle"
    assert results(client) == [
        "general-1 works in the background. You are told when it is done; task_result waits for it, tells it something "
        "or stops it."
    ]
    (house.project / "go").touch()
    async with asyncio.timeout(10):
        while not [e for e in client.of(UserMessage) if e.source == "agent"]:
            await asyncio.sleep(0.01)
    assert session.state == "idle"  # nobody's words begin a turn
    await ask(session, "And?")
    told = [m.text for m in session.messages if m.role == "user"]
    assert any("general-1 is done" in text and "Slow." in text for text in told)


async def test_the_user_looks_tells_and_stops_while_the_turn_runs(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    models = scripted(
        house,
        told=[call("shell", command="until test -e go; do sleep 0.05; done"), {"text": "Told."}],
        stopped=[call("shell", command="sleep 62"), {"text": "."}],
    )
    steps = [calls(*[task(f"t{n}", model=m) for n, m in enumerate(models)]), {"text": "."}]
    session = house.open(client, steps, options={"approval": "auto"})
    turn = prompt(session, "Go")
    await until(client, 2, "running")
    assert prompt(session, "/agents") == turn == prompt(session, "/agents tell general-1 Mind the gap")
    prompt(session, "/agents stop general-2")
    prompt(session, "/agents stop nobody")
    await until(client, 1, "cancelled")
    (house.project / "go").touch()
    assert (await session.work.finished(turn)).stop_reason == "end_turn"
    said = [e.text for e in client.of(Notice)]
    assert any("general-1: t0" in text for text in said) and any("no sub-agent 'nobody'" in text for text in said)
    assert "you stopped it" in "".join(results(client))
    store = house.app.library.house.store
    one = next(e.agent_id for e in client.of(AgentUpdate) if e.name == "general-1")
    assert "Mind the gap" in "".join(event.wire_json() for event in store.read(one)[1])
