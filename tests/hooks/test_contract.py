"""Claude Code's contract: what hooks are told, and what their answers do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cass.protocol.asking import PermissionOutcome
from cass.protocol.events import UserMessage
from support.house import RecordingClient, ask, call, no

from .conftest import RECORD, HookHouse, command, ends, results, told


async def test_a_call_is_told_in_claude_codes_words(house: HookHouse) -> None:
    house.claude({"PreToolUse": [command(RECORD, "*")], "PostToolUse": [command(RECORD, "Write")]})
    client = RecordingClient()
    session = house.open(
        client,
        [
            call("write_file", path="a.py", content="x = 1\n"),
            call("edit_file", path="a.py", old_string="x = 1", new_string="x = 2"),
            call("read_file", path="a.py", offset=1),
            call("shell", command="true", timeout=3),
            call("grep", pattern="x", path="."),
            call("todos", entries=[{"content": "one"}]),
            {"text": "done"},
        ],
    )
    await ask(session, "go")
    seen = house.seen()
    file = str(house.project / "a.py")
    calls = [(s["hook_event_name"], s["tool_name"], s["tool_input"]) for s in seen]
    assert calls == [
        ("PreToolUse", "Write", {"file_path": file, "content": "x = 1\n"}),
        ("PostToolUse", "Write", {"file_path": file, "content": "x = 1\n"}),
        ("PreToolUse", "Edit", {"file_path": file, "old_string": "x = 1", "new_string": "x = 2"}),
        ("PreToolUse", "Read", {"file_path": file, "offset": 1}),
        ("PreToolUse", "Bash", {"command": "true", "timeout": 3000}),
        ("PreToolUse", "Grep", {"pattern": "x", "path": str(house.project)}),
        ("PreToolUse", "TodoWrite", {"todos": [{"content": "one", "activeForm": "one"}]}),
    ]
    first = seen[0]
    assert first["session_id"] == session.session_id
    assert first["cwd"] == str(house.project)
    assert first["permission_mode"] == "default"
    assert first["tool_use_id"]
    response = seen[1]["tool_response"]
    assert isinstance(response, dict)
    assert response["filePath"] == file and response["success"] is True
    assert '"role":"assistant"' in Path(str(seen[-1]["transcript_path"])).read_text()  # as hooks look for it
    transcript = [json.loads(line) for line in Path(str(seen[-1]["transcript_path"])).read_text().splitlines()]
    assert transcript[0]["message"] == {"role": "user", "content": [{"type": "text", "text": "go"}]}
    assert [t["type"] for t in transcript[:3]] == ["user", "assistant", "user"]


async def test_a_patch_of_several_files_is_an_edit_or_a_write_of_each(house: HookHouse) -> None:
    (house.project / "a.py").write_text("one\ntwo\nthree\n")
    house.claude({"PreToolUse": [command(RECORD, "Edit|Write")]})
    client = RecordingClient()
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n one\n-two\n+2\n three\n*** Add File: b.py\n+new\n*** End Patch"
    await ask(house.open(client, [call("apply_patch", patch=patch), {"text": "ok"}]), "go")
    assert results(client)[0][0] == "completed", results(client)
    assert [(s["tool_name"], s["tool_input"]) for s in house.seen()] == [
        ("Edit", {"file_path": str(house.project / "a.py"), "old_string": "two\n", "new_string": "2\n"}),
        ("Write", {"file_path": str(house.project / "b.py"), "content": "new\n"}),
    ]


@pytest.mark.parametrize(
    ("mode", "approval"), [("active", "ask"), ("active", "edits"), ("active", "auto"), ("plan", "ask")]
)
async def test_exit_code_2_blocks_in_every_mode(house: HookHouse, mode: str, approval: str) -> None:
    house.claude({"PreToolUse": [command("echo 'not this file' >&2; exit 2", "Write|Edit")]})
    client = RecordingClient()
    steps = [call("write_file", path="a.py", content="x"), {"text": "ok"}]
    session = house.open(client, steps, options={"mode": mode, "approval": approval})
    await ask(session, "go")
    assert not (house.project / "a.py").exists()
    assert results(client) == [("failed", "A hook refused this call: not this file")]
    assert ends(client) == [("PreToolUse", "blocked", "not this file")]
    assert not client.asks


async def test_json_can_deny_ask_allow_and_change(house: HookHouse) -> None:
    script = house.script(
        "judge.py",
        """
