"""`cass mcp serve`, used by a real MCP client, in both generations of the protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest

from mcp import Client, MCPError, StdioServerParameters

ERAS = ("legacy", "auto")


class Person:
    """Answers what is asked: yes, or no with a reason to what has "refuse" in it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, _: object, params: Any) -> types.ElicitResult:
        self.asked.append(params.message)
        names = params.requested_schema["properties"]["decision"]["enum"]
        if "refuse" in params.message:
            return types.ElicitResult(action="accept", content={"decision": names[-1], "reason": "not this one"})
        return types.ElicitResult(action="accept", content={"decision": names[0]})


class Desk:
    """A project, a home, and connections to `cass mcp serve` there."""

    def __init__(self, tmp_path: Path) -> None:
        self.project = tmp_path / "project"
        self.project.mkdir()
        (self.project / "a.txt").write_text("one\ntwo\n")
        self.home = tmp_path / "home"
        self.home.mkdir()
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("CASS_", "OPENAI_", "OPENROUTER_"))}
        self.env = {**keep, "CASS_HOME": str(self.home), "HOME": str(tmp_path), "OLLAMA_HOST": "127.0.0.1:9"}
        self.pid = tmp_path / "pid"

    @contextlib.asynccontextmanager
    async def connected(self, mode: str, *flags: str, person: Person | None = None) -> AsyncGenerator[Client]:
        code = f"import os, sys; open({str(self.pid)!r}, 'w').write(str(os.getpid())); os.execv(sys.argv[1], sys.argv[1:])"
        run = ["-c", code, sys.executable, "-m", "cass", "mcp", "serve", *flags]
        server = StdioServerParameters(command=sys.executable, args=run, env=self.env, cwd=self.project)
        async with Client(server, mode=mode, elicitation_callback=person, read_timeout_seconds=30) as client:  # pyright: ignore[reportArgumentType]
            yield client


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


@pytest.mark.parametrize("mode", ERAS)
async def test_what_changes_something_is_asked_about_and_shown(desk: Desk, mode: str) -> None:
    person = Person()
    said: list[str | None] = []

    async def said_so(progress: float, total: float | None, message: str | None) -> None:
        said.append(message)

    async with desk.connected(mode, person=person) as client:
        hints = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
        read = await client.call_tool("read_file", {"path": "a.txt"})
        written = await client.call_tool(
            "write_file", {"path": "b.txt", "content": "new\n"}, progress_callback=said_so
        )
        refused = await client.call_tool("write_file", {"path": "refuse.txt", "content": "new\n"})
        ran = await client.call_tool("shell", {"command": "cat b.txt"})
    assert hints["read_file"] and hints["read_file"].read_only_hint
    assert hints["shell"] and hints["shell"].destructive_hint
    assert "two" in _text(read)
    assert not written.is_error
    assert (desk.project / "b.txt").read_text() == "new\n"
    assert "Create b.txt" in said
    assert "not this one" in _text(refused)
    assert not (desk.project / "refuse.txt").exists()
    assert "new" in _text(ran)
    assert "+new" in person.asked[0]
    assert "cat b.txt" in person.asked[2]
    assert len(person.asked) == 3


@pytest.mark.parametrize("mode", ERAS)
async def test_without_a_person_nothing_is_changed_but_by_rule(desk: Desk, mode: str) -> None:
    async with desk.connected(mode, "--allow", "shell(ls*)") as client:
        denied = await client.call_tool("write_file", {"path": "b.txt", "content": "x"})
        allowed = await client.call_tool("shell", {"command": "ls a.txt"})
    assert denied.is_error
    assert "nobody is there to approve it" in _text(denied)
    assert not allowed.is_error


