"""What is left of a session when its process dies at a bad moment, and what its user is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.events import (
    JobUpdate,
    Notice,
    PromptDropped,
    PromptQueued,
    Rewound,
    StateUpdate,
    ToolCallUpdate,
    UserMessage,
)  # fmt: skip
from cass.protocol.messages import Text, ToolResult
from support.house import House, RecordingClient, ask, call, no, prompt, yes

KEYS = (
    "550e8400e29b41d4a716446655440000",
    "a1b2c3d4-e5f6-4711-8899-aabbccddeeff",
    "key-3f9a1c02d4e5f60718293a4b5c6d7e8f",
)
"""As clients make them: they look like secrets, and are none."""

SLOW: dict[str, object] = call("shell", command="sleep 30")


async def reached(client: RecordingClient, kind: type[Any], **fields: object) -> None:
    async with asyncio.timeout(20):
        while not any(all(getattr(e, k) == v for k, v in fields.items()) for e in client.of(kind)):
            await asyncio.sleep(0.005)


def crash(house: House) -> None:
    """As a kill would: what ran is gone without a word, and the next process begins anew."""
    for session in house.app.library.sessions:
        task = session.work._task  # pyright: ignore
        if task:
            task.cancel("crash")
    house.restart()


async def test_words_are_on_disk_before_they_are_taken_and_said_when_they_were_lost(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    session = house.open(client, [SLOW, {"text": "x"}], options={"approval": "auto"})
    first = prompt(session, "first", client_key=KEYS[0])
    await reached(client, ToolCallUpdate, status="in_progress")
    second = prompt(session, "second, please", client_key=KEYS[1], mode="queue")
    third = prompt(session, "meanwhile", client_key=KEYS[2], mode="steer")
    kept = [e for e in session.stream.durable() if isinstance(e, PromptQueued)]
    assert [(e.turn_id, e.client_key, e.steering) for e in kept] == [
        (first, KEYS[0], False), (second, KEYS[1], False), (first, KEYS[2], True),
    ]  # fmt: skip
    assert third == first
    house.restart()
    late = RecordingClient()
    again = await house.resume(session.session_id, late)
    told = "\n".join(n.text for n in late.of(Notice))
    assert "second, please" in told and "meanwhile" in told and "\nfirst" not in told
    assert again.stream.state.waiting == {}
    assert again.state == "idle"
    # The same words again: what had begun is the same turn, what had not is a new one.
    assert prompt(again, "first", client_key=KEYS[0]) == first
    anew = prompt(again, "second, please", client_key=KEYS[1])
    assert anew not in (first, second)
    assert prompt(again, "second, please", client_key=KEYS[1]) == anew
    async with asyncio.timeout(20):
        await again.work.finished(anew)
    assert sum("second, please" in m.text for m in again.messages) == 1
    await again.work.stop()
    await house.app.close()


async def test_a_message_sent_twice_is_one_turn(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    session = house.open(client, [{"text": "a"}, {"text": "b"}])
    turns = {prompt(session, "hi", client_key="same") for _ in range(3)}
    assert len(turns) == 1
    async with asyncio.timeout(20):
        await session.work.finished(turns.pop())
    assert len(client.of(UserMessage)) == 1
    command = prompt(session, "/help", client_key="cmd")
    await asyncio.wait_for(session.work.finished(command), 20)
    assert prompt(session, "/help", client_key="cmd") == command
    assert session.stream.state.waiting == {}
    await house.app.close()


async def test_what_is_cancelled_is_dropped_for_good(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    session = house.open(client, [SLOW, {"text": "x"}], options={"approval": "auto"})
    prompt(session, "first")
    await reached(client, ToolCallUpdate, status="in_progress")
    prompt(session, "second", mode="queue", client_key="k")
    prompt(session, "steer", mode="steer")
    await session.work.stop()
    assert len(client.of(PromptDropped)) == 2
    assert session.stream.state.waiting == {}
    assert "k" not in session.stream.state.client_keys
    await house.app.library.close(session.session_id)
    late = RecordingClient()
    await house.resume(session.session_id, late)
    assert [n for n in late.of(Notice) if "words" in n.text] == []
    await house.app.close()


async def test_words_that_came_too_late_to_steer_begin_a_turn(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    session = house.open(client, [{"text": "a"}, {"text": "b"}])
    first = prompt(session, "one")
    await asyncio.wait_for(session.work.finished(first), 20)
    session.work._steering.append(  # pyright: ignore
        UserMessage(message_id="late", turn_id=first, content=(Text(text="late"),), steering=True)
    )
    second = prompt(session, "two")
    await asyncio.wait_for(session.work.finished(second), 20)
    await reached(client, UserMessage, message_id="late")
    assert session.stream.state.waiting == {}
    await session.work.stop()
    await house.app.close()


@pytest.mark.parametrize("decide", [yes, no])
async def test_an_approval_that_waited_is_asked_again_and_the_turn_goes_on(tmp_path: Path, decide: Any) -> None:
    house, client = House(tmp_path), RecordingClient(hold=True)
    (house.project / "a.txt").write_text("old\n")
    steps = [
        {"tool_calls": [
            {"name": "read_file", "arguments": {"path": "a.txt"}},
            {"name": "write_file", "arguments": {"path": "a.txt", "content": "new\n"}},
        ]},
        {"text": "went on"},
    ]  # fmt: skip
    session = house.open(client, steps)
    turn = prompt(session, "write")
    await asyncio.wait_for(client.waiting.wait(), 20)
    house.restart()
    assert (house.project / "a.txt").read_text() == "old\n"
    late = RecordingClient(decide=decide)
    again = await house.resume(session.session_id, late)
    assert again.state == "running"
    end = await asyncio.wait_for(again.work.finished(turn), 20)
    assert (end.turn_id, end.stop_reason) == (turn, "end_turn")
    assert len(late.asks) == 1
    assert (house.project / "a.txt").read_text() == ("new\n" if decide is yes else "old\n")
    assert "asks again" in "\n".join(n.text for n in late.of(Notice))
    assert again.messages[-1].text == "went on"
    idle = [e for e in again.stream.durable() if isinstance(e, StateUpdate) and e.state == "idle"]
    assert len(idle) == 1
    results = [b for m in again.messages for b in m.content if isinstance(b, ToolResult)]
    assert len(results) == 2
    await house.app.close()


async def test_nothing_is_granted_by_opening_a_session(tmp_path: Path) -> None:
    """Nobody to ask; or rules that would let the call run by now: it is not run because somebody looks."""
    house, client = House(tmp_path), RecordingClient(hold=True)
    session = house.open(client, [call("write_file", path="a.txt", content="x"), {"text": "no"}])
    prompt(session, "write")
    await asyncio.wait_for(client.waiting.wait(), 20)
    for late, options in ((RecordingClient(decide=None), {}), (RecordingClient(), {"approval": "auto"})):
        house.restart()
        again = await house.resume(session.session_id, late, config_options=options)
        async with asyncio.timeout(20):
            while again.state != "idle":
                await asyncio.sleep(0.01)
        assert not (house.project / "a.txt").exists() or late.asks
        break
    results = [b for m in again.messages for b in m.content if isinstance(b, ToolResult)]
    assert "did not run" in results[0].text
    assert late.asks == []
    await house.app.close()


async def test_a_call_that_would_run_unasked_is_not_run_by_opening(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(hold=True)
    steps = [
        {"tool_calls": [
            {"name": "shell", "arguments": {"command": "touch asked"}},
            {"name": "write_file", "arguments": {"path": "unasked.txt", "content": "x"}},
        ]},
        {"text": "ok"},
    ]  # fmt: skip
    session = house.open(client, steps, options={"approval": "edits"})
    turn = prompt(session, "both")
    await asyncio.wait_for(client.waiting.wait(), 20)
    house.restart()
    late = RecordingClient()
    again = await house.resume(session.session_id, late)
    await asyncio.wait_for(again.work.finished(turn), 20)
    assert (house.project / "asked").exists() and not (house.project / "unasked.txt").exists()
    await house.app.close()


async def test_a_question_waits_for_a_client_that_comes_back(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(hold=True)
    session = house.open(client, [call("write_file", path="a.txt", content="x"), {"text": "done"}])
    turn = prompt(session, "write")
    await asyncio.wait_for(client.waiting.wait(), 20)
    session.detach(client)
    back = RecordingClient()
    await house.resume(session.session_id, back)
    end = await asyncio.wait_for(session.work.finished(turn), 20)
    assert end.stop_reason == "end_turn"
    assert len(back.asks) == 1
    assert (house.project / "a.txt").read_text() == "x"
    await house.app.close()


async def test_background_commands_are_accounted_for(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    steps = [
        call("shell", command="echo quick", background=True),
        call("shell", command="echo before; echo pid $$; sleep 300", background=True),
        call("shell_job", job="2", wait=10),
        {"text": "started"},
    ]
    session = house.open(client, steps, options={"approval": "auto"})
    await ask(session, "go")
    await reached(client, JobUpdate, job_id="1", state="exited", exit_code=0)
    running = session.stream.state.jobs["2"]
    assert running.state == "running" and running.output
    assert "before\n" in Path(running.output).read_text()
    house.restart()
    late = RecordingClient()
    again = await house.resume(session.session_id, late)
    more = [call("shell_job", job="2"), call("shell", command="sleep 300", background=True), {"text": "ok"}]
    again.set_option("model", house.model([*steps, *more], "more"))
    assert [(j.job_id, j.state) for j in late.of(JobUpdate)] == []  # before anybody listened: it is in the replay
    assert again.stream.state.jobs["2"].state == "lost"
    assert "sleep 300" in "\n".join(n.text for n in late.of(Notice))
    await ask(again, "and?")
    told = "\n".join(m.text for m in again.messages if m.role == "user")
    assert "Background jobs ended with it" in told and running.output in told
    answers = [b.text for m in again.messages for b in m.content if isinstance(b, ToolResult)]
    assert any("does not run any more" in text and running.output in text for text in answers)
    assert again.stream.state.jobs["3"].state == "running"
    await house.app.close()
    assert again.stream.state.jobs["3"].state == "killed"
    await session.jobs.close()
    third = RecordingClient()
    house.restart()
    await house.resume(session.session_id, third)
    assert [n for n in third.of(Notice) if "background" in n.text] == []
    await house.app.close()


async def test_words_that_waited_in_an_earlier_turn_do_not_take_it_along_when_theirs_is_rewound(
    tmp_path: Path,
) -> None:
    house, client = House(tmp_path), RecordingClient()
    slow = call("shell", command="sleep 0.3")
    session = house.open(client, [slow, {"text": "one"}, {"text": "two"}], options={"approval": "auto"})
    prompt(session, "first")
    await reached(client, ToolCallUpdate, status="in_progress")
    second = prompt(session, "second", mode="queue")
    await asyncio.wait_for(session.work.finished(second), 20)
    session.emit(Rewound(rewind_id="r", turn_id=second, scope="conversation"))
    assert [m.text for m in session.messages if m.role != "tool"] == ["first", "", "one"]
    await house.app.close()