import json, sys
data = json.load(sys.stdin)
command = data["tool_input"]["command"]
answer = {"hookEventName": "PreToolUse"}
if "deny" in command:
    answer |= {"permissionDecision": "deny", "permissionDecisionReason": "never that"}
elif "free" in command:
    answer |= {"permissionDecision": "allow"}
elif "change" in command:
    answer |= {"permissionDecision": "allow", "updatedInput": {"command": "echo changed > out.txt"}}
elif "context" in command:
    answer |= {"additionalContext": "mind the gap"}
print(json.dumps({"hookSpecificOutput": answer}))
""",
    )
    house.claude({"PreToolUse": [command(f"python3 {script}", "Bash")]})
    client = RecordingClient(decide=no)
    lines = ["echo deny", "echo free > free.txt", "echo change", "echo context"]
    steps = [*[call("shell", command=line) for line in lines], {"text": "ok"}]
    await ask(house.open(client, steps), "go")
    found = results(client)
    assert found[0] == ("failed", "A hook refused this call: never that")
    assert (house.project / "free.txt").exists()
    assert (house.project / "out.txt").read_text() == "changed\n"
    assert len(client.asks) == 1 and client.asks[0].subject.command == "echo context"


async def test_context_of_a_hook_reaches_the_model_with_the_result(house: HookHouse) -> None:
    answer = json.dumps(
        {"hookSpecificOutput": {"hookEventName": "PreToolUse", "additionalContext": "mind the gap"}}
    )
    house.claude({"PreToolUse": [command(f"echo '{answer}'", "Read")]})
    (house.project / "a.txt").write_text("text")
    client = RecordingClient()
    await ask(house.open(client, [call("read_file", path="a.txt"), {"text": "ok"}]), "go")
    assert results(client) == [("completed", "text\n\n[Told by a hook]\nmind the gap")]


async def test_allow_beats_neither_a_deny_rule_nor_an_ask_rule_nor_plan_mode(house: HookHouse) -> None:
    allow = json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "allow"}})
    house.claude({"PreToolUse": [command(f"echo '{allow}'")]})
    house.toml('[permissions]\ndeny = ["shell(rm *)"]\nask = ["shell(touch *)"]\n')
    client = RecordingClient()
    steps = [call("shell", command="rm -f x"), call("shell", command="touch y"), {"text": "ok"}]
    await ask(house.open(client, steps), "go")
    assert [status for status, _ in results(client)] == ["failed", "completed"]
    assert [a.subject.command for a in client.asks] == ["touch y"]
    planned = RecordingClient()
    steps = [call("shell", command="touch z"), {"text": "ok"}]
    options = {"mode": "plan", "model": house.model(steps, "planned")}
    session = house.open(planned, options=options)
    await ask(session, "go")
    assert "Not permitted: plan mode" in results(planned)[0][1]
    assert not (house.project / "z").exists()


async def test_a_hook_that_asks_makes_the_user_be_asked(house: HookHouse) -> None:
    answer = json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "ask"}})
    house.claude({"PreToolUse": [command(f"echo '{answer}'", "Read")]})
    (house.project / "a.txt").write_text("text")
    client = RecordingClient()
    await ask(house.open(client, [call("read_file", path="a.txt"), {"text": "ok"}]), "go")
    assert len(client.asks) == 1


async def test_the_old_words_approve_and_block_still_count(house: HookHouse) -> None:
    house.claude(
        {
            "PreToolUse": [
                command("""echo '{"decision": "approve"}'""", "Bash"),
                command("""echo '{"decision": "block", "reason": "no reading"}'""", "Read"),
            ]
        }
    )
    client = RecordingClient()
    steps = [call("shell", command="echo hi"), call("read_file", path="a"), {"text": "ok"}]
    await ask(house.open(client, steps), "go")
    assert results(client)[0][0] == "completed"
    assert results(client)[1][1] == "A hook refused this call: no reading"
    assert not client.asks


async def test_feedback_after_a_call_reaches_the_model(house: HookHouse) -> None:
    house.claude({"PostToolUse": [command("echo 'line 1 is too long' >&2; exit 2", "Write")]})
    client = RecordingClient()
    await ask(house.open(client, [call("write_file", path="a.py", content="x"), {"text": "ok"}]), "go")
    status, text = results(client)[0]
    assert status == "completed"
    assert text.endswith("[Told by a hook]\nline 1 is too long")


async def test_what_a_hook_does_to_the_file_reaches_the_model_and_stays(house: HookHouse) -> None:
    house.claude({"PostToolUse": [command("jq -r .tool_input.file_path | xargs sed -i s/a/b/", "Edit|Write")]})
    client = RecordingClient()
    steps = [
        call("write_file", path="a.txt", content="a\n"),
        call("edit_file", path="a.txt", old_string="b", new_string="c"),
        {"text": "ok"},
    ]
    await ask(house.open(client, steps), "go")
    assert [status for status, _ in results(client)] == ["completed", "completed"]
    assert (house.project / "a.txt").read_text() == "c\n"
    news = [m.content[0].text for m in client.of(UserMessage) if m.source == "editor"]
    assert any("+b" in text for text in news)


async def test_a_prompt_can_be_blocked_and_is_not_sent(house: HookHouse) -> None:
    house.claude({"UserPromptSubmit": [command("grep -q secret && { echo 'no secrets' >&2; exit 2; } || true")]})
    client = RecordingClient()
    session = house.open(client, [{"text": "heard"}])
    end = await ask(session, "the secret is 42")
    assert end.stop_reason == "error"
    assert end.error.kind == "hook_blocked" and "no secrets" in end.error.message
    assert not session.messages
    assert (await ask(session, "hello")).stop_reason == "end_turn"
    assert [m.text for m in session.messages if m.role == "user"] == ["hello"]


async def test_plain_output_at_start_and_prompt_is_context(house: HookHouse) -> None:
    house.claude(
        {
            "SessionStart": [command("echo branch main; cat >> seen.jsonl", "startup")],
            "UserPromptSubmit": [command("echo It is Monday.")],
        }
    )
    client = RecordingClient()
    session = house.open(client, [{"text": "one"}, {"text": "two"}])
    await ask(session, "first")
    await ask(session, "second")
    said = [m.text for m in session.messages if m.role == "user"]
    assert [text.split("\n")[-1] for text in said] == [
        "first",
        "branch main",
        "It is Monday.",
        "second",
        "It is Monday.",
    ]
    assert [s["source"] for s in house.seen()] == ["startup"]
    assert len(told(client)) == 3


async def test_a_resumed_session_begins_with_resume(house: HookHouse) -> None:
    house.claude({"SessionStart": [command(RECORD)], "SessionEnd": [command(RECORD)]})
    client = RecordingClient()
    session = house.open(client, [{"text": "one"}])
    await ask(session, "first")
    await house.app.library.close(session.session_id)
    again = await house.resume(session.session_id, client, trust="yes")
    again.set_option("model", house.model([{"text": "two"}]))
    await ask(again, "second")
    assert [s.get("source") or s.get("reason") for s in house.seen()] == ["startup", "other", "resume"]


async def test_stop_can_make_the_turn_go_on_and_says_that_it_did(house: HookHouse) -> None:
    script = house.script(
        "stop.py",
        """
