"""kill -9 in the middle of sub-agents: nothing of them goes on, nothing of them is lost, and nobody takes them for alive."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from support.server import ServerProcess, running, script


def call(name: str, **arguments: object) -> dict[str, object]:
    return {"name": name, "arguments": arguments}


def alive(mark: str) -> list[str]:
    """Processes that carry this mark in their command line."""
    found = subprocess.run(["pgrep", "-af", mark], capture_output=True, text=True, check=False).stdout.splitlines()
    return [line for line in found if "pgrep" not in line]


def test_a_killed_server_leaves_no_sub_agent_behind(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    home.mkdir()
    for words in (["init", "-q"], ["config", "user.email", "a@b"], ["config", "user.name", "A"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    (project / "a.txt").write_text("one\n")
    subprocess.run(["git", "add", "-A"], cwd=project, check=True)
    subprocess.run(["git", "commit", "-qm", "first"], cwd=project, check=True)
    slow = script(tmp_path / "slow.json", {"tool_calls": [call("shell", command="sleep 7654321")]})
    copy = script(
        tmp_path / "copy.json",
        {"tool_calls": [call("shell", command="echo two > a.txt; echo ready; sleep 7654321")]},
    )
    (home / "config.toml").write_text(f"[agents]\nmodels = {json.dumps([slow, copy])}\n")
    tasks = [
        call("task", prompt="look", model=slow),
        call("task", prompt="change", model=copy, isolation="worktree"),
    ]
    model = script(tmp_path / "script.json", {"tool_calls": tasks}, {"text": "never"})
    with running(home) as server:
        session = begin(server, project, model)
        server.call("cass/session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": "Go"}]})
        for name in ("general-1", "general-2"):
            server.until(lambda m, name=name: is_working(m, name))
        listed = server.call("cass/agents/list", {"sessionId": session})
        assert [agent["name"] for agent in listed["agents"]] == ["general-1", "general-2"]
        words = {"sessionId": session, "agent": "general-1", "text": "Mind it."}
        assert server.call("cass/agents/tell", words)["agents"][0]["name"] == "general-1"
        refused = server.error("cass/agents/stop", {"sessionId": session, "agent": "nobody"})
        assert refused["data"]["kind"] == "agent_not_found"
        assert {p["name"] for p in listed["profiles"]} == {"explore", "review", "test"}
        deadline = time.monotonic() + 10
        while "two" not in "".join(p.read_text() for p in (home / "data" / "worktrees").glob("*/*/a.txt")):
            assert time.monotonic() < deadline
        assert len(alive("sleep 7654321")) >= 2
        server.process.kill()
        server.process.wait()
    deadline = time.monotonic() + 5
    while alive("sleep 7654321"):
        assert time.monotonic() < deadline, alive("sleep 7654321")
    with running(home) as server:
        server.initialize(permission=True)
        server.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "start"}})
        told = [update for _, update in server.updates(session)]
        notices = [str(update.get("text")) for update in told if update["sessionUpdate"] == "_notice"]
        assert any("Sub-agents were interrupted" in text and "general-1 (look)" in text for text in notices), (
            notices
        )
        last = {u["name"]: u["state"] for u in told if u["sessionUpdate"] == "_agent_update"}
        assert last == {"general-1": "cancelled", "general-2": "cancelled"}
        child = str(next(u["agentId"] for u in told if u["sessionUpdate"] == "_agent_update"))
        server.call("cass/session/resume", {"sessionId": child, "replayFrom": {"type": "start"}})
        assert any(update["sessionUpdate"] == "agent_message" for _, update in server.updates(child))
        deadline = time.monotonic() + 10
        while list((home / "data" / "worktrees").iterdir()):
            assert time.monotonic() < deadline
        (patch,) = home.rglob("general-2.patch")
        assert "+two" in patch.read_text()


def begin(server: ServerProcess, project: Path, model: str) -> str:
    server.initialize(permission=True)
    new = {"cwd": str(project), "configOptions": {"model": model, "approval": "auto"}}
    return str(server.call("cass/session/new", new)["sessionId"])


def is_working(message: dict[str, object], name: str) -> bool:
    params = message.get("params")
    update = params.get("update", {}) if isinstance(params, dict) else {}
    return (
        update.get("sessionUpdate") == "_agent_update"
        and update.get("name") == name
        and "sleep" in str(update.get("activity"))
    )
