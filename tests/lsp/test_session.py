"""Sessions as a foreign program sees them: raw frames and NDJSON against the real process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.server import ServerProcess, running, script

PERMIT = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}


def _text(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _call(tool: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


@pytest.fixture(params=[False, True], ids=["frames", "ndjson"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    with running(tmp_path / "home", lines=request.param) as made:
        made.initialize(permission=True)
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def _open(server: ServerProcess, project: Path, *steps: object, **options: str) -> str:
    model = script(project.parent / f"s{len(list(project.parent.iterdir()))}.json", *steps)
    return server.call("cass/session/new", {"cwd": str(project), "configOptions": {"model": model, **options}})[
        "sessionId"
    ]


def _prompt(server: ServerProcess, session: str, text: str = "go", **more: object) -> Any:
    return server.call("cass/session/prompt", {"sessionId": session, "prompt": _text(text), **more})


def test_a_turn_with_an_approved_edit(server: ServerProcess, project: Path) -> None:
    (project / "a").write_text("one\ntwo\n")
    session = _open(
        server, project, _call("edit_file", path="a", old_string="two", new_string="2"), {"text": "done"}
    )
    server.on_request = lambda m: PERMIT if m["method"] == "cass/session/requestPermission" else None
    accepted = _prompt(server, session)
    end = server.update("state_update", state="idle")
    assert end["stopReason"] == "end_turn"
    assert end["turnId"] == accepted["turnId"]
    assert (project / "a").read_text() == "one\n2\n"
    question = next(m for m in server.seen if m.get("method") == "cass/session/requestPermission")["params"]
    assert question["subject"]["type"] == "edit"
    assert {o["kind"] for o in question["options"]} == {"allow_once", "allow_always", "reject_once"}
    proposal = server.call("cass/edit/get", {"proposalId": question["subject"]["proposalId"]})["proposal"]
    assert proposal["state"] == "applied"
    assert proposal["files"][0]["hunks"][0]["oldText"] == "two\n"
    numbers = [seq for seq, _ in server.updates(session)]
    assert numbers == list(range(1, len(numbers) + 1))
    states = [u["state"] for _, u in server.updates(session) if u["sessionUpdate"] == "state_update"]
    assert states == ["running", "requires_action", "running", "idle"]


def test_a_pending_edit_can_be_decided_by_edit_resolve(server: ServerProcess, project: Path) -> None:
    (project / "a").write_text("".join(f"{n}\n" for n in range(20)))
    new = "".join({2: "two\n", 17: "seventeen\n"}.get(n, f"{n}\n") for n in range(20))
    session = _open(server, project, _call("write_file", path="a", content=new), {"text": "done"})
    _prompt(server, session)
    question = server.until(lambda m: m.get("method") == "cass/session/requestPermission")
    hunks = question["params"]["proposal"]["files"][0]["hunks"]
    resolve = {
        "proposalId": question["params"]["subject"]["proposalId"],
        "action": "acceptHunks",
        "hunkIds": [hunks[0]["hunkId"]],
    }
    assert server.call("cass/edit/resolve", resolve)["state"] == "accepted"
    assert server.update("state_update", state="idle")["stopReason"] == "end_turn"
    assert (project / "a").read_text().splitlines()[2] == "two"
    assert (project / "a").read_text().splitlines()[17] == "17"
    assert server.call("cass/edit/resolve", resolve)["state"] == "applied"
    withdrawn = [m for m in server.seen if m.get("method") == "$/cancelRequest"]
    assert [m["params"]["id"] for m in withdrawn] == [question["id"]]
    server.send({"jsonrpc": "2.0", "id": question["id"], "result": PERMIT})
    assert (
        server.error("cass/edit/resolve", {**resolve, "proposalId": "none"})["data"]["kind"] == "proposal_not_found"
    )


def test_wait_answers_at_the_end_and_can_be_cancelled(server: ServerProcess, project: Path) -> None:
    session = _open(
        server, project, {"text": "forty-two", "usage": {"input": 7, "output": 3}},
        _call("shell", command="echo up; sleep 60"), approval="auto",
    )  # fmt: skip
    answer = _prompt(server, session, wait=True)
    assert (answer["stopReason"], answer["text"], answer["usage"]["output"]) == ("end_turn", "forty-two", 3)
    waiting = server.request("cass/session/prompt", {"sessionId": session, "prompt": _text("again"), "wait": True})
    server.update("tool_call_content_chunk")
    server.notify("$/cancelRequest", {"id": waiting})
    assert server.answer(waiting)["result"]["stopReason"] == "cancelled"


def test_cancel_stops_a_command(server: ServerProcess, project: Path) -> None:
    session = _open(server, project, _call("shell", command="echo up; sleep 60"), {"text": "fine"}, approval="auto")
    _prompt(server, session)
    server.update("tool_call_content_chunk")
    server.notify("cass/session/cancel", {"sessionId": session, "turnId": "another"})
    server.notify("cass/session/cancel", {"sessionId": session})
    assert server.update("tool_call_update", status="cancelled")["name"] == "shell"
    assert server.update("state_update", state="idle")["stopReason"] == "cancelled"
    assert _prompt(server, session, wait=True)["text"] == "fine"


def test_a_busy_session_says_so_and_steering_needs_the_right_turn(server: ServerProcess, project: Path) -> None:
    wait = _call("shell", command="until [ -e go ]; do sleep 0.01; done")
    session = _open(server, project, wait, {"text": "a"}, {"text": "b"}, approval="auto")
    turn = _prompt(server, session)["turnId"]
    ask = {"sessionId": session, "prompt": _text("more")}
    assert server.error("cass/session/prompt", {**ask, "mode": "start"})["data"]["kind"] == "session_busy"
    wrong = {**ask, "mode": "steer", "expectedTurnId": "other"}
    assert server.error("cass/session/prompt", wrong)["data"]["kind"] == "turn_mismatch"
    assert _prompt(server, session, "s", mode="steer", expectedTurnId=turn)["turnId"] == turn
    queued = _prompt(server, session, "q", clientKey="k1")
    assert _prompt(server, session, "q", clientKey="k1") == queued
    (project / "go").touch()
    server.update("state_update", state="idle", turnId=turn)
    server.update("state_update", state="idle", turnId=queued["turnId"])
    assert _prompt(server, session, "q", clientKey="k1") == queued


def test_a_session_goes_on_in_another_process(server: ServerProcess, project: Path, tmp_path: Path) -> None:
    session = _open(server, project, {"text": "first"}, {"text": "second", "expect": "what else"})
    _prompt(server, session, "remember this", wait=True)
    live = [u for _, u in server.updates(session) if u["sessionUpdate"] in ("user_message", "agent_message")]
    with running(tmp_path / "home") as other:
        other.initialize()
        resume = {"sessionId": session, "replayFrom": {"type": "start"}}
        busy = other.error("cass/session/resume", resume)
        assert busy["data"]["kind"] == "session_busy"
        assert str(server.process.pid) in busy["message"]
        server.process.kill()
        server.process.wait()
        resumed = other.call("cass/session/resume", resume)
        replayed = other.updates(session)
        assert [u for _, u in replayed if u["sessionUpdate"] in ("user_message", "agent_message")] == live
        numbers = [seq for seq, _ in replayed]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert resumed["seq"] == numbers[-1]
        assert resumed["configOptions"][2]["currentValue"].startswith("scripted/")
        assert _prompt(other, session, "what else", wait=True)["text"] == "second"
        listed = other.call("cass/session/list", {"cwd": str(project)})["sessions"]
        assert [(s["sessionId"], s["title"], s["messages"]) for s in listed] == [(session, "remember this", 2)]
        gone = other.error(
            "cass/session/resume", {"sessionId": session, "replayFrom": {"type": "seq", "seq": 10_000}}
        )
        assert gone["data"]["kind"] == "replay_gone"
        before = len(other.updates(session))
        last = other.updates(session)[-1][0]
        other.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "seq", "seq": last - 2}})
        assert len(other.updates(session)) >= before + 2
        other.call("cass/session/delete", {"sessionId": session})
        assert other.call("cass/session/list")["sessions"] == []
        assert other.error("cass/session/resume", {"sessionId": session})["data"]["kind"] == "session_not_found"


def test_options_are_switched_and_wrong_ones_refused(server: ServerProcess, project: Path) -> None:
    session = _open(server, project, {"text": "x"})
    switch = {"sessionId": session, "configId": "mode", "value": "plan"}
    options = server.call("cass/session/setConfigOption", switch)["configOptions"]
    assert {o["id"]: o["currentValue"] for o in options}["mode"] == "plan"
    told = [u for _, u in server.updates(session) if u["sessionUpdate"] == "config_option_update"]
    assert told[-1]["configOptions"] == options
    for wrong in ({"value": "fast"}, {"configId": "speed"}, {"configId": "model", "value": "nobody/none"}):
        error = server.error("cass/session/setConfigOption", {**switch, **wrong})
        assert error["code"] in (-32602, -32803)
        assert error["data"]["kind"] in ("invalid_value", "config_error")


def test_the_users_own_command_is_run_and_told_to_the_model(server: ServerProcess, project: Path) -> None:
    session = _open(server, project, {"text": "seen"})
    result = server.call("cass/session/shell", {"sessionId": session, "command": "echo mine; exit 3"})
    assert result == {"exitCode": 3, "output": "mine\n"}
    told = [u for _, u in server.updates(session) if u["sessionUpdate"] == "user_message"]
    assert "echo mine" in told[0]["content"][0]["text"]
    assert _prompt(server, session, wait=True)["text"] == "seen"
    running = server.request("cass/session/shell", {"sessionId": session, "command": "echo up; sleep 60"})
    server.update("tool_call_content_chunk")
    server.notify("$/cancelRequest", {"id": running})
    assert server.answer(running)["error"]["code"] == -32800
    shown = [u for _, u in server.updates(session) if u["sessionUpdate"] == "tool_call_update"]
    assert shown[-1]["status"] == "cancelled"


def test_looking_around(server: ServerProcess, project: Path) -> None:
    session = _open(server, project, {"text": "x"})
    _prompt(server, session, wait=True)
    context = server.call("cass/context/get", {"sessionId": session})
    assert {p["name"] for p in context["parts"]} >= {"system prompt", "tools", "your messages"}
    assert 0 < context["used"] < 3_500
    names = [c["name"] for c in server.call("cass/command/list")["commands"]]
    assert {"help", "mode", "model", "clear", "diff", "apply", "context"} <= set(names)
    status = server.call("cass/status")
    assert status["pid"] == server.process.pid
    assert [s["sessionId"] for s in status["sessions"]] == [session]
    assert "models" in server.call("cass/models/list")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/help", "/mode"),
        ("/mode", "ask"),
        ("/mode edits", "edits"),
        ("/mode nonsense", "no mode"),
        ("/model", "scripted/"),
        ("/context", "tokens"),
        ("/diff", "Nothing"),
        ("/apply", "no proposals"),
        ("/clear", "afresh"),
    ],
)
def test_slash_commands_answer_without_the_model(project: Path, tmp_path: Path, text: str, said: str) -> None:
    with running(tmp_path / "home") as server:
        server.initialize()
        session = _open(server, project, {"text": "from the model"})
        answer = _prompt(server, session, text, wait=True)
        assert said in answer["text"]
        unknown = _prompt(server, session, "/hepl", wait=True)
        assert unknown["stopReason"] == "error"
        assert "/help" in unknown["error"]["hint"]
        assert _prompt(server, session, "/etc/hosts is odd", wait=True)["text"] == "from the model"


def test_nothing_configured_is_said_when_a_model_is_needed(project: Path, tmp_path: Path) -> None:
    with running(tmp_path / "home") as server:
        server.initialize()
        session = server.call("cass/session/new", {"cwd": str(project)})["sessionId"]
        answer = _prompt(server, session, wait=True)
        assert answer["error"]["kind"] == "config_error"
        assert "OPENAI_API_KEY" in answer["error"]["message"]
        assert "cass demo" in answer["error"]["hint"]


def test_a_wrong_setting_is_said_with_file_and_line(project: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('mode = "active"\n[llm]\nidle_timout = 5\n')
    with running(home) as server:
        error = server.error("initialize", {"capabilities": {}})
        assert error["data"]["kind"] == "config_error"
        assert "line 3" in error["message"]
        assert "llm.idle_timeout" in error["data"]["hint"]


def test_kill_minus_nine_at_any_point_of_a_turn(project: Path, tmp_path: Path) -> None:
    """What was told to the client is there afterwards; no file is half-written."""
    old, new = "old\n" * 5_000, "new!\n" * 5_000
    for point in range(0, 24, 2):
        (project / "a").write_text(old)
        with running(tmp_path / "home") as server:
            server.initialize()
            steps = [_call("write_file", path="a", content=new), _call("read_file", path="a"), {"text": "end"}]
            session = _open(server, project, *steps, approval="auto")
            server.request("cass/session/prompt", {"sessionId": session, "prompt": _text("go")})
            count = 0

            def enough(message: dict[str, Any], point: int = point) -> bool:
                nonlocal count
                count += message.get("method") == "cass/session/update"
                update = message.get("params", {}).get("update", {})
                return count > point or update.get("state") == "idle"

            server.until(enough)
            server.process.kill()
            server.process.wait()
            told = [u for _, u in server.updates(session)]
        assert (project / "a").read_text() in (old, new)
        with running(tmp_path / "home") as again:
            again.initialize()
            again.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "start"}})
            kept = [json.dumps(u, sort_keys=True) for _, u in again.updates(session)]
            for update in told:
                transient = update["sessionUpdate"].endswith("_chunk") or update["sessionUpdate"] in (
                    "available_commands_update", "usage_update", "_review_update",
                )  # fmt: skip
                assert transient or json.dumps(update, sort_keys=True) in kept
            assert _prompt(again, session, "go on", wait=True)["stopReason"] == "end_turn"


def test_protocol_schema_is_json_schema() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cass", "protocol", "schema"], capture_output=True, text=True, timeout=60, check=True
    )
    schema = json.loads(done.stdout)
    assert schema["methods"]["cass/session/prompt"]["result"]["$ref"] == "#/$defs/PromptResult"
    assert schema["methods"]["cass/session/update"]["direction"] == "serverToClient"


def test_a_projects_own_settings_reach_its_client_as_far_as_they_may(project: Path, tmp_path: Path) -> None:
    (project / ".cass").mkdir()
    (project / ".cass" / "config.toml").write_text('approval = "auto"\nui.completion.menu = false\n')
    with running(tmp_path / "home") as server:
        answer = server.initialize(rootUri=project.as_uri())
        config = answer["capabilities"]["experimental"]["cass"]["config"]
        assert config["ui"]["completion"] == {"menu": False, "inline": True}
        assert config["approval"] == "ask"
        session = _open(server, project, {"text": "x"})
        told = [u["text"] for _, u in server.updates(session) if u["sessionUpdate"] == "_notice"]
        assert len(told) == 1
        assert "approval is ignored" in told[0]
