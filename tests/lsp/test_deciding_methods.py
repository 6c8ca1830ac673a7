"""What the user decides outside of a prompt, by the protocol: trust in a folder, the to-do list."""

from __future__ import annotations

from pathlib import Path

from support.server import running, script


def test_trust_is_shown_decided_and_told(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".cass/hooks").mkdir(parents=True)
    (project / ".cass/hooks/a.sh").write_text("echo one")
    with running(tmp_path / "home") as server:
        server.initialize()
        opened = server.call("cass/session/new", {"cwd": str(project)})["sessionId"]
        found = server.call("cass/trust/get", {"cwd": str(project)})
        assert (found["state"], found["items"][0]["text"]) == ("undecided", "echo one")
        (project / ".cass/hooks/a.sh").write_text("echo two")
        wrong = server.error(
            "cass/trust/set", {"cwd": str(project), "decision": "trust", "digest": found["digest"]}
        )
        assert wrong["data"]["kind"] == "untrusted_folder"
        found = server.call("cass/trust/get", {"cwd": str(project)})
        decided = {"cwd": str(project), "decision": "trust", "digest": found["digest"]}
        assert server.call("cass/trust/set", decided)["state"] == "trusted"
        told = [u for _, u in server.updates(opened) if u["sessionUpdate"] == "_trust_update"]
        assert (told[0]["state"], told[0]["items"][0]["path"]) == ("undecided", ".cass/hooks/a.sh")
        if told[-1]["state"] != "trusted":
            server.update("_trust_update", state="trusted")
        assert server.call("cass/trust/set", {"cwd": str(project), "decision": "forget"})["state"] == "undecided"
        server.call("cass/session/close", {"sessionId": opened})


def test_the_to_do_list_is_the_user_s_too(tmp_path: Path) -> None:
    with running(tmp_path / "home") as server:
        server.initialize()
        model = script(tmp_path / "s.json", {"text": "seen"})
        options = {"cwd": str(tmp_path), "configOptions": {"model": model}}
        session = {"sessionId": server.call("cass/session/new", options)["sessionId"]}
        server.call("cass/session/setPlan", {**session, "entries": [{"content": "mine", "status": "in_progress"}]})
        told = [u for _, u in server.updates(session["sessionId"]) if u["sessionUpdate"] == "plan_update"]
        assert [entry["content"] for entry in told[0]["entries"]] == ["mine"]
        many = [{"content": str(n)} for n in range(51)]
        assert server.error("cass/session/setPlan", {**session, "entries": many})["code"] == -32602
        ended = server.call(
            "cass/session/prompt", {**session, "prompt": [{"type": "text", "text": "go"}], "wait": True}
        )
        assert ended.get("error") is None, ended
        assert ended["text"] == "seen"