import json, sys
data = json.load(sys.stdin)
open("seen.jsonl", "a").write(json.dumps(data) + "\\n")
if not data["stop_hook_active"]:
    print(json.dumps({"decision": "block", "reason": "run the tests first"}))
""",
    )
    house.claude({"Stop": [command(f"python3 {script}")]})
    client = RecordingClient()
    session = house.open(client, [{"text": "done"}, {"text": "really done"}])
    end = await ask(session, "go")
    assert end.stop_reason == "end_turn"
    assert [s["stop_hook_active"] for s in house.seen()] == [False, True]
    assert [s["last_assistant_message"] for s in house.seen()] == ["done", "really done"]
    assert told(client) == ["[Told by a hook, not typed by the user]\nrun the tests first"]


async def test_a_stop_hook_that_always_blocks_cannot_hold_a_turn_for_ever(house: HookHouse) -> None:
    house.claude({"Stop": [command("echo more >&2; exit 2")]})
    client = RecordingClient()
    session = house.open(client, [{"text": f"answer {n}"} for n in range(30)])
    end = await ask(session, "go")
    assert end.stop_reason == "end_turn"
    assert len(told(client)) == 10


async def test_continue_false_ends_the_turn(house: HookHouse) -> None:
    house.claude({"PostToolUse": [command("""echo '{"continue": false, "stopReason": "budget spent"}'""")]})
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), {"text": "not reached"}])
    end = await ask(session, "go")
    assert end.stop_reason == "end_turn"
    assert ends(client) == [("PostToolUse", "blocked", "budget spent")]
    assert [m.role for m in session.messages] == ["user", "assistant", "tool"]


async def test_a_permission_request_can_be_answered_by_a_hook(house: HookHouse) -> None:
    script = house.script(
        "permit.py",
        """
