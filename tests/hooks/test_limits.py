"""Hooks that misbehave: each is bounded, shown, and holds up nothing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from cass.protocol.custom import HookUpdate
from cass.protocol.events import Notice
from support.house import RecordingClient, ask, call, prompt

from .conftest import RECORD, HookHouse, command, ends, results


def _is_gone(path: Path) -> bool:
    """Whether the process whose id stands in this file has ended."""
    pid = int(path.read_text())
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def _look(house: HookHouse, client: RecordingClient) -> None:
    """One call of a tool, with its hooks around it."""
    await ask(house.open(client, [call("list_dir", path="."), {"text": "ok"}]), "go")


async def test_a_hanging_hook_ends_at_its_limit_with_its_children(house: HookHouse) -> None:
    line = "sleep 300 & echo $! > child; trap '' TERM; while true; do sleep 1; done"
    house.claude({"PreToolUse": [command(line, timeout=0.5)]})
    client = RecordingClient()
    began = time.monotonic()
    await _look(house, client)
    assert time.monotonic() - began < 10
    assert ends(client) == [("PreToolUse", "timed_out", "stopped: it ran longer than 0.5 s")]
    assert results(client)[0][0] == "completed"
    assert _is_gone(house.project / "child")


async def test_a_required_hook_that_hangs_fails_or_is_missing_blocks(house: HookHouse) -> None:
    house.toml(
        """
