"""Requests in odd orders: the session stays whole, every id is answered, and no turn ends twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.server import ServerProcess, running, script

SLOW = {"tool_calls": [{"name": "shell", "arguments": {"command": "echo up; sleep 60"}}]}
EDIT = {"tool_calls": [{"name": "write_file", "arguments": {"path": "n", "content": "x"}}]}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    (tmp_path / "project").mkdir()
    with running(tmp_path / "home") as made:
        made.initialize(permission=True)
        yield made


def _open(server: ServerProcess, tmp_path: Path, *steps: object, **options: str) -> str:
    model = script(tmp_path / "s.json", *steps)
    params = {"cwd": str(tmp_path / "project"), "configOptions": {"model": model, **options}}
    return server.call("cass/session/new", params)["sessionId"]


def _ask(session: str, **more: object) -> dict[str, object]:
    return {"sessionId": session, "prompt": [{"type": "text", "text": "go"}], **more}


def _whole(server: ServerProcess, session: str) -> None:
    """Numbers without gaps, one end for each turn, nothing of a turn after its end, every call ended."""
    updates = server.updates(session)
    assert [seq for seq, _ in updates] == list(range(1, len(updates) + 1))
    ended: list[str] = []
    calls: dict[str, str] = {}
    for _, update in updates:
        turn = update.get("turnId")
        assert turn is None or turn not in ended, update
        if update["sessionUpdate"] == "tool_call_update":
            calls[update["toolCallId"]] = update["status"]
        if update["sessionUpdate"] == "state_update" and update["state"] == "idle":
            ended.append(turn)
            assert set(calls.values()) <= {"completed", "failed", "cancelled"}
    assert len(ended) == len(set(ended))


def _running(server: ServerProcess, session: str, **more: object) -> int:
    number = server.request("cass/session/prompt", _ask(session, **more))
    server.update("tool_call_content_chunk")
    return number


@pytest.mark.parametrize("method", ["cass/session/close", "cass/session/delete"])
def test_a_session_that_is_closed_in_a_turn_ends_it(server: ServerProcess, tmp_path: Path, method: str) -> None:
    session = _open(server, tmp_path, SLOW, approval="auto")
    waiting = _running(server, session, wait=True)
    closing = server.request(method, {"sessionId": session})
    assert server.answer(waiting)["result"]["stopReason"] == "cancelled"
    assert server.answer(closing)["result"] == {}
    _whole(server, session)
    assert server.error("cass/session/prompt", _ask(session))["data"]["kind"] == "session_not_found"
    listed = [s["sessionId"] for s in server.call("cass/session/list")["sessions"]]
    assert (session in listed) == method.endswith("close")


def test_shutdown_in_a_turn_ends_it_and_the_session_goes_on_later(server: ServerProcess, tmp_path: Path) -> None:
    session = _open(server, tmp_path, SLOW, {"text": "later"}, approval="auto")
    _running(server, session)
    assert server.stop() == 0
    _whole(server, session)
    with running(tmp_path / "home") as again:
        again.initialize()
        again.call("cass/session/resume", {"sessionId": session})
        assert again.call("cass/session/prompt", _ask(session, wait=True))["text"] == "later"


def test_exit_while_a_question_is_open(server: ServerProcess, tmp_path: Path) -> None:
    session = _open(server, tmp_path, EDIT, {"text": "later"})
    server.request("cass/session/prompt", _ask(session))
    server.until(lambda m: m.get("method") == "cass/session/requestPermission")
    server.notify("exit")
    assert server.wait() == 1
    assert not (tmp_path / "project" / "n").exists()


def test_cancelling_twice_and_deciding_afterwards(server: ServerProcess, tmp_path: Path) -> None:
    session = _open(server, tmp_path, EDIT, {"text": "fine"})
    server.request("cass/session/prompt", _ask(session))
    question = server.until(lambda m: m.get("method") == "cass/session/requestPermission")
    for _ in range(2):
        server.notify("cass/session/cancel", {"sessionId": session})
    assert server.update("state_update", state="idle")["stopReason"] == "cancelled"
    proposal = question["params"]["subject"]["proposalId"]
    assert server.call("cass/edit/resolve", {"proposalId": proposal, "action": "accept"})["state"] == "rejected"
    yes = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}
    server.send({"jsonrpc": "2.0", "id": question["id"], "result": yes})
    assert server.call("cass/session/prompt", _ask(session, wait=True))["text"] == "fine"
    assert not (tmp_path / "project" / "n").exists()
    _whole(server, session)


def test_another_model_takes_over_with_the_next_turn(server: ServerProcess, tmp_path: Path) -> None:
    wait = {
        "tool_calls": [{"name": "shell", "arguments": {"command": "echo up; until [ -e go ]; do sleep 0.01; done"}}]
    }
    session = _open(server, tmp_path, wait, {"text": "first model"}, approval="auto")
    waiting = _running(server, session, wait=True)
    other = script(tmp_path / "other.json", {"text": "a"}, {"text": "b"}, {"text": "second model"})
    server.call("cass/session/setConfigOption", {"sessionId": session, "configId": "model", "value": other})
    (tmp_path / "project" / "go").touch()
    assert server.answer(waiting)["result"]["text"] == "first model"
    assert server.call("cass/session/prompt", _ask(session, wait=True))["text"] == "second model"
    _whole(server, session)


def test_dropped_prompts_are_answered_too(server: ServerProcess, tmp_path: Path) -> None:
    session = _open(server, tmp_path, SLOW, {"text": "fine"}, approval="auto")
    first = _running(server, session, wait=True)
    queued = [server.request("cass/session/prompt", _ask(session, wait=True)) for _ in range(3)]
    assert "commands" in server.call("cass/command/list")
    server.notify("cass/session/cancel", {"sessionId": session})
    for number in (first, *queued):
        answer: dict[str, Any] = next((m for m in server.seen if m.get("id") == number), {}) or server.answer(
            number
        )
        assert answer["result"]["stopReason"] == "cancelled"
    assert server.call("cass/session/prompt", _ask(session, wait=True))["text"] == "fine"


def test_replay_in_the_middle_of_a_turn(server: ServerProcess, tmp_path: Path) -> None:
    session = _open(server, tmp_path, SLOW, approval="auto")
    _running(server, session)
    before = len(server.updates(session))
    resumed = server.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "start"}})
    replayed = [seq for seq, _ in server.updates(session)[before:]]
    assert replayed[: len(replayed) - 1] == list(range(replayed[0], replayed[0] + len(replayed) - 1))
    assert resumed["state"] == "running"
    server.notify("cass/session/cancel", {"sessionId": session})
    assert server.update("state_update", state="idle")["stopReason"] == "cancelled"
