"""Sessions, as an ACP client opens, lists, replays and leaves them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.acp import AcpProcess, acp, allow
from support.server import script


@pytest.mark.parametrize("version", [0, 1, 2, 65535])
def test_version_1_is_spoken_whatever_is_asked_for(tmp_path: Path, version: int) -> None:
    with acp(tmp_path / "home") as agent:
        assert agent.call("initialize", {"protocolVersion": version})["protocolVersion"] == 1


def test_nothing_is_answered_before_initialize_and_a_bad_one_may_be_mended(tmp_path: Path) -> None:
    with acp(tmp_path / "home") as agent:
        assert agent.error("session/new", {"cwd": "/", "mcpServers": []})["code"] == -32600
        assert agent.error("initialize", {"protocolVersion": "one"})["code"] == -32602
        agent.start()
        assert agent.error("initialize", {"protocolVersion": 1})["code"] == -32600
        assert agent.error("session/fork", {"sessionId": "x"})["code"] == -32601


def test_a_terminal_sign_in_is_offered_only_to_clients_that_can_run_it(tmp_path: Path) -> None:
    with acp(tmp_path / "home") as agent:
        assert agent.start()["authMethods"] == []
    with acp(tmp_path / "home") as agent:
        (method,) = agent.start(auth={"terminal": True})["authMethods"]
    assert (method["type"], method["args"]) == ("terminal", ["--setup"])


def test_a_new_session_is_told_of_only_after_its_id_is_known(agent: AcpProcess, project: Path) -> None:
    asked = {"cwd": str(project), "mcpServers": [{"name": "files", "command": "x", "args": [], "env": []}]}
    opened = agent.call("session/new", asked)
    assert [m for m in agent.seen if m.get("method") == "session/update"] == []
    assert opened["modes"]["currentModeId"] == "ask"
    assert {o["id"] for o in opened["configOptions"]} == {"mode", "approval", "model", "effort"}
    commands = agent.next("available_commands_update")["availableCommands"]
    assert "help" in {c["name"] for c in commands}
    agent.next("agent_message_chunk")
    assert "MCP server files: x cannot be started" in agent.text(opened["sessionId"])


def test_a_folder_that_is_none_is_refused_with_words(agent: AcpProcess, project: Path) -> None:
    error = agent.error("session/new", {"cwd": str(project / "none"), "mcpServers": []})
    assert (error["code"], error["data"]["kind"]) == (-32602, "invalid_cwd")
    error = agent.error("session/prompt", {"sessionId": "none", "prompt": [{"type": "text", "text": "x"}]})
    assert (error["code"], error["data"]["kind"]) == (-32002, "session_not_found")


def test_load_replays_all_and_resume_nothing(tmp_path: Path, project: Path) -> None:
    (project / "a").write_text("one\n")
    edit = {
        "tool_calls": [{"name": "edit_file", "arguments": {"path": "a", "old_string": "one", "new_string": "1"}}]
    }
    with acp(tmp_path / "home") as first:
        first.start()
        first.on_request = allow
        session = first.open(
            project, {"thinking": "hm", "text": "Now.", **edit}, {"text": "Done."}, {"text": "More."}
        )
        assert first.answer(first.prompt(session, "please"))["result"]["stopReason"] == "end_turn"
        assert first.said(session, "user_message_chunk") == []
        live = [u for u in first.said(session) if u["sessionUpdate"].startswith("tool_call")]
    with acp(tmp_path / "home") as again:
        again.start()
        (entry,) = again.call("session/list", {"cwd": str(project)})["sessions"]
        assert (entry["sessionId"], entry["title"]) == (session, "please")
        again.call("session/load", {"sessionId": session, "cwd": str(project), "mcpServers": []})
        assert again.text(session, "user_message_chunk") == "please"
        assert again.text(session, "agent_thought_chunk") == "hm"
        assert again.text(session) == "Now.Done."
        replayed = [u for u in again.said(session) if u["sessionUpdate"].startswith("tool_call")]
        assert [u["sessionUpdate"] for u in replayed] == ["tool_call", "tool_call_update"]
        assert replayed[0]["content"] == live[0]["content"]
        again.call("session/close", {"sessionId": session})
        again.seen.clear()
        again.call("session/resume", {"sessionId": session, "cwd": str(project)})
        again.next("available_commands_update")
        assert again.text(session) == ""
        again.answer(again.prompt(session, "go on"))
        assert again.text(session) == "More."


def test_deleting_and_unknown_sessions(agent: AcpProcess, project: Path) -> None:
    session = agent.open(project, {"text": "x"})
    agent.answer(agent.prompt(session))
    agent.call("session/delete", {"sessionId": session})
    assert agent.call("session/list")["sessions"] == []
    params = {"sessionId": session, "cwd": str(project), "mcpServers": []}
    assert agent.error("session/load", params)["data"]["kind"] == "session_not_found"


def test_closing_a_session_ends_its_turn_as_cancelled(agent: AcpProcess, project: Path) -> None:
    session = agent.open(project, {"text": "x" * 1000, "chunk": 1, "delay_ms": 50})
    asked = agent.prompt(session)
    agent.next("agent_message_chunk")
    closing = agent.request("session/close", {"sessionId": session})
    assert agent.answer(asked)["result"]["stopReason"] == "cancelled"
    assert agent.answer(closing)["result"] == {}


def test_a_mode_is_mode_and_approval_together(agent: AcpProcess, project: Path) -> None:
    (project / "a").write_text("one\n")
    edit = {"name": "edit_file", "arguments": {"path": "a", "old_string": "one", "new_string": "1"}}
    session = agent.open(
        project, {"tool_calls": [edit]}, {"text": "kept"}, {"tool_calls": [edit]}, {"text": "made"}
    )
    agent.call("session/set_mode", {"sessionId": session, "modeId": "plan"})
    assert agent.said(session, "current_mode_update")[-1]["currentModeId"] == "plan"
    assert agent.answer(agent.prompt(session))["result"]["stopReason"] == "end_turn"
    assert (project / "a").read_text() == "one\n"
    agent.answer(agent.prompt(session, "/apply discard"))
    agent.call("session/set_mode", {"sessionId": session, "modeId": "edits"})
    assert agent.said(session, "current_mode_update")[-1]["currentModeId"] == "edits"
    agent.answer(agent.prompt(session))
    assert (project / "a").read_text() == "1\n"
    assert (
        agent.error("session/set_mode", {"sessionId": session, "modeId": "yolo"})["data"]["kind"] == "invalid_value"
    )


def test_options_are_answered_whole(agent: AcpProcess, project: Path) -> None:
    session = agent.open(project, {"text": "x"})
    params = {"sessionId": session, "configId": "effort", "value": "high"}
    options = {o["id"]: o for o in agent.call("session/set_config_option", params)["configOptions"]}
    assert options["effort"]["currentValue"] == "high"
    assert options["model"]["currentValue"] in {c["value"] for c in options["model"]["options"]}
    back = agent.call("session/set_config_option", {**params, "value": "default"})["configOptions"]
    assert {o["id"]: o["currentValue"] for o in back}["effort"] == "default"
    assert agent.error("session/set_config_option", {**params, "value": "much"})["code"] == -32602


def test_further_folders_are_part_of_the_project_also_when_it_is_opened_again(
    tmp_path: Path, project: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b").write_text("needle\n")
    read = {"tool_calls": [{"name": "read_file", "arguments": {"path": str(tmp_path / "more" / "b")}}]}
    steps = [read, {"text": "1", "expect": "needle"}, read, {"text": "2", "expect": "needle"}]
    folders = {"cwd": str(project), "additionalDirectories": [str(tmp_path / "more")], "mcpServers": []}
    with acp(tmp_path / "home", CASS_MODEL=script(tmp_path / "s.json", *steps)) as agent:
        agent.start()
        session = agent.call("session/new", folders)["sessionId"]
        assert agent.answer(agent.prompt(session))["result"]["stopReason"] == "end_turn"
        agent.call("session/close", {"sessionId": session})
        agent.call("session/load", {"sessionId": session, **folders})
        assert agent.answer(agent.prompt(session))["result"]["stopReason"] == "end_turn"
        assert all(m.get("method") != "session/request_permission" for m in agent.seen)


def test_a_turn_that_was_cut_off_is_marked_and_the_session_goes_on(tmp_path: Path, project: Path) -> None:
    step = {"text": "I began and ", "tool_calls": [{"name": "shell", "arguments": {"command": "sleep 60"}}]}
    model = script(tmp_path / "s.json", step, {"text": "Here again."})
    with acp(tmp_path / "home", CASS_MODEL=model) as first:
        first.start()
        session = first.call("session/new", {"cwd": str(project), "mcpServers": []})["sessionId"]
        first.call("session/set_mode", {"sessionId": session, "modeId": "auto"})
        first.prompt(session, "please")
        first.next("tool_call", status="in_progress")
        first.process.kill()
        first.process.wait()
    with acp(tmp_path / "home", CASS_MODEL=model) as again:
        again.start()
        again.call("session/load", {"sessionId": session, "cwd": str(project), "mcpServers": []})
        said = again.text(session)
        assert said.startswith("I began and *This turn was stopped.*") and "interrupted" in said
        assert again.said(session, "tool_call_update")[-1]["status"] == "failed"
        assert again.answer(again.prompt(session, "go on"))["result"]["stopReason"] == "end_turn"
        assert again.text(session).endswith("Here again.")


def test_a_session_that_another_process_has_is_refused_with_words(tmp_path: Path, project: Path) -> None:
    with acp(tmp_path / "home") as one, acp(tmp_path / "home") as two:
        one.start()
        two.start()
        session = one.open(project, {"text": "x"})
        one.answer(one.prompt(session))
        error = two.error("session/load", {"sessionId": session, "cwd": str(project), "mcpServers": []})
        assert error["data"]["kind"] == "session_busy" and str(one.process.pid) in error["message"]
