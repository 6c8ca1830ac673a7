"""kill -9 at any moment: no file is half-written, nothing that was told is lost, and the session goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from support.kept import is_kept
from support.outside import Place
from support.provider import ProviderServer, text, tool_call
from support.server import Message, ServerProcess, running

FILES = [f"f{number}.txt" for number in range(6)]


def body(name: str, mark: str) -> str:
    return "".join(f"line {number} of {name}{mark if number == 5 else ''}\n" for number in range(500))


def patch() -> str:
    lines = ["*** Begin Patch"]
    for name in FILES:
        lines += [
            f"*** Update File: {name}",
            "@@",
            f" line 4 of {name}",
            f"-line 5 of {name}",
            f"+line 5 of {name} new",
        ]
    return "\n".join([*lines, "*** End Patch"])


def prompt(server: ServerProcess, session: str, words: str, **more: object) -> int:
    content = [{"type": "text", "text": words}]
    return server.request("cass/session/prompt", {"sessionId": session, "prompt": content, **more})


def stages() -> list[Any]:
    """Which update the server is killed after, and how many of them are let through before."""
    chosen = random.Random(7)
    wanted = [
        *(("agent_message_chunk", chosen.randrange(6)) for _ in range(2)),
        *(("_edit_update", chosen.randrange(2)) for _ in range(4)),
        *(("tool_call_update", chosen.randrange(4)) for _ in range(4)),
        ("state_update", 1),
    ]
    return [
        pytest.param(kind, skip, chosen.random() / 50, id=f"{kind}-{i}") for i, (kind, skip) in enumerate(wanted)
    ]


@pytest.mark.parametrize(("kind", "skip", "later"), stages())
def test_a_killed_server_leaves_whole_files_and_a_session_that_goes_on(
    place: Place, provider: ProviderServer, kind: str, skip: int, later: float
) -> None:
    for name in FILES:
        (place.project / name).write_text(body(name, ""))
    provider.answer(
        text("word " * 100, pieces=100), tool_call("apply_patch", patch=patch(), words="I patch"),
        tool_call("shell", command="echo begin > sh.txt; sleep 0.02; echo end >> sh.txt"), text("done"),
    )  # fmt: skip
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize(flags={"approval": "auto"})
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        prompt(server, session, "talk")
        prompt(server, session, "work", mode="queue")
        left = skip

        def reached(message: Message) -> bool:
            nonlocal left
            found = message.get("params", {}).get("update", {}).get("sessionUpdate") == kind
            left -= found
            return found and left < 0

        server.until(reached)
        signal.sigtimedwait([], later)  # a random moment shortly after it
        os.kill(server.process.pid, signal.SIGKILL)
        with pytest.raises(AssertionError, match="the server ended"):
            server.until(lambda message: False)
        told = [update for _, update in server.updates(session)]
    states = {(place.project / name).read_text() == body(name, " new") for name in FILES}
    assert all((place.project / n).read_text() in (body(n, ""), body(n, " new")) for n in FILES), states
    goes_on(place, provider, session)
    kept = journal(place, session)
    missing = [update for update in told if is_kept(update) and update not in kept]
    assert missing == []


def journal(place: Place, session: str) -> list[Message]:
    lines = (place.state / "data" / "sessions" / f"{session}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines[1:]]


def goes_on(place: Place, provider: ProviderServer, session: str) -> None:
    """The next prompt works, and the conversation that it is asked with is whole: every call has its answer."""
    provider.drop_answers()
    provider.fallback = text("here again")
    done = place.run("-p", "go on", "-r", session, "--output-format", "json")
    assert (done.code, done.json["text"]) == (0, "here again"), done
    messages = provider.requests[-1].json["messages"]
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    answers = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert sorted(calls) == sorted(answers)
    assert messages[-1]["content"] == "go on"
    closed = [u for u in journal(place, session) if u["sessionUpdate"] == "state_update"]
    turns = [u["turnId"] for u in closed if u["state"] == "idle"]
    assert len(turns) == len(set(turns))


def test_a_journal_that_is_cut_at_any_byte_of_its_end_still_opens(place: Place, provider: ProviderServer) -> None:
    provider.answer(tool_call("shell", command="echo hello", words="Größe 日本"), text("Ende 🙂"))
    first = place.run("-p", "wörk", "--approval", "auto", "--output-format", "json").json["sessionId"]
    folder = place.state / "data" / "sessions"
    whole = (folder / f"{first}.jsonl").read_bytes()
    start = len(whole) - len(b"".join(whole.splitlines(keepends=True)[-3:]))
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize()
        for cut in range(start, len(whole)):
            resume_cut(server, folder, whole[:cut], f"{first}-{cut}")
    for cut in (start, start + 7, len(whole) - 1):
        resumed = f"{first}-{cut}"
        (folder / f"{resumed}.jsonl").write_bytes(renamed(whole[:cut], resumed))
        goes_on(place, provider, resumed)


def renamed(data: bytes, session: str) -> bytes:
    header, _, rest = data.partition(b"\n")
    return json.dumps({**json.loads(header), "sessionId": session}).encode() + b"\n" + rest


def resume_cut(server: ServerProcess, folder: Path, data: bytes, session: str) -> None:
    (folder / f"{session}.jsonl").write_bytes(renamed(data, session))
    params = {"sessionId": session, "replayFrom": {"type": "start"}}
    result = server.call("cass/session/resume", params)
    assert result["state"] == "idle"
    replayed = [update for _, update in server.updates(session) if is_kept(update)]
    lines = (json.loads(line) for line in data.splitlines()[1:-1])
    whole_lines = [update for update in lines if is_kept(update)]
    assert replayed[: len(whole_lines)] == whole_lines
    server.call("cass/session/close", {"sessionId": session})
    server.seen.clear()


def test_a_session_that_was_only_begun_is_no_obstacle(place: Place, provider: ProviderServer) -> None:
    provider.answer(text("first"))
    session = place.run("-p", "a", "--output-format", "json").json["sessionId"]
    folder = place.state / "data" / "sessions"
    for number, data in enumerate((b"", b'{"cass": 1, "sess', b"\x00" * 50, b"{}\n")):
        shutil.copy(folder / f"{session}.jsonl", folder / f"broken{number}.jsonl")
        (folder / f"broken{number}.jsonl").write_bytes(data)
    provider.answer(text("second"))
    assert place.run("-p", "b", "-c").out == "second\n"
    assert place.run("-p", "b", "-r", "broken1").code == 2
    assert place.run("sessions", "list").code == 0


@pytest.mark.parametrize("written", [False, True])
def test_a_change_that_was_cut_off_is_what_the_disk_says(
    place: Place, provider: ProviderServer, written: bool
) -> None:
    file = place.project / "f0.txt"
    file.write_text("old\n")
    provider.answer(tool_call("write_file", path="f0.txt", content="new\n"))
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize(permission=True)
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        prompt(server, session, "write")
        server.until(lambda message: message.get("method") == "cass/session/requestPermission")
        server.process.kill()
        server.process.wait()
    if written:
        file.write_text("new\n")  # as if it had been killed a moment later
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize(flags={"approval": "auto"})
        server.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "start"}})
        states = [u["state"] for _, u in server.updates(session) if u["sessionUpdate"] == "_edit_update"]
        assert states[-1] == ("applied" if written else "stale")
        provider.answer(tool_call("read_file", path="f0.txt"), text("done"))
        server.call("cass/session/prompt", {"sessionId": session, "prompt": TALK, "wait": True})
    assert provider.requests[-1].json["messages"][-1]["content"] == file.read_text()


TALK = [{"type": "text", "text": "hi"}]