[[hooks.PreToolUse]]
matcher = "list_dir"
hooks = [{ command = "sleep 300", timeout = 0.3, required = true }]
[[hooks.PreToolUse]]
matcher = "Read"
hooks = [{ command = "no-such-program", required = true }]
[[hooks.PreToolUse]]
matcher = "Bash"
hooks = [{ command = "echo broken >&2; exit 1", required = true }]
[[hooks.PreToolUse]]
matcher = "glob"
hooks = [{ command = "no-such-program", args = ["x"], required = true }]
[[hooks.PreToolUse]]
matcher = "grep"
hooks = [{ command = "echo '{\\"decision\\":'", required = true }]
"""
    )
    client = RecordingClient()
    steps = [
        call("list_dir", path="."),
        call("read_file", path="a"),
        call("shell", command="touch x"),
        call("glob", pattern="*"),
        call("grep", pattern="x"),
        {"text": "ok"},
    ]
    await ask(house.open(client, steps), "go")
    texts = [text for _, text in results(client)]
    assert [status for status, _ in results(client)] == ["failed"] * 5
    assert "ran longer than" in texts[0] and "not found" in texts[1] and "broken" in texts[2]
    assert "cannot be started" in texts[3] and "JSON that is none" in texts[4]
    assert not (house.project / "x").exists()


async def test_a_flood_of_output_is_bounded(house: HookHouse) -> None:
    house.claude(
        {
            "SessionStart": [command("head -c 100000000 /dev/zero | tr '\\0' x")],
            "PreToolUse": [command("head -c 100000000 /dev/zero | tr '\\0' x >&2; exit 2")],
        }
    )
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), {"text": "ok"}])
    await ask(session, "go")
    assert sum(len(m.text) for m in session.messages) < 25_000
    assert len(results(client)[0][1]) < 11_000
    assert max(len(text) for _, _, text in ends(client)) < 3_000


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("exec <&-; sleep 0.1", "done"),
        ("exec >&-; exec 2>&-; sleep 0.1", "done"),
        ("kill -9 $$", "failed"),
        ("printf '\\xff\\xfe\\x00broken'", "done"),
        ("printf '{\\xff'", "failed"),
        ("echo '[1, 2]'", "done"),
        ('echo \'{"hookSpecificOutput": 5, "decision": [], "continue": "no"}\'', "done"),
        ('echo \'{"decision": "whatever"}\'', "done"),
    ],
)
async def test_odd_ends_block_nothing(house: HookHouse, line: str, state: str) -> None:
    house.claude({"PreToolUse": [command(line)]})
    client = RecordingClient()
    await _look(house, client)
    assert [s for _, s, _ in ends(client)] == [state], ends(client)
    assert results(client)[0][0] == "completed"


async def test_a_daemon_holds_up_nothing_and_is_gone_with_the_session(house: HookHouse) -> None:
    line = 'python3 -c \'import os,time; os.fork() and os._exit(0); os.setsid(); open("pid","w").write(str(os.getpid())); time.sleep(300)\' ; sleep 0.2'
    house.claude({"PreToolUse": [command(line)]})
    client = RecordingClient()
    began = time.monotonic()
    session = house.open(client, [call("list_dir", path="."), {"text": "ok"}])
    await ask(session, "go")
    assert time.monotonic() - began < 15
    assert not _is_gone(house.project / "pid")
    await house.app.library.close(session.session_id)
    assert _is_gone(house.project / "pid")


async def test_fifty_hooks_run_in_order(house: HookHouse) -> None:
    house.claude({"PreToolUse": [command(f"echo {n} >> order.txt") for n in range(50)]})
    client = RecordingClient()
    await _look(house, client)
    assert (house.project / "order.txt").read_text().split() == [str(n) for n in range(50)]
    assert len(ends(client)) == 50


async def test_cancelling_during_a_hook_is_quick_and_ends_it(house: HookHouse) -> None:
    house.claude({"PreToolUse": [command("trap '' TERM; echo $$ > pid; sleep 300")]})
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), {"text": "ok"}])
    turn = prompt(session, "go")
    async with asyncio.timeout(20):
        while not any(isinstance(e, HookUpdate) for e in client.events) or not (house.project / "pid").exists():
            await asyncio.sleep(0.02)
    began = time.monotonic()
    session.work.cancel(turn)
    end = await session.work.finished(turn)
    assert end.stop_reason == "cancelled"
    assert time.monotonic() - began < 3
    assert _is_gone(house.project / "pid")
    assert [status for status, _ in results(client)] == ["cancelled"]


async def test_a_hook_of_the_end_cannot_hold_up_closing(house: HookHouse) -> None:
    house.claude({"SessionEnd": [command("trap '' TERM; sleep 300")]})
    client = RecordingClient()
    session = house.open(client, [{"text": "ok"}])
    await ask(session, "go")
    began = time.monotonic()
    await house.app.library.close(session.session_id)
    assert time.monotonic() - began < 6


async def test_in_the_background_nobody_waits_and_once_is_once(house: HookHouse) -> None:
    house.claude(
        {
            "PreToolUse": [
                {"hooks": [{"type": "command", "command": "sleep 300", "async": True}]},
                {"hooks": [{"type": "command", "command": "echo once >> once.txt", "once": True}]},
            ]
        }
    )
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), call("list_dir", path=".", depth=2), {"text": "ok"}])
    await ask(session, "go")
    assert [status for status, _ in results(client)] == ["completed", "completed"]
    assert (house.project / "once.txt").read_text() == "once\n"
    await house.app.library.close(session.session_id)


async def test_a_program_can_say_itself_that_nobody_need_wait(house: HookHouse) -> None:
    late = """echo '{"async": true}'; sleep 0.4; touch late; sleep 300"""
    house.claude(
        {
            "PreToolUse": [
                command(late),
                command("""echo '{"async": true}'; echo '{"systemMessage": "said at once"}'"""),
            ]
        }
    )
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), call("shell", command="sleep 1"), {"text": "ok"}])
    began = time.monotonic()
    await ask(session, "go")
    assert time.monotonic() - began < 15
    assert {state for _, state, _ in ends(client)} == {"done"}
    assert (house.project / "late").exists()
    await house.app.library.close(session.session_id)


async def test_a_program_that_goes_on_still_ends_at_its_limit(house: HookHouse) -> None:
    house.claude({"SessionStart": [command("""echo '{"async": true}'; echo $$ > pid; sleep 300""", timeout=0.5)]})
    client = RecordingClient()
    session = house.open(client, [call("shell", command="sleep 2"), {"text": "ok"}])
    await ask(session, "go")
    assert _is_gone(house.project / "pid")


async def test_the_environment_holds_no_key_and_names_the_project(house: HookHouse, tmp_path: Path) -> None:
    made = HookHouse(tmp_path)
    made.app = type(made.app)({**made.environ, "OPENAI_API_KEY": "sk-secret", "MINE": "kept"})
    made.claude({"PreToolUse": [command("env > env.txt")]})
    await _look(made, RecordingClient())
    await made.app.close()
    found = dict(line.split("=", 1) for line in (made.project / "env.txt").read_text().splitlines() if "=" in line)
    assert "OPENAI_API_KEY" not in found
    assert found["MINE"] == "kept"
    assert found["CLAUDE_PROJECT_DIR"] == found["CASS_PROJECT_DIR"] == str(made.project)


async def test_what_is_wrong_in_a_file_is_told_once_and_the_rest_runs(house: HookHouse) -> None:
    path = house.claude(
        {
            "PreToolUse": [
                {"matcher": "([", "hooks": [{"type": "command", "command": "true"}]},
                {"hooks": [{"type": "http", "url": "http://x"}, {"type": "command"}, "nonsense"]},
                command(RECORD),
            ],
            "Stop": "nonsense",
            "OfTomorrow": [command("true")],
        }
    )
    (house.project / ".claude" / "settings.local.json").write_text("{\n  broken")
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), {"text": "one"}, {"text": "two"}])
    await ask(session, "go")
    await ask(session, "again")
    notices = [n.text for n in client.of(Notice)]
    assert len(house.seen()) == 1
    assert len(notices) == len(set(notices)) == 5
    line = path.read_text().splitlines().index('        "matcher": "([",') + 1
    assert any(
        f".claude/settings.json, line {line}: the matcher '([' is no regular expression" in n for n in notices
    )
    assert any("settings.local.json, line 2" in n for n in notices)


async def test_a_file_that_changes_counts_from_the_next_event_on(house: HookHouse) -> None:
    house.claude({"UserPromptSubmit": [command("echo one")]}, user=True)
    client = RecordingClient()
    session = house.open(client, [{"text": "a"}, {"text": "b"}])
    await ask(session, "first")
    house.claude({"UserPromptSubmit": [command("echo three")]}, user=True)
    await ask(session, "second")
    assert [m.text.split("\n")[-1] for m in session.messages if m.role == "user"] == [
        "first",
        "one",
        "second",
        "three",
    ]


async def test_a_hook_reads_a_large_call_whole_or_not_at_all(house: HookHouse) -> None:
    house.claude({"PreToolUse": [command("exit 0"), command("wc -c > size.txt")]})
    client = RecordingClient()
    content = "x" * 3_000_000
    await ask(house.open(client, [call("write_file", path="a", content=content), {"text": "ok"}]), "go")
    assert results(client)[0][0] == "completed"
    assert int((house.project / "size.txt").read_text()) > 3_000_000
    assert (house.project / "a").stat().st_size == 3_000_000
