"""Planted secrets that come in by side doors: imports, commands, file names, titles, a crash. They are in no file that
cass wrote and in no request."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support import planted
from support.outside import Place
from support.provider import ProviderServer, text, tool_call
from support.server import ServerProcess, running

ALL = "\n".join(planted.text(name) for name in planted.PLANTED if name != "netrc") + "\n" + planted.PEM


def found(folder: Path) -> dict[str, list[str]]:
    """Secrets in any file below a folder, as bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    leaks = {str(path): planted.leaked(path.read_bytes().decode("latin-1")) for path in files}
    return {path: secrets for path, secrets in leaks.items() if secrets}


def claude(path: Path) -> None:
    said = {"isSidechain": False, "cwd": "/nowhere", "sessionId": "x", "timestamp": "2025-07-01T00:00:00Z"}
    call = {
        "type": "tool_use",
        "id": "t1",
        "name": "Bash",
        "input": {"command": "env", "env": {"API_KEY": "q9w8e7r6t5y4u3i2"}},
    }
    result = {"type": "tool_result", "tool_use_id": "t1", "content": ALL}
    entries: list[dict[str, object]] = [
        {**said, "type": "user", "uuid": "a", "message": {"role": "user", "content": planted.text("openrouter") + "\n" + ALL}},
        {**said, "type": "assistant", "uuid": "b", "message": {"role": "assistant", "content": [{"type": "text", "text": ALL}, call]}},
        {**said, "type": "user", "uuid": "c", "message": {"role": "user", "content": [result]}},
        {"type": "summary", "summary": planted.text("github"), "leafUuid": "c"},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def test_what_is_brought_in_and_taken_out_is_masked(place: Place) -> None:
    log = place.root / "log.jsonl"
    claude(log)
    (place.root / "history.md").write_text(
        f"# aider chat started at 2025-07-01 10:00:00\n\n#### use {planted.text('github')}\n\n{ALL}\n"
    )
    out = place.root / "out"
    out.mkdir()
    with running(place.state, cwd=place.project, **place.environ, CASS_LOG__LEVEL="debug") as server:
        server.initialize()
        made: list[str] = []
        for path, form in ((log, "claude"), (place.root / "history.md", "aider")):
            result = server.call(
                "cass/session/import", {"path": str(path), "format": form, "cwd": str(place.project)}
            )
            made += [session["sessionId"] for session in result["sessions"]]
        assert len(made) == 2
        listed = json.dumps(server.call("cass/session/list", {}))
        hits = json.dumps(server.call("cass/session/search", {"query": planted.PLANTED["openrouter"][0]}))
        hits += json.dumps(server.call("cass/session/search", {"query": "AccountName"}))
        formats = {"json": "json", "markdown": "md", "html": "html"}
        for session in made:
            for form, ext in formats.items():
                target = out / f"{session}.{ext}"
                server.call("cass/session/export", {"sessionId": session, "format": form, "path": str(target)})
        noise = server.stderr.decode()
    assert planted.leaked(listed + hits + noise) == []
    assert "q9w8e7r6t5y4u3i2" not in "".join(path.read_text("latin-1") for path in place.state.rglob("*.jsonl"))
    assert found(place.state) == {}
    assert found(out) == {}
    assert len(list(out.iterdir())) == 6


def test_a_session_kept_with_masking_off_is_exported_masked(place: Place, provider: ProviderServer) -> None:
    provider.answer(text("fine"))
    plain = {**place.environ, "CASS_SECRETS__MASK": "false"}
    with running(place.state, cwd=place.project, **plain) as server:
        server.initialize()
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        words = [{"type": "text", "text": planted.text("stripe")}]
        server.call("cass/session/prompt", {"sessionId": session, "prompt": words, "wait": True})
        server.call("cass/session/close", {"sessionId": session})
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize()
        content = server.call("cass/session/export", {"sessionId": session, "format": "json"})["content"]
    assert planted.leaked(content) == []


def say(server: ServerProcess, session: str, words: str) -> int:
    content = [{"type": "text", "text": words}]
    return server.request("cass/session/prompt", {"sessionId": session, "prompt": content, "wait": True})


@pytest.mark.parametrize("killed", [False, True])
def test_commands_over_files_full_of_secrets(place: Place, provider: ProviderServer, killed: bool) -> None:
    project = place.project
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    for number in range(40):
        (project / f"c{number}").mkdir()
        (project / f"c{number}" / ".env").write_text(f"N={number}\n{ALL}")
    (project / "more.yaml").write_text("auth:\n  " + ALL.replace("\n", "\n  "))
    (project / "dump.sql").write_text(ALL * 700)  # big: a file of its own in the store
    subprocess.run(["git", "-C", str(project), "add", "more.yaml"], check=True)
    (project / "more.yaml").write_text("auth: none\n")
    basic = base64.b64encode(b"deploy:" + planted.PLANTED["stripe"][0].encode()).decode()
    provider.answer(
        tool_call("shell", command="git diff; git diff --cached; cat c1/.env | tr a-z A-Z >/dev/null; rm -r c2 c3"),
        tool_call("shell", command=f"printf 'Authorization: Basic {basic}\\n'; head -c 300000 dump.sql"),
        tool_call("shell", command="sed -i 's/N=/M=/' c*/.env; cat c4/.env >&2; ls; touch ../ready; " + "sleep 30" * killed),
        text(f"The key is {planted.text('anthropic')}"),
    )  # fmt: skip
    with running(place.state, cwd=project, **place.environ, CASS_LOG__LEVEL="debug") as server:
        server.initialize(flags={"approval": "auto"})
        session = server.call("cass/session/new", {"cwd": str(project)})["sessionId"]
        said = say(server, session, f"{planted.text('vault')}: go on with it")
        if killed:
            while not (place.root / "ready").exists():
                signal.sigtimedwait([], 0.01)
            os.kill(server.process.pid, signal.SIGKILL)
            server.wait()
        else:
            server.answer(said)
        noise = server.stderr.decode()
    with running(place.state, cwd=project, **place.environ, CASS_LOG__LEVEL="debug") as server:
        server.initialize(flags={"approval": "auto"})
        server.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "start"}})
        turn = server.call("cass/rewind/list", {"sessionId": session})["turns"][0]["turnId"]
        done = server.call("cass/rewind/apply", {"sessionId": session, "turnId": turn, "scope": "files"})
        assert not done["refused"]
        noise += server.stderr.decode() + json.dumps(server.seen)
    assert planted.leaked(noise) == []
    assert basic not in noise
    assert found(place.state) == {}
    assert [request for request in provider.requests if planted.leaked(request.body.decode())] == []
    assert (project / "c2" / ".env").read_text() == f"N=2\n{ALL}"
    assert (project / "c9" / ".env").read_text() == f"N=9\n{ALL}"
