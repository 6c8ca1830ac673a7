"""kill -9 while something is done to files: what was done until then can be taken back, what came after stays."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.outside import Place
from support.provider import ProviderServer, text, tool_call
from support.server import ServerProcess, running
from support.trees import command, grow, tree


@contextmanager
def opened(place: Place) -> Iterator[ServerProcess]:
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize(flags={"approval": "auto"})
        yield server


def say(server: ServerProcess, session: str, words: str) -> int:
    content = [{"type": "text", "text": words}]
    return server.request("cass/session/prompt", {"sessionId": session, "prompt": content, "wait": True})


def kill(server: ServerProcess) -> None:
    os.kill(server.process.pid, signal.SIGKILL)
    server.wait()


def rewind(server: ServerProcess, method: str, session: str, **more: object) -> Any:
    listed = server.call("cass/rewind/list", {"sessionId": session})
    turn = {"turnId": listed["turns"][0]["turnId"], "scope": "files"} if method != "undo" else {}
    return server.call(f"cass/rewind/{method}", {"sessionId": session, **turn, **more})


def killed_in_shell(place: Place, provider: ProviderServer, line: str) -> str:
    """A session whose server was killed after this command had done its work and before it ended."""
    provider.answer(tool_call("shell", command=f"{line}; touch ../ready; sleep 60"))
    with opened(place) as server:
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        say(server, session, "go")
        while not (place.root / "ready").exists():
            signal.sigtimedwait([], 0.01)
        kill(server)
    return session


@pytest.mark.parametrize("seed", range(4))
def test_what_a_killed_command_did_is_taken_back(place: Place, provider: ProviderServer, seed: int) -> None:
    rng = random.Random(seed)
    names = grow(place.project, rng, 25)
    before = tree(place.project)
    session = killed_in_shell(place, provider, command(rng, names))
    after = tree(place.project)
    with opened(place) as server:
        server.call("cass/session/resume", {"sessionId": session})
        shown = rewind(server, "preview", session)
        assert shown["files"]
        assert "cass ended while" in " ".join(shown["problems"])
        done = rewind(server, "apply", session)
        assert not done["refused"]
        assert tree(place.project) == before
        rewind(server, "undo", session)
        assert tree(place.project) == after
        listed = server.call("cass/rewind/list", {"sessionId": session})["turns"]
        server.call("cass/session/close", {"sessionId": session})
        server.call("cass/session/resume", {"sessionId": session})
        assert server.call("cass/rewind/list", {"sessionId": session})["turns"] == listed  # found once


def test_what_was_changed_after_the_kill_is_the_users(place: Place, provider: ProviderServer) -> None:
    for name in ("by command", "by both", "by user", "gone"):
        (place.project / name).write_text("before\n")
    line = "echo command | tee 'by command' 'by both' > made; rm gone"
    session = killed_in_shell(place, provider, line)
    signal.sigtimedwait(
        [], 6.0
    )  # a command that is killed may go on for a moment: only later changes are surely the user's
    (place.project / "by both").write_text("user\n")
    (place.project / "by user").write_text("user\n")
    (place.project / "new").write_text("user\n")
    with opened(place) as server:
        server.call("cass/session/resume", {"sessionId": session})
        done = rewind(server, "apply", session)
    told = {Path(f["path"]).name: f["action"] for f in (*done["restored"], *done["refused"])}
    assert told == {
        "by command": "restored", "made": "removed", "gone": "recreated", "by both": "refused", "by user": "refused",
    }  # fmt: skip
    assert {p.name: p.read_text() for p in place.project.iterdir()} == {
        "by command": "before\n", "by both": "user\n", "by user": "user\n", "gone": "before\n", "new": "user\n",
    }  # fmt: skip


FILES = [f"f{number}" for number in range(300)]


@pytest.mark.parametrize("later", [0.0, 0.004, 0.02, 0.05, 0.09])
def test_a_rewind_that_is_killed_can_be_undone_whole(place: Place, provider: ProviderServer, later: float) -> None:
    for name in FILES:
        (place.project / name).write_text("before\n")
    before = tree(place.project)
    provider.answer(tool_call("shell", command="for f in *; do echo after > $f; done"), text("done"))
    with opened(place) as server:
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        server.answer(say(server, session, "go"))
        after = tree(place.project)
        listed = server.call("cass/rewind/list", {"sessionId": session})
        server.request(
            "cass/rewind/apply",
            {"sessionId": session, "turnId": listed["turns"][0]["turnId"], "scope": "files"},
        )
        while all(path.read_text() != "before\n" for path in place.project.glob("f*")):
            signal.sigtimedwait([], 0.001)
        signal.sigtimedwait([], later)
        kill(server)
    halfway = tree(place.project)
    assert halfway not in (after,)
    with opened(place) as server:
        server.call("cass/session/resume", {"sessionId": session})
        assert not rewind(server, "undo", session)["refused"]
        assert {n: s for n, s in tree(place.project).items() if n in after} == after
        assert not rewind(server, "apply", session)["refused"]
        assert {n: s for n, s in tree(place.project).items() if n in before} == before