async def test_rules_mode_and_hooks_hold(desk: Desk) -> None:
    (desk.home / "config.toml").write_text(
        '[[hooks.PreToolUse]]\nmatcher = "read_file"\n'
        'hooks = [{ command = "grep -q secret && { echo none of that >&2; exit 2; } || true" }]\n'
    )
    async with desk.connected("auto", "--approval", "auto", "--mode", "plan", "--deny", "shell(ls*)") as client:
        hooked = await client.call_tool("read_file", {"path": "secret.txt"})
        planned = await client.call_tool("write_file", {"path": "b.txt", "content": "x"})
        denied = await client.call_tool("shell", {"command": "ls"})
    assert "none of that" in _text(hooked)
    assert not (desk.project / "b.txt").exists()
    assert "proposal" in _text(planned)
    assert denied.is_error


async def test_wrong_calls_are_told_what_is_wrong(desk: Desk) -> None:
    async with desk.connected("auto") as client:
        wrong = await client.call_tool("read_file", {"pth": "a.txt"})
        empty = await client.call_tool("cass", {})
        with pytest.raises(MCPError, match="no tool 'nothing'"):
            await client.call_tool("nothing", {})
    assert "path: Field required" in _text(wrong)
    assert "prompt: Field required" in _text(empty)


@pytest.mark.parametrize("mode", ERAS)
async def test_cass_itself_does_a_task_and_goes_on_with_it(desk: Desk, mode: str) -> None:
    script = desk.project.parent / "script.json"
    steps = [
        {"tool_calls": [{"name": "write_file", "arguments": {"path": "made.txt", "content": "by cass\n"}}]},
        {"text": "It is made."},
        {"text": "Still here."},
    ]
    script.write_text(json.dumps({"steps": steps}))
    person = Person()
    async with desk.connected(mode, "--model", f"scripted/{script}", person=person) as client:
        done = await client.call_tool("cass", {"prompt": "make it"})
        assert done.structured_content
        again = await client.call_tool(
            "cass", {"prompt": "and?", "session_id": done.structured_content["sessionId"]}
        )
        lost = await client.call_tool("cass", {"prompt": "and?", "session_id": "20260101-000000-00000000"})
    assert "It is made." in _text(done)
    assert (desk.project / "made.txt").read_text() == "by cass\n"
    assert "+by cass" in person.asked[0]
    assert "Still here." in _text(again)
    assert lost.is_error


@pytest.mark.parametrize("mode", ERAS)
async def test_a_call_that_is_cancelled_ends_with_what_it_runs(desk: Desk, mode: str) -> None:
    async with desk.connected(mode, "--approval", "auto") as client:
        call = asyncio.ensure_future(client.call_tool("shell", {"command": "echo x > began; exec sleep 987"}))
        while not (desk.project / "began").exists():
            await asyncio.sleep(0.05)
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await call
        async with asyncio.timeout(10):
            while _runs("sleep", "987"):
                await asyncio.sleep(0.05)
        assert not (await client.call_tool("read_file", {"path": "a.txt"})).is_error


async def test_calls_run_beside_each_other_and_each_is_asked_about(desk: Desk) -> None:
    person = Person()
    async with desk.connected("auto", person=person) as client:
        writes = [client.call_tool("write_file", {"path": f"{n}.txt", "content": f"{n}\n"}) for n in range(8)]
        results = await asyncio.gather(*writes)
    assert not any(result.is_error for result in results)
    assert sorted(path.name for path in desk.project.glob("?.txt")) == sorted(
        ["a.txt", *(f"{n}.txt" for n in range(8))]
    )
    assert len(person.asked) == 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_nothing_is_left_behind(desk: Desk, number: int) -> None:
    with contextlib.suppress(Exception):
        async with desk.connected("auto", "--approval", "auto") as client:
            call = asyncio.ensure_future(
                client.call_tool("shell", {"command": "echo x > began; sleep 986 & sleep 986"})
            )
            while not (desk.project / "began").exists():
                await asyncio.sleep(0.05)
            os.kill(int(desk.pid.read_text()), number)
            with contextlib.suppress(Exception):
                await call
    async with asyncio.timeout(5):
        while _runs("sleep", "986"):
            await asyncio.sleep(0.05)


def _runs(*words: str) -> bool:
    """Whether a process with just this command line is there."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes().rstrip(b"\0").split(b"\0") == [word.encode() for word in words]:
                return True
    return False
