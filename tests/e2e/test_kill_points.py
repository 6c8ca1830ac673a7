"""kill -9 at random moments of a busy turn: nothing that was told or acknowledged is lost, and the session goes on.

CASS_KILL_POINTS says how many moments are tried; CASS_KILL_SEED which ones.
"""

from __future__ import annotations

import asyncio
import os
import queue
import random
import signal
import subprocess
import time
from dataclasses import dataclass, field

import pytest

from cass.app import App
from cass.protocol.events import Event, Notice, PromptQueued, StateUpdate, UserMessage
from cass.protocol.messages import Text, ToolResult
from cass.protocol.methods import PromptParams, SessionResumeParams
from support.house import RecordingClient
from support.kept import is_kept
from support.outside import Place
from support.provider import ProviderServer, text, tool_call, tool_calls
from support.server import Message, ServerProcess

POINTS = int(os.environ.get("CASS_KILL_POINTS", "10"))
SEED = int(os.environ.get("CASS_KILL_SEED", "4"))
MESSAGES = 75
"""About how many messages the server sends in the whole of it."""

BODY = "".join(f"line {number}\n" for number in range(300))


@dataclass
class Run:
    """What one server told until it was killed. `taken` are words that were acknowledged, by message id."""

    session: str = ""
    told: list[Message] = field(default_factory=list[Message])
    taken: dict[str, str] = field(default_factory=dict[str, str])
    finished: bool = False


def drive(place: Place, provider: ProviderServer, kill_after: int, later: float, mark: str) -> Run:
    (place.project / "a.txt").write_text(BODY)
    provider.drop_answers()
    provider.fallback = text("a summary or an answer", pieces=8)
    provider.answer(
        tool_calls(
            ("read_file", {"path": "a.txt"}),
            ("shell", {"command": f"echo begun; sleep {mark}", "background": True}),
        ),
        tool_call("write_file", path="a.txt", content=BODY.replace("line 7\n", "line seven\n"), words="I write"),
        tool_call("shell", command="echo one; echo two > made.txt; sleep 0.02; echo three"),
        text("word " * 40, pieces=10),
    )  # fmt: skip
    run = Run()
    server = ServerProcess(place.state, cwd=place.project, **place.environ)
    words = {}

    def say(said: str, **more: object) -> None:
        content = [{"type": "text", "text": said}]
        words[server.request("cass/session/prompt", {"sessionId": run.session, "prompt": content, **more})] = said

    try:
        server.initialize(permission=True)
        run.session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        server.seen.clear()
        say("first words", clientKey="k1")
        say("queued words", mode="queue", clientKey="k2")
        say("steering words", mode="steer", clientKey="k3")
        say("/compact", mode="queue")
        count = idle = 0
        while count < kill_after and idle < 3:
            message = server.next(20)
            count += 1
            update = message.get("params", {}).get("update", {})
            idle += update.get("sessionUpdate") == "state_update" and update.get("state") == "idle"
            if message.get("method") == "cass/session/requestPermission":
                outcome = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}
                server.send({"jsonrpc": "2.0", "id": message["id"], "result": outcome})
        run.finished = idle >= 3
        time.sleep(later)
    except queue.Empty:
        pytest.fail(f"the server said nothing more; {server.stderr.decode()[-2000:]}")
    finally:
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        try:
            while True:
                server.next(20)
        except (AssertionError, queue.Empty):
            pass
    run.told = [update for _, update in server.updates(run.session)]
    for message in server.seen:
        if message.get("id") in words and "result" in message and "method" not in message:
            run.taken[message["result"]["messageId"]] = words[message["id"]]
    return run


async def look(place: Place, run: Run) -> None:
    """Open it again, as nobody who could decide, and go on."""
    app = App(place.environ)
    client = RecordingClient(decide=None)
    try:
        session = await app.library.resume(SessionResumeParams(session_id=run.session), client)
        events: list[Event] = list(session.stream.durable())
        kept = [event.wire() for event in events]
        missing = [update for update in run.told if is_kept(update) and update not in kept]
        assert missing == []
        notices = "\n".join(n.text for n in client.of(Notice))
        begun = {e.message_id for e in events if isinstance(e, UserMessage)}
        queued = {e.message_id: e for e in events if isinstance(e, PromptQueued)}
        for message_id, said in run.taken.items():
            assert message_id in queued
            done = message_id in begun or said.startswith("/")
            assert done or said in notices, f"{said!r} was acknowledged and is lost"
        turns = [e.turn_id for e in events if isinstance(e, StateUpdate) and e.state == "running"]
        ends = [e.turn_id for e in events if isinstance(e, StateUpdate) and e.state == "idle"]
        assert session.state == "idle"
        assert len(ends) == len(set(ends)) and set(turns) <= set(ends)
        assert sum("was interrupted" in n.text for n in client.of(Notice)) <= 1
        calls = [call.id for m in session.messages for call in m.tool_calls]
        results = [b.call_id for m in session.messages for b in m.content if isinstance(b, ToolResult)]
        assert sorted(calls) == sorted(results)
        params = PromptParams(session_id=run.session, prompt=(Text(text="go on"),))
        end = await asyncio.wait_for(session.work.finished(session.work.prompt(params)[0]), 20)
        assert end.stop_reason == "end_turn", end
    finally:
        await app.close()


def survivors(mark: str) -> list[str]:
    """Processes that still run the background command; a moment is granted to the guard."""
    found: list[str] = []
    for _ in range(100):
        listed = subprocess.run(["pgrep", "-fx", f"sleep {mark}"], capture_output=True, text=True).stdout
        found = listed.split()
        if not found:
            break
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("point", range(POINTS))
def test_a_kill_at_any_moment_loses_nothing(place: Place, provider: ProviderServer, point: int) -> None:
    chosen = random.Random(SEED * 100_000 + point)
    mark = f"30{os.getpid()}{point:04}"
    run = drive(place, provider, chosen.randrange(1, MESSAGES), chosen.choice((0, chosen.random() / 50)), mark)
    assert (place.project / "a.txt").read_text() in (BODY, BODY.replace("line 7\n", "line seven\n"))
    provider.drop_answers()
    provider.fallback = text("here again")
    asyncio.run(look(place, run))
    assert survivors(mark) == []
