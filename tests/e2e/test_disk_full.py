"""A disk that is full, from any write on: the user is told at once, the turn goes on, and when there is room again
everything is kept after all.

CASS_DISK_POINTS=all tries every write of a session, else a few are tried.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.app import App
from cass.protocol.methods import SessionResumeParams
from support.house import RecordingClient
from support.kept import is_kept
from support.outside import Place
from support.provider import ProviderServer, text, tool_call
from support.server import Message, ServerProcess, running

ALL = os.environ.get("CASS_DISK_POINTS") == "all"
FOR_EVER = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def answers(provider: ProviderServer) -> None:
    provider.answer(
        tool_call("read_file", path="a.txt", words="I look"),
        tool_call("edit_file", path="a.txt", old_string="two", new_string="zwei"),
        tool_call("shell", command="seq 1 30000", background=True),
        tool_call("shell", command="seq 1 30000"),
        text("done with it", pieces=4),
    )


def talk(server: ServerProcess, session: str, words: str) -> None:
    server.call(
        "cass/session/prompt",
        {"sessionId": session, "prompt": [{"type": "text", "text": words}], "wait": True},
    )


def sizes(place: Place, session: str) -> list[int]:
    """How long the journal is after each write."""
    out, at = [], 0
    for line in (place.state / "data" / "sessions" / f"{session}.jsonl").read_bytes().splitlines(keepends=True):
        at += len(line)
        out.append(at)
    return out


def limit(server: ServerProcess, size: int | None) -> None:
    """No file of the server's may become longer: a write beyond fails, as it does on a full disk."""
    bounds = FOR_EVER if size is None else (size, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, bounds)


async def reopened(place: Place, session: str) -> list[Message]:
    app = App(place.environ)
    try:
        opened = await app.library.resume(SessionResumeParams(session_id=session), RecordingClient(decide=None))
        assert opened.state == "idle"
        return [event.wire() for event in opened.stream.durable()]
    finally:
        await app.close()


def test_a_disk_that_is_full_from_any_write_on(place: Place, provider: ProviderServer, tmp_path: Path) -> None:
    (place.project / "a.txt").write_text("one\ntwo\nthree\n")
    answers(provider)
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize(flags={"approval": "auto"})
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        talk(server, session, "work")
    writes = sizes(place, session)
    assert len(writes) > 15
    points = writes if ALL else writes[:: len(writes) // 5]
    lost = 0
    for number, size in enumerate(points):
        here = Place(tmp_path / f"full{number}")
        here.environ |= {k: v for k, v in place.environ.items() if k not in ("HOME", "CASS_HOME")}
        lost += full_from(here, provider, size + 7, full=size < writes[-1] - 1_000)
    print(f"{len(points)} write positions, {lost} updates lost")
    assert lost == 0


def full_from(place: Place, provider: ProviderServer, size: int, *, full: bool) -> int:
    """One session on a disk where no file grows beyond `size`; how many durable updates were lost in the end."""
    file = place.project / "a.txt"
    file.write_text("one\ntwo\nthree\n")
    answers(provider)
    with running(place.state, cwd=place.project, **place.environ) as server:
        limit(server, size)
        server.initialize(flags={"approval": "auto"})
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        talk(server, session, "work")
        updates = [update for _, update in server.updates(session)]
        said = [u["text"] for u in updates if u["sessionUpdate"] == "_notice" and u["level"] == "error"]
        if full:
            assert sum("cannot be saved" in words for words in said) == 1
        ended = [u["stopReason"] for u in updates if u["sessionUpdate"] == "state_update" and u["state"] == "idle"]
        assert ended == ["end_turn"]
        assert file.read_text() == "one\nzwei\nthree\n"
        limit(server, None)
        provider.answer(text("again"))
        talk(server, session, "more")
        told = [update for _, update in server.updates(session) if is_kept(update)]
        if said:
            assert any("saved again" in u.get("text", "") for _, u in server.updates(session))
    kept = asyncio.run(reopened(place, session))
    assert [u["content"][0]["text"] for u in kept if u["sessionUpdate"] == "user_message"] == ["work", "more"]
    return sum(update not in kept for update in told)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB of its own."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_whole_disk_that_is_full_stops_nothing(place: Place, provider: ProviderServer, tiny: Path) -> None:
    """Everything that cass writes lies on it: journal, output, copies for undo, what was learned."""
    file = place.project / "a.txt"
    file.write_text("one\ntwo\nthree\n")
    answers(provider)
    place.environ["CASS_HOME"] = str(tiny)
    with running(tiny, cwd=place.project, **place.environ) as server:
        server.initialize(flags={"approval": "auto"})
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        free = os.statvfs(tiny).f_bavail * os.statvfs(tiny).f_frsize
        (tiny / "filler").write_bytes(b"x" * (free - 4_096))
        talk(server, session, "work " * 1_000)
        notices = [u["text"] for _, u in server.updates(session) if u["sessionUpdate"] == "_notice"]
        assert sum("cannot be saved" in words for words in notices) == 1, notices
        assert file.read_text() == "one\nzwei\nthree\n"
        (tiny / "filler").unlink()
        provider.answer(text("again"))
        talk(server, session, "more")
        told = [update for _, update in server.updates(session) if is_kept(update)]
    here = Place(place.root)
    here.environ["CASS_HOME"] = str(tiny)
    kept = asyncio.run(reopened(here, session))
    assert [update for update in told if update not in kept] == []
