"""`cass acp` with clients that others made: acpx, and the protocol's TypeScript SDK. `.ci/acp.sh PREFIX` installs them;
CASS_E2E names the PREFIX."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.acpschema import AcpSchema
from support.outside import LIMIT, Place
from support.server import Message

PREFIX = Path(os.environ.get("CASS_E2E", "/nonexistent"))
MODULES = PREFIX / "acp" / "node_modules"
NODE = PREFIX / "nodepip" / "bin"
AGENT = [sys.executable, "-P", "-m", "cass", "acp"]

pytestmark = pytest.mark.skipif(
    not (MODULES / "acpx").exists() or not (NODE / "node").exists(),
    reason="no acpx: run .ci/acp.sh PREFIX and set CASS_E2E=PREFIX",
)

EDIT = {
    "thinking": "Two is wrong.",
    "text": "I change it.",
    "tool_calls": [{"name": "edit_file", "arguments": {"path": "a.txt", "old_string": "two", "new_string": "2"}}],
}
DENIED = 5
"""acpx ends so when it was asked for permission and gave none."""
SLOW = {"text": "word " * 2_000, "chunk": 5, "delay_ms": 20}


@pytest.fixture(scope="module")
def schema() -> AcpSchema:
    return AcpSchema(MODULES / "@agentclientprotocol" / "sdk" / "schema" / "v1" / "schema.json")


class Acpx:
    """acpx in a place, with cass as its agent and a script as the model."""

    def __init__(self, place: Place, *steps: object) -> None:
        self.place = place
        self.file = place.project / "a.txt"
        self.file.write_text("one\ntwo\n")
        script = place.root / "script.json"
        script.write_text(json.dumps({"steps": steps}))
        self.environ = {
            **place.environ,
            "PATH": f"{NODE}:{place.environ['PATH']}",
            "CASS_MODEL": f"scripted/{script}",
        }

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        agent = shlex.join(AGENT)
        return [str(MODULES / ".bin" / "acpx"), "--agent", agent, "--cwd", str(self.place.project), *arguments]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Standard output of a command that must end with this code."""
        done = subprocess.run(
            self.command(*arguments), env=self.environ, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def transcript(self, *arguments: str, code: int = 0) -> list[Message]:
        """All messages that a command exchanged with cass."""
        out = self.run("--format", "json", "--json-strict", *arguments, code=code)
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def acpx(place: Place) -> Iterator[Callable[..., Acpx]]:
    """Makes an acpx whose session is closed at the end: it keeps a process for it."""
    made: list[Acpx] = []
    yield lambda *steps: made.append(Acpx(place, *steps)) or made[-1]
    for one in made:
        subprocess.run(
            one.command("sessions", "close"), env=one.environ, capture_output=True, timeout=LIMIT, check=False
        )


def _updates(transcript: list[Message]) -> list[Message]:
    return [m["params"]["update"] for m in transcript if m.get("method") == "session/update"]


def _text(transcript: list[Message]) -> str:
    chunks = [u for u in _updates(transcript) if u["sessionUpdate"] == "agent_message_chunk"]
    return "".join(u["content"]["text"] for u in chunks)


def test_an_approved_edit(acpx: Callable[..., Acpx], schema: AcpSchema) -> None:
    run = acpx(EDIT, {"text": "Done."})
    transcript = run.transcript("--approve-all", "exec", "please")
    assert run.file.read_text() == "one\n2\n"
    assert _text(transcript) == "I change it.Done."
    methods = {m["method"] for m in transcript if "method" in m}
    assert {"session/request_permission", "fs/read_text_file", "fs/write_text_file"} <= methods
    (call,) = [u for u in _updates(transcript) if u["sessionUpdate"] == "tool_call"]
    assert call["content"][0]["newText"] == "one\n2\n"
    assert schema.check(transcript) > 10


def test_a_denied_edit_changes_nothing(acpx: Callable[..., Acpx], schema: AcpSchema) -> None:
    run = acpx({**EDIT, "text": "Try."}, {"text": "I see."})
    transcript = run.transcript("--deny-all", "--no-fs", "exec", "please", code=DENIED)
    assert run.file.read_text() == "one\ntwo\n"
    assert _text(transcript) == "Try.I see."
    assert any(m.get("method") == "session/request_permission" for m in transcript)
    last = [u for u in _updates(transcript) if u["sessionUpdate"] == "tool_call_update"][-1]
    assert last["status"] == "failed"
    schema.check(transcript)


def test_a_session_is_taken_up_again_by_another_process(acpx: Callable[..., Acpx], schema: AcpSchema) -> None:
    run = acpx({"text": "First."}, {"text": "Second."})
    run.run("sessions", "new")
    first = run.transcript("--ttl", "1", "prompt", "one")
    _gone(run)
    second = run.transcript("--ttl", "1", "prompt", "two")
    assert (_text(first), _text(second)) == ("First.", "Second.")
    assert {"session/resume", "session/load"} & {m.get("method") for m in second}
    assert schema.check(first) + schema.check(second) > 10


def test_a_turn_is_cancelled_and_the_session_goes_on(acpx: Callable[..., Acpx], schema: AcpSchema) -> None:
    run = acpx(SLOW, {"text": "Here again."})
    run.run("sessions", "new")
    out = run.place.root / "out"
    command = run.command("--format", "json", "--json-strict", "prompt", "slowly")
    with out.open("wb") as file, subprocess.Popen(command, env=run.environ, stdout=file) as slow:
        _until(lambda: b"agent_message_chunk" in out.read_bytes())
        run.run("cancel")
        slow.wait(LIMIT)
    cancelled = [json.loads(line) for line in out.read_text().splitlines()]
    assert cancelled[-1]["result"] == {"stopReason": "cancelled"}
    schema.check(cancelled)
    assert _text(run.transcript("prompt", "and now")) == "Here again."


def test_the_typescript_sdk_accepts_every_message(acpx: Callable[..., Acpx]) -> None:
    run = acpx(EDIT, {"text": "Done."}, SLOW)
    client = Path(__file__).parent / "acp" / "sdk_client.mjs"
    done = subprocess.run(
        [str(NODE / "node"), str(client), str(run.place.project), *AGENT],
        cwd=MODULES.parent,
        env=run.environ,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    saw: dict[str, Any] = json.loads(done.stdout)
    assert (saw["version"], saw["agent"], saw["stops"]) == (1, "cass", ["end_turn", "cancelled"])
    assert (saw["asked"], saw["files"], saw["titles"]) == (["Edit a.txt"], [str(run.file)], ["please"])
    assert saw["effort"] == "low"
    assert saw["text"].startswith("I change it.Done.word")
    assert {"user_message_chunk", "tool_call", "agent_thought_chunk"} <= set(saw["replayed"])
    assert run.file.read_text() == "one\n2\n"
    assert not done.stderr, done.stderr


def _gone(run: Acpx) -> None:
    """Wait until the process that acpx keeps for a session has ended."""
    _until(lambda: "running" not in run.run("status"))


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
