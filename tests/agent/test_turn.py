"""Turns from the user's words to the last answer, with real tools on real files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cass.protocol.asking import PermissionOutcome, RequestPermissionParams
from cass.protocol.edits import HunkDecision
from cass.protocol.events import (
    AgentMessage,
    AgentMessageChunk,
    EditUpdate,
    Notice,
    PermissionGranted,
    PlanUpdate,
    StateUpdate,
    ToolCallUpdate,
    UserMessage,
)
from cass.protocol.messages import ToolResult
from cass.protocol.methods import Rules
from support.house import House, RecordingClient, ask, call, no, prompt


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.app.close()


def _results(client: RecordingClient) -> list[tuple[str, str]]:
    return [
        (e.status, "".join(b.text for b in e.result))
        for e in client.of(ToolCallUpdate)
        if e.status in ("completed", "failed", "cancelled") and e.result is not None
    ]


async def test_read_edit_run_answer(house: House) -> None:
    (house.project / "a.py").write_bytes(b"x = 1\r\ny = 2\r\n")
    client = RecordingClient()
    session = house.open(
        client,
        [
            call("read_file", path="a.py"),
            call("edit_file", path="a.py", old_string="x = 1", new_string="x = 3"),
            call("shell", command="cat a.py"),
            {"text": "x is **3** now."},
        ],
    )
    end = await ask(session, "set x to 3")
    assert end.stop_reason == "end_turn"
    assert (house.project / "a.py").read_bytes() == b"x = 3\r\ny = 2\r\n"
    assert [status for status, _ in _results(client)] == ["completed"] * 3
    assert "x = 3" in _results(client)[2][1]
    assert client.of(AgentMessage)[-1].content[0].text == "x is **3** now."
    assert "".join(c.content.text for c in client.of(AgentMessageChunk)) == "x is **3** now."
    assert [a.subject.type for a in client.asks] == ["edit", "command"]
    assert client.seqs == list(range(1, len(client.seqs) + 1))
    assert [e.state for e in client.of(EditUpdate)] == ["proposed", "applied"]


async def test_exactly_one_idle_ends_a_turn_and_nothing_follows(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), {"text": "ok"}])
    turn_id = prompt(session, "look")
    await session.work.finished(turn_id)
    idle = [i for i, e in enumerate(client.events) if isinstance(e, StateUpdate) and e.state == "idle"]
    assert len(idle) == 1
    assert idle[0] == len(client.events) - 1


async def test_a_refusal_reaches_the_model_with_its_reason(house: House) -> None:
    client = RecordingClient(decide=no)
    session = house.open(
        client, [call("write_file", path="n", content="x"), {"text": "I see.", "expect": "not like this"}]
    )
    end = await ask(session, "write")
    assert end.stop_reason == "end_turn", end
    assert not (house.project / "n").exists()
    assert client.of(EditUpdate)[-1].state == "rejected"


async def test_hunks_are_decided_one_by_one_and_the_model_learns_the_verdict(house: House) -> None:
    (house.project / "a").write_text("".join(f"line {n}\n" for n in range(30)))

    def decide(ask: RequestPermissionParams) -> PermissionOutcome:
        assert ask.proposal
        first, second, third = ask.proposal.files[0].hunks
        return PermissionOutcome(
            outcome="selected",
            option_id="allow_once",
            hunks=(
                HunkDecision(hunk_id=first.hunk_id, decision="accept"),
                HunkDecision(hunk_id=second.hunk_id, decision="reject", reason="keep fifteen"),
                HunkDecision(hunk_id=third.hunk_id, decision="amend", text="LAST\n"),
            ),
        )

    new = "".join({1: "one\n", 15: "fifteen\n", 28: "last\n"}.get(n, f"line {n}\n") for n in range(30))
    client = RecordingClient(decide=decide)
    session = house.open(
        client, [call("write_file", path="a", content=new), {"text": "ok", "expect": "keep fifteen"}]
    )
    end = await ask(session, "change")
    assert end.stop_reason == "end_turn", end
    text = (house.project / "a").read_text()
    assert "one\n" in text
    assert "line 15\n" in text
    assert "LAST\n" in text
    assert "line 28\n" not in text


async def test_refusing_every_hunk_is_a_refusal(house: House) -> None:
    def decide(ask: RequestPermissionParams) -> PermissionOutcome:
        assert ask.proposal
        hunks = tuple(
            HunkDecision(hunk_id=h.hunk_id, decision="reject") for f in ask.proposal.files for h in f.hunks
        )
        return PermissionOutcome(outcome="selected", option_id="allow_once", hunks=hunks)

    client = RecordingClient(decide=decide)
    session = house.open(client, [call("write_file", path="n", content="x"), {"text": "ok"}])
    await ask(session, "write")
    assert not (house.project / "n").exists()
    assert _results(client)[0][0] == "failed"


@pytest.mark.parametrize(
    "outcome",
    [
        PermissionOutcome(outcome="cancelled"),
        PermissionOutcome(outcome="selected", option_id="no-such-option"),
        PermissionOutcome(outcome="selected"),
        PermissionOutcome(outcome="selected", option_id="allow_always"),
    ],
)
async def test_anything_but_a_clear_yes_is_a_no(house: House, outcome: PermissionOutcome) -> None:
    client = RecordingClient(decide=lambda ask: outcome)
    session = house.open(client, [call("shell", command="touch x; true"), {"text": "ok"}])
    await ask(session, "go")
    assert not (house.project / "x").exists()


async def test_always_holds_for_that_command_in_this_session_and_after(house: House) -> None:
    client = RecordingClient(decide=lambda ask: PermissionOutcome(outcome="selected", option_id="allow_always"))
    steps = [
        call("shell", command="touch a"),
        call("shell", command="touch a"),
        {"text": "1"},
        call("shell", command="touch a"),
        {"text": "2"},
    ]
    session = house.open(client, steps)
    await ask(session, "go")
    assert len(client.asks) == 1
    assert client.of(PermissionGranted)[0].rule == "shell(touch a)"
    house.restart()
    later = RecordingClient(decide=no)
    again = await house.resume(session.session_id, later)
    await ask(again, "again")
    assert later.asks == []


async def test_headless_means_no(house: House) -> None:
    client = RecordingClient(decide=None)
    session = house.open(client, [call("shell", command="touch x"), {"text": "ok", "expect": "nobody is there"}])
    end = await ask(session, "go")
    assert end.stop_reason == "end_turn", end
    assert not (house.project / "x").exists()


async def test_plan_mode_changes_nothing_and_apply_does_it_later(house: House) -> None:
    (house.project / "a").write_text("old\n")
    client = RecordingClient()
    session = house.open(
        client,
        [
            call("edit_file", path="a", old_string="old", new_string="new"),
            call("shell", command="touch x"),
            call("shell", command="cat a"),
            call("read_file", path="a"),
            call("edit_file", path="a", old_string="new", new_string="newer"),
            call("write_file", path="sub/b", content="b\n"),
            {"text": "planned"},
        ],
        options={"mode": "plan", "approval": "auto"},
    )
    assert (await ask(session, "plan it")).stop_reason == "end_turn"
    assert (house.project / "a").read_text() == "old\n"
    assert sorted(p.name for p in house.project.iterdir()) == ["a"]
    statuses = [s for s, _ in _results(client)]
    assert statuses == ["completed", "failed", "completed", "completed", "completed", "completed"]
    assert "new" in _results(client)[3][1]
    house.restart()
    again = await house.resume(session.session_id, client)
    assert (await again.workspace.read(house.project / "a")).text == "newer\n"
    assert (await ask(again, "/apply")).stop_reason == "end_turn"
    assert (house.project / "a").read_text() == "newer\n"
    assert (house.project / "sub" / "b").read_text() == "b\n"
    assert "Nothing" not in client.of(Notice)[-1].text


async def test_a_proposal_on_a_file_that_changed_is_a_conflict_and_writes_nothing(house: House) -> None:
    (house.project / "a").write_text("old\n")
    client = RecordingClient()
    steps = [call("edit_file", path="a", old_string="old", new_string="new"), {"text": "planned"}]
    session = house.open(client, steps, options={"mode": "plan"})
    await ask(session, "plan")
    (house.project / "a").write_text("mine\n")
    await ask(session, "/apply")
    assert (house.project / "a").read_text() == "mine\n"
    assert "conflict" in client.of(Notice)[-1].text


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"tool_calls": [{"name": "no_such", "arguments": {}}]}, "no tool 'no_such'"),
        (call("read_file"), "path"),
        (call("read_file", path=5), "path"),
        (call("read_file", path="missing.txt"), "missing.txt"),
        (call("edit_file", path="a", old_string="zzz", new_string="y"), ""),
    ],
)
async def test_a_wrong_call_is_told_to_the_model(house: House, step: object, said: str) -> None:
    (house.project / "a").write_text("x")
    client = RecordingClient()
    session = house.open(client, [step, {"text": "sorry"}])
    assert (await ask(session, "go")).stop_reason == "end_turn"
    status, text = _results(client)[0]
    assert status == "failed"
    assert said in text


async def test_reads_run_together_and_every_call_has_its_result_in_the_history(house: House) -> None:
    for name in "abc":
        (house.project / name).write_text(name)
    calls = [{"name": "read_file", "arguments": {"path": n}} for n in "abc"]
    calls.insert(1, {"name": "shell", "arguments": {"command": "echo hi"}})
    session = house.open(RecordingClient(), [{"tool_calls": calls}, {"text": "ok"}])
    await ask(session, "read all")
    asked = [c.id for m in session.messages for c in m.tool_calls]
    answered = [b.call_id for m in session.messages for b in m.content if isinstance(b, ToolResult)]
    assert sorted(asked) == sorted(answered)
    assert len(asked) == 4


async def test_cancelling_a_running_command_is_quick_and_leaves_a_whole_history(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [call("shell", command="echo started; sleep 60"), {"text": "next turn works"}])
    turn_id = prompt(session, "wait")
    async with asyncio.timeout(15):
        while not any("started" in str(e) for e in client.events):
            await asyncio.sleep(0.01)
        before = asyncio.get_running_loop().time()
        session.work.cancel()
        end = await session.work.finished(turn_id)
    assert asyncio.get_running_loop().time() - before < 2.5
    assert end.stop_reason == "cancelled"
    assert _results(client)[-1][0] == "cancelled"
    assert (await ask(session, "go on")).stop_reason == "end_turn"


async def test_cancelling_while_asked_withdraws_the_question(house: House) -> None:
    client = RecordingClient(hold=True)
    session = house.open(client, [call("write_file", path="n", content="x"), {"text": "ok"}])
    turn_id = prompt(session, "write")
    async with asyncio.timeout(15):
        await client.waiting.wait()
        assert session.state == "requires_action"
        session.work.cancel(turn_id)
        assert (await session.work.finished(turn_id)).stop_reason == "cancelled"
    assert session.state == "idle"
    assert not (house.project / "n").exists()
    assert client.of(EditUpdate)[-1].state == "rejected"


async def test_what_is_said_meanwhile_steers_the_turn(house: House) -> None:
    client = RecordingClient()
    session = house.open(
        client,
        [
            call("shell", command="until [ -e go ]; do sleep 0.01; done"),
            {"text": "both done", "expect": "and this"},
        ],
    )
    turn_id = prompt(session, "do that")
    async with asyncio.timeout(15):
        await client.waiting.wait()
    steered = prompt(session, "and this", mode="steer")
    assert steered == turn_id
    (house.project / "go").touch()
    end = await session.work.finished(turn_id)
    assert end.stop_reason == "end_turn", end
    assert [m.steering for m in client.of(UserMessage)] == [False, True]


async def test_a_queued_prompt_waits_for_its_turn(house: House) -> None:
    session = house.open(RecordingClient(), [{"text": "one"}, {"text": "two", "expect": "second"}])
    first, second = prompt(session, "first"), prompt(session, "second")
    assert first != second
    assert (await session.work.finished(second)).stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("auth_required", "auth_required"),
        ("context_too_long", "context_too_long"),
        ("provider_unavailable", "provider_unavailable"),
        ("rate_limited", "rate_limited"),
        ("bad_response", "bad_response"),
    ],
)
async def test_a_failing_model_ends_the_turn_and_the_next_prompt_works(
    house: House, kind: str, expected: str
) -> None:
    steps = [call("list_dir", path="."), {"error": {"kind": kind, "message": "it broke"}}]
    session = house.open(RecordingClient(), steps)
    end = await ask(session, "go")
    assert end.stop_reason == "error"
    assert end.error.kind == expected
    assert "it broke" in end.error.message
    session.set_option("model", house.model([{"text": "a"}, {"text": "fine"}], "other"))
    assert (await ask(session, "again")).stop_reason == "end_turn"


async def test_an_answer_cut_at_the_output_limit_is_said(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [{"text": "half an ans", "finish": "length"}])
    assert (await ask(session, "go")).stop_reason == "max_tokens"
    assert "cut" in client.of(Notice)[-1].text


async def test_a_loop_of_identical_calls_is_stopped(house: House) -> None:
    session = house.open(RecordingClient(), [call("list_dir", path=".")] * 10)
    end = await ask(session, "go")
    assert end.error.kind == "limit_reached"
    assert "same call" in end.error.message


async def test_the_limit_on_requests_ends_the_turn(house: House) -> None:
    steps = [call("shell", command=f"echo {n}") for n in range(9)]
    session = house.open(RecordingClient(), steps, max_turns=3)
    end = await ask(session, "go")
    assert (end.stop_reason, end.error.kind) == ("max_turn_requests", "limit_reached")


@pytest.mark.parametrize(
    ("environ", "said"),
    [({"CASS_LIMITS__TOKENS": "1000"}, "tokens"), ({"CASS_LIMITS__SECONDS": "0.3"}, "time limit")],
)
async def test_the_other_limits_end_the_turn(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    house = House(tmp_path, **environ)
    usage = {"usage": {"input": 900, "output": 200}}
    slow = call("shell", command="sleep 0.2; date +%N")
    session = house.open(RecordingClient(), [{**slow, **usage}] * 9)
    end = await ask(session, "go")
    await house.app.close()
    assert end.error.kind == "limit_reached"
    assert said in end.error.message


async def test_todos_and_questions(house: House) -> None:
    client = RecordingClient(answer="blue")
    steps = [
        call("todos", entries=[{"content": "a", "status": "in_progress"}]),
        call("ask_user", question="Which colour?", options=["red", "blue"]),
        {"text": "blue it is", "expect": "blue"},
    ]
    session = house.open(client, steps)
    end = await ask(session, "go")
    assert end.stop_reason == "end_turn", end
    assert client.of(PlanUpdate)[0].entries[0].content == "a"
    assert client.questions[0].message == "Which colour?"


async def test_rules_of_the_session_hold(house: House) -> None:
    client = RecordingClient(decide=None)
    steps = [call("shell", command="echo a"), call("shell", command="touch x"), {"text": "ok"}]
    session = house.open(client, steps, rules=Rules(allow=("shell(echo*)",), deny=("shell(touch*)",)))
    await ask(session, "go")
    assert [s for s, _ in _results(client)] == ["completed", "failed"]