import json, sys
data = json.load(sys.stdin)
command = data["tool_input"]["command"]
if "ours" in command:
    decision = {"behavior": "allow"}
elif "better" in command:
    decision = {"behavior": "allow", "updatedInput": {"command": "echo better > better.txt"}}
elif "theirs" in command:
    decision = {"behavior": "deny", "message": "not theirs"}
else:
    sys.exit(0)
print(json.dumps({"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": decision}}))
""",
    )
    house.claude({"PermissionRequest": [command(f"python3 {script}", "Bash")]})
    client = RecordingClient(decide=None)
    lines = ["touch ours", "echo better", "touch theirs", "touch neither"]
    await ask(house.open(client, [*[call("shell", command=c) for c in lines], {"text": "ok"}]), "go")
    found = results(client)
    assert (house.project / "ours").exists()
    assert (house.project / "better.txt").read_text() == "better\n"
    assert found[2] == ("failed", "A hook refused this call: not theirs")
    assert "nobody is there to approve" in found[3][1]


async def test_a_system_message_is_for_the_user_and_suppressed_output_is_not_shown(house: HookHouse) -> None:
    house.claude(
        {
            "PreToolUse": [
                command("""echo '{"systemMessage": "careful", "suppressOutput": true}'"""),
                command("echo plain words"),
            ]
        }
    )
    client = RecordingClient()
    await ask(house.open(client, [call("list_dir", path="."), {"text": "ok"}]), "go")
    assert ends(client) == [("PreToolUse", "done", "careful"), ("PreToolUse", "done", "")]


async def test_other_exit_codes_are_shown_and_block_nothing(house: HookHouse) -> None:
    house.claude({"PreToolUse": [command("echo oops >&2; exit 1"), command("no-such-program-at-all")]})
    client = RecordingClient()
    await ask(house.open(client, [call("list_dir", path="."), {"text": "ok"}]), "go")
    assert results(client)[0][0] == "completed"
    assert [state for _, state, _ in ends(client)] == ["failed", "failed"]
    assert "oops" in ends(client)[0][2] and "not found" in ends(client)[1][2]


async def test_the_user_is_waited_for_and_a_notification_goes_out(house: HookHouse) -> None:
    house.claude({"Notification": [command(RECORD, "permission_prompt")]})

    client = RecordingClient(decide=lambda asked: PermissionOutcome(outcome="selected", option_id="allow_once"))
    session = house.open(client, [call("shell", command="sleep 0.5"), {"text": "ok"}])
    await ask(session, "go")
    await house.app.library.close(session.session_id)
    assert [s["notification_type"] for s in house.seen()] == ["permission_prompt"]
    assert "sleep" in str(house.seen()[0]["message"])


async def test_a_secret_in_a_file_is_masked_in_the_transcript_and_whole_for_the_hook(house: HookHouse) -> None:
    key = "ghp_" + "A1b2" * 9
    house.claude({"PreToolUse": [command(RECORD, "Write")]}, user=True)
    client = RecordingClient()
    await ask(
        house.open(client, [call("write_file", path="a.env", content=f"TOKEN={key}\n"), {"text": "ok"}]), "go"
    )
    (seen,) = house.seen()
    assert key in json.dumps(seen["tool_input"])
    assert key not in Path(str(seen["transcript_path"])).read_text()
    assert Path(str(seen["transcript_path"])).stat().st_mode & 0o077 == 0


async def test_a_changed_path_of_claude_codes_is_one_of_casss(house: HookHouse) -> None:
    other = house.project / "b.txt"
    answer = {"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": {"file_path": str(other)}}}
    house.claude({"PreToolUse": [command(f"echo '{json.dumps(answer)}'", "Write")]})
    client = RecordingClient()
    await ask(house.open(client, [call("write_file", path="a.txt", content="x"), {"text": "ok"}]), "go")
    assert other.read_text() == "x" and not (house.project / "a.txt").exists()
    assert client.asks[0].title == "Create b.txt"
