"""Turns over ACP: what is told, what is asked, and how they end."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from support.acp import AcpProcess, acp, allow
from support.server import LIMIT, Message


def _edit(old: str, new: str, path: str = "a") -> dict[str, object]:
    return {"name": "edit_file", "arguments": {"path": path, "old_string": old, "new_string": new}}


def test_a_turn_with_an_approved_edit(agent: AcpProcess, project: Path) -> None:
    (project / "a").write_text("one\ntwo\n")
    todos = {"name": "todos", "arguments": {"entries": [{"content": "mend a", "status": "in_progress"}]}}
    session = agent.open(
        project,
        {"thinking": "Let me see.", "text": "I change it.", "tool_calls": [todos, _edit("two", "2")]},
        {"text": "Done.", "usage": {"input": 50, "output": 5, "cost": 0.25}},
    )
    asked: list[Message] = []
    agent.on_request = lambda m: (asked.append(m), allow(m))[1]
    assert agent.answer(agent.prompt(session))["result"] == {"stopReason": "end_turn"}
    assert (project / "a").read_text() == "one\n2\n"
    assert agent.text(session, "agent_thought_chunk") == "Let me see."
    assert agent.text(session) == "I change it.Done."
    assert agent.said(session, "plan")[-1]["entries"][0]["content"] == "mend a"
    (question,) = asked
    diff = {"type": "diff", "path": str(project / "a"), "oldText": "one\ntwo\n", "newText": "one\n2\n"}
    assert question["params"]["toolCall"]["content"] == [diff]
    assert {o["kind"] for o in question["params"]["options"]} == {"allow_once", "allow_always", "reject_once"}
    call = question["params"]["toolCall"]["toolCallId"]
    updates = [u for u in agent.said(session) if u.get("toolCallId") == call]
    assert [(u["sessionUpdate"], u["status"]) for u in updates] == [
        ("tool_call", "pending"),
        ("tool_call_update", "in_progress"),
        ("tool_call_update", "completed"),
    ]
    assert updates[0]["locations"][0]["path"] == str(project / "a")


@pytest.mark.parametrize(
    "answer",
    [
        {"outcome": {"outcome": "selected", "optionId": "reject_once"}},
        {"outcome": {"outcome": "selected", "optionId": "certainly"}},
        {"outcome": {"outcome": "blessed", "optionId": "allow_once"}},
        {"outcome": {"outcome": "cancelled"}},
        {"result": "allow_once"},
        "yes",
    ],
)
def test_whatever_is_no_clear_yes_is_a_refusal(agent: AcpProcess, project: Path, answer: Any) -> None:
    (project / "a").write_text("one\n")
    session = agent.open(project, {"tool_calls": [_edit("one", "1")]}, {"text": "I see.", "expect": "refused"})
    agent.on_request = lambda m: answer
    assert agent.answer(agent.prompt(session))["result"]["stopReason"] == "end_turn"
    assert (project / "a").read_text() == "one\n"


def test_an_error_for_an_answer_is_a_refusal(agent: AcpProcess, project: Path) -> None:
    (project / "a").write_text("one\n")
    session = agent.open(project, {"tool_calls": [_edit("one", "1")]}, {"text": "I see.", "expect": "refused"})
    asked = agent.prompt(session)
    question = agent.until(lambda m: m.get("method") == "session/request_permission")
    agent.send({"jsonrpc": "2.0", "id": question["id"], "error": {"code": -32603, "message": "no"}})
    assert agent.answer(asked)["result"]["stopReason"] == "end_turn"
    assert (project / "a").read_text() == "one\n"


def test_a_client_that_knows_hunks_decides_one_by_one(agent: AcpProcess, project: Path) -> None:
    lines = [f"line {n}\n" for n in range(30)]
    (project / "a").write_text("".join(lines))
    new = "".join(["first\n", *lines[1:29], "last\n"])
    write = {"name": "write_file", "arguments": {"path": "a", "content": new}}
    session = agent.open(
        project,
        {"tool_calls": [{"name": "read_file", "arguments": {"path": "a"}}]},
        {"tool_calls": [write]},
        {"text": "ok", "expect": "too early"},
    )
    hunks = [{"hunkId": "h1", "decision": "accept"}, {"hunkId": "h2", "decision": "reject", "reason": "too early"}]
    selected = {"outcome": "selected", "optionId": "allow_once", "_meta": {"cass": {"hunks": hunks}}}
    agent.on_request = lambda m: {"outcome": selected}
    assert agent.answer(agent.prompt(session))["result"]["stopReason"] == "end_turn"
    assert (project / "a").read_text() == "".join(["first\n", *lines[1:]])


def test_a_command_is_shown_whole_before_it_is_allowed(agent: AcpProcess, project: Path) -> None:
    command = "echo harmless" + " " * 200 + "; touch made\n# \u202etxt.exe\x1b[8m\ntouch ```made"
    session = agent.open(
        project, {"tool_calls": [{"name": "shell", "arguments": {"command": command}}]}, {"text": "I see."}
    )
    asked: list[Message] = []
    agent.on_request = lambda m: (asked.append(m), allow(m, "reject_once"))[1]
    agent.answer(agent.prompt(session))
    call = asked[0]["params"]["toolCall"]
    shown = call["content"][0]["content"]["text"]
    assert shown == "````sh\necho harmless<200 blanks>; touch made\n# <U+202E>txt.exe\\x1b[8m\ntouch ```made\n````"
    assert "\n" not in call["title"]
    assert not list(project.iterdir())


def test_cancelling_withdraws_the_question(agent: AcpProcess, project: Path) -> None:
    (project / "a").write_text("one\n")
    session = agent.open(project, {"tool_calls": [_edit("one", "1")]}, {"text": "never"}, {"text": "later"})
    asked = agent.prompt(session)
    question = agent.until(lambda m: m.get("method") == "session/request_permission")
    agent.notify("session/cancel", {"sessionId": session})
    withdrawn = agent.until(lambda m: m.get("method") == "$/cancel_request")
    assert withdrawn["params"] == {"requestId": question["id"]}
    assert agent.answer(asked)["result"] == {"stopReason": "cancelled"}
    agent.send({"jsonrpc": "2.0", "id": question["id"], "result": {"outcome": {"outcome": "cancelled"}}})
    assert agent.said(session, "tool_call_update")[-1]["status"] == "failed"
    assert (project / "a").read_text() == "one\n"
    agent.notify("session/cancel", {"sessionId": session})
    agent.notify("session/cancel", {"sessionId": "unknown"})
    assert agent.answer(agent.prompt(session, "again"))["result"] == {"stopReason": "end_turn"}


@pytest.mark.parametrize("way", ["session/cancel", "$/cancel_request"])
def test_cancelling_an_answer_is_no_error(agent: AcpProcess, project: Path, way: str) -> None:
    session = agent.open(project, {"text": "word " * 1000, "chunk": 5, "delay_ms": 20})
    asked = agent.prompt(session)
    agent.next("agent_message_chunk")
    agent.notify(way, {"sessionId": session} if way == "session/cancel" else {"requestId": asked})
    began = time.monotonic()
    assert agent.answer(asked)["result"] == {"stopReason": "cancelled"}
    assert time.monotonic() - began < 2


def test_a_prompt_during_a_turn_waits_for_its_end(agent: AcpProcess, project: Path) -> None:
    session = agent.open(project, {"text": "first ", "chunk": 1, "delay_ms": 20}, {"text": "second"})
    one, two = agent.prompt(session), agent.prompt(session, "and then")
    assert agent.answer(one)["result"]["stopReason"] == "end_turn"
    assert agent.answer(two)["result"]["stopReason"] == "end_turn"
    assert agent.text(session) == "first second"


@pytest.mark.parametrize(
    ("kind", "code"), [("auth_required", -32000), ("provider_unavailable", -32803), ("context_too_long", -32803)]
)
def test_a_failed_turn_is_an_error_that_says_why(agent: AcpProcess, project: Path, kind: str, code: int) -> None:
    step = {"text": "half", "error": {"kind": kind, "message": "It says no."}}
    session = agent.open(project, *[step] * 8)
    error = agent.answer(agent.prompt(session))["error"]
    assert (error["code"], error["data"]["kind"]) == (code, kind)
    assert "It says no." in error["message"]
    assert agent.text(session) == "half"


def test_slash_commands_are_typed(agent: AcpProcess, project: Path) -> None:
    session = agent.open(project, {"text": "unused"})
    assert agent.answer(agent.prompt(session, "/help"))["result"]["stopReason"] == "end_turn"
    assert "/context" in agent.text(session)
    error = agent.answer(agent.prompt(session, "/hepl"))["error"]
    assert error["data"]["kind"] == "command_not_found" and "/help" in error["message"]


def test_what_a_prompt_may_hold(agent: AcpProcess, project: Path) -> None:
    session = agent.open(project, *[{"text": "I see."}] * 4)
    resource = {"uri": "file:///a.js", "text": "let x = 5", "mimeType": "text/javascript"}
    assert "result" in agent.answer(agent.prompt(session, "see", {"type": "resource", "resource": resource}))
    link = {"type": "resource_link", "uri": "file:///b.txt", "name": "b.txt"}
    assert "result" in agent.answer(agent.prompt(session, "see", link))
    blob = {"uri": "file:///c.txt", "blob": "aGVsbG8=", "mimeType": "text/plain"}
    assert "result" in agent.answer(agent.prompt(session, "see", {"type": "resource", "resource": blob}))
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    image = {"type": "image", "data": pixel, "mimeType": "image/png"}
    assert "result" in agent.answer(agent.prompt(session, "see", image))
    agent.call("session/load", {"sessionId": session, "cwd": str(project), "mcpServers": []})
    kept = [u["content"] for u in agent.said(session, "user_message_chunk") if u["content"].get("text") != "see"]
    decoded = {"type": "resource", "resource": {"uri": blob["uri"], "text": "hello", "mimeType": "text/plain"}}
    assert kept == [{"type": "resource", "resource": resource}, link, decoded, image]
    for bad in ({"type": "audio", "data": "", "mimeType": "audio/wav"}, {"type": "image"}, {"type": "resource"}):
        assert agent.answer(agent.prompt(session, "see", bad))["error"]["code"] == -32602
    broken = {"type": "resource", "resource": {**blob, "blob": "/w=="}}
    assert "neither text nor a picture" in agent.answer(agent.prompt(session, "see", broken))["error"]["message"]


def test_the_model_may_ask_where_the_client_shows_forms(tmp_path: Path, project: Path) -> None:
    ask = {"tool_calls": [{"name": "ask_user", "arguments": {"question": "Which?", "options": ["a", "b"]}}]}
    with acp(tmp_path / "home") as agent:
        agent.start(elicitation={"form": {}})
        session = agent.open(project, ask, {"text": "ok", "expect": "b"})
        asked: list[Message] = []
        agent.on_request = lambda m: (asked.append(m), {"action": "accept", "content": {"answer": "b"}})[1]
        assert "result" in agent.answer(agent.prompt(session))
        assert (asked[0]["params"]["mode"], asked[0]["params"]["message"]) == ("form", "Which?")
    with acp(tmp_path / "home2") as agent:
        agent.start()
        session = agent.open(project, ask, {"text": "ok"})
        assert "result" in agent.answer(agent.prompt(session))
        assert all(m.get("method") != "elicitation/create" for m in agent.seen)


def test_output_of_a_command_is_shown_while_it_runs(agent: AcpProcess, project: Path) -> None:
    command = "echo begun; while [ ! -e go ]; do sleep 0.05; done; echo ended; exit 3"
    session = agent.open(
        project,
        {"tool_calls": [{"name": "shell", "arguments": {"command": command}}]},
        {"text": "ok"},
        approval="auto",
    )
    asked = agent.prompt(session)
    agent.until(lambda m: "begun" in str(m.get("params", {}).get("update", {}).get("content", "")))
    (project / "go").touch()
    assert "result" in agent.answer(asked)
    last = agent.said(session, "tool_call_update")[-1]
    assert last["rawOutput"] == {"exitCode": 3}
    assert "ended" in str(last["content"])


def test_notices_go_beside_the_conversation_where_the_client_can(tmp_path: Path, project: Path) -> None:
    with acp(tmp_path / "home") as agent:
        agent.start(session={"notices": {}})
        servers = [{"name": "files", "command": "x", "args": [], "env": []}]
        agent.call("session/new", {"cwd": str(project), "mcpServers": servers})
        notice = agent.next("notice")
        assert notice["severity"] == "warning" and "files" in notice["title"]


def test_input_that_ends_ends_the_server_and_its_children(agent: AcpProcess, project: Path) -> None:
    command = "echo $$ >pid; sleep 60"
    session = agent.open(
        project,
        {"tool_calls": [{"name": "shell", "arguments": {"command": command}}]},
        {"text": "x"},
        approval="auto",
    )
    agent.prompt(session)
    agent.next("tool_call", status="in_progress")
    end = time.monotonic() + LIMIT
    while not (project / "pid").exists() or not (project / "pid").read_text():
        assert time.monotonic() < end
        time.sleep(0.02)
    child = int((project / "pid").read_text())
    assert agent.process.stdin
    agent.process.stdin.close()
    began = time.monotonic()
    assert agent.wait() == 0
    assert time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_lines_that_are_no_messages_are_answered_and_left_behind(agent: AcpProcess) -> None:
    agent.raw(b"hello\n")
    assert agent.until(lambda m: m.get("id", 0) is None)["error"]["code"] == -32700
    agent.raw(b"[]\n")
    assert agent.until(lambda m: m.get("id", 0) is None)["error"]["code"] == -32600
    assert agent.call("session/list") == {"sessions": []}
