"""Planted secrets: read in every way there is, they are in no file that cass wrote and in no request, and in the user's
own files they stay."""

from __future__ import annotations

import json
import os
import stat
import zlib
from pathlib import Path

import pytest

from support import planted
from support.outside import Place
from support.provider import ProviderServer, text, tool_call, tool_calls
from support.server import ServerProcess, running

NAMES = [name for name in planted.PLANTED if name != "netrc"]


def plant(project: Path) -> None:
    secrets = project / "conf"
    secrets.mkdir()
    (secrets / ".env").write_text(
        "".join(f"# {name}\n{planted.text(name)}\nPORT_{n}=1\n" for n, name in enumerate(NAMES))
    )
    (secrets / "netrc").write_text(planted.text("netrc") + "\n")
    (secrets / "key.pem").write_text(planted.PEM)
    (secrets / "gcp.json").write_text(planted.GCP)
    (project / "CASS.md").write_text(f"# Rules\n\nThe server is reached with {planted.text('bearer')}\n")
    (project / "app.py").write_text(
        f"import os\n{planted.text('python')}\nport = 80\n{planted.text('javascript')}\n"
    )


def say(server: ServerProcess, session: str, words: str) -> object:
    content = [{"type": "text", "text": words}]
    return server.call("cass/session/prompt", {"sessionId": session, "prompt": content, "wait": True})


def written(home: Path) -> dict[str, str]:
    """What cass wrote, but for the copies for undo, which are the user's files and are looked into to see that."""
    found: dict[str, str] = {}
    for file in (f for f in home.rglob("*") if f.is_file()):
        data = file.read_bytes()
        if "baselines" in file.parts or "checkpoints" in file.parts:
            assert planted.leaked(data.decode("utf-8", "ignore")) == [], file
            continue
        found[str(file)] = data.decode("utf-8", "replace")
    return found


@pytest.fixture
def wide_umask() -> object:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("wide_umask")
def test_no_planted_secret_is_kept_or_sent_and_files_keep_theirs(place: Place, provider: ProviderServer) -> None:
    plant(place.project)
    environ = {f"PLANTED_{n}_TOKEN": planted.PLANTED[name][0] for n, name in enumerate(NAMES[:20])}
    # Long before it is shown whole, so that it goes into a file; and in the background.
    loud = "for i in $(seq 1 300); do cat conf/.env conf/key.pem; done"
    provider.answer(
        tool_calls(
            ("read_file", {"path": "conf/.env"}), ("read_file", {"path": "conf/netrc"}),
            ("read_file", {"path": "conf/gcp.json"}), ("read_file", {"path": "conf/key.pem", "offset": 6, "limit": 4}),
            ("grep", {"pattern": ".", "path": "conf"}), ("grep", {"pattern": "password", "context": 2}),
        ),
        tool_call("shell", command=loud),
        tool_call("shell", command="env; python3 -c \"raise SystemExit(open('conf/.env').read())\""),
        tool_call("shell", command=loud, background=True),
        tool_call("shell_job", job="4", wait=5),
        tool_call("edit_file", path="conf/.env", old_string="PORT_3=1", new_string="PORT_3=2"),
        tool_call("write_file", path="new.txt", content=f"made up: {planted.text('stripe')}\n"),
        text(f"I found {planted.text('vault')}"),
    )  # fmt: skip
    with running(place.state, cwd=place.project, **place.environ, **environ, CASS_LOG__LEVEL="debug") as server:
        server.initialize(permission=True, flags={"approval": "auto"})
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        say(server, session, f"Look at it. {planted.text('words')} Also {planted.text('github')}")
        server.call("cass/session/shell", {"sessionId": session, "command": "cat conf/*"})
        # Edits near a secret and of it, by what the model was shown.
        shown = place_holder(provider, "Tr0ub4dor")
        provider.answer(
            tool_call("read_file", path="app.py"),
            tool_call("edit_file", path="app.py", old_string=f'password = "{shown}"\nport = 80', new_string=f'password = "{shown}"\nport = 81'),
            tool_call("shell", command=f"echo {shown}"),
            tool_call("write_file", path="other.txt", content=f"copied {shown}\n"),
            text("done"),
        )  # fmt: skip
        say(server, session, "edit")
        server.call("cass/session/close", {"sessionId": session})
        noise = server.stderr.decode()
    whole = "\n".join(request.body.decode() for request in provider.requests)
    assert planted.leaked(whole) == []
    assert {
        name: planted.leaked(content) for name, content in written(place.state).items() if planted.leaked(content)
    } == {}
    assert planted.leaked(noise) == []
    app = (place.project / "app.py").read_text()
    assert app == f"import os\n{planted.text('python')}\nport = 81\n{planted.text('javascript')}\n"
    assert "PORT_3=2" in (place.project / "conf" / ".env").read_text()
    assert set(planted.leaked((place.project / "conf" / ".env").read_text())) >= {
        planted.PLANTED[n][0] for n in NAMES
    }
    assert planted.PLANTED["stripe"][0] in (place.project / "new.txt").read_text()
    assert not (place.project / "other.txt").exists()
    refusals = [m["content"] for m in provider.requests[-1].json["messages"] if m["role"] == "tool"][-2:]
    assert "Let the program read the secret on its own" in refusals[0]
    assert "does not hold" in refusals[1]
    assert all("[masked:" not in f.read_text() for f in place.project.rglob("*") if f.is_file())
    for path in place.state.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"


def place_holder(provider: ProviderServer, secret: str) -> str:
    """What the model was given for the password in app.py; it comes with the grep's result."""
    bodies = "\n".join(json.dumps(m) for m in provider.requests[-1].json["messages"])
    return next(
        part.split("\\")[0] for part in bodies.split('password = \\\\\\"')[1:] + bodies.split('password = \\"')[1:]
    ).rstrip('"')


@pytest.mark.parametrize("crashed", [False, True])
def test_a_proposal_that_was_kept_masked_is_applied_with_its_secrets(
    place: Place, provider: ProviderServer, crashed: bool
) -> None:
    plant(place.project)
    before = (place.project / "app.py").read_text()
    edit = tool_call("edit_file", path="app.py", old_string="import os\n", new_string="import os\nimport sys\n")
    # The second one changes the line that holds the secret.
    rewrite = tool_call("edit_file", path="app.py", old_string='"\nport = 80', new_string='"  # keep\nport = 82')
    new = tool_call("write_file", path="made.txt", content=planted.text("stripe") + "\n")
    provider.answer(edit, rewrite, new, text("proposed"))
    server = ServerProcess(place.state, cwd=place.project, **place.environ)
    server.initialize(permission=True, flags={"mode": "plan"})
    session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
    say(server, session, "propose")
    if crashed:
        server.process.kill()
        server.wait()
        server = ServerProcess(place.state, cwd=place.project, **place.environ)
        server.initialize(permission=True, flags={"mode": "plan"})
        server.call("cass/session/resume", {"sessionId": session, "replayFrom": {"type": "start"}})
    listed = server.call("cass/review/list", {"sessionId": session})
    hunks = [hunk for file in listed["files"] for hunk in file["hunks"]]
    assert "import sys" in json.dumps(hunks)
    result = server.call("cass/review/resolve", {"sessionId": session, "action": "keep"})
    server.stop()
    changed = before.replace("os\n", "os\nimport sys\n", 1).replace('"\nport = 80', '"  # keep\nport = 82')
    assert (place.project / "app.py").read_text() == changed
    made = place.project / "made.txt"
    if crashed:  # the secret was nowhere but in the proposal: nothing is written, and that is said
        assert not made.exists()
        said = [u["state"] for _, u in server.updates(session) if u["sessionUpdate"] == "_edit_update"]
        assert said[-1] in ("conflict", "applied") and "conflict" in said
    else:
        assert made.read_text() == planted.text("stripe") + "\n"
        assert result["conflicts"] == []
    assert {n: planted.leaked(t) for n, t in written(place.state).items() if planted.leaked(t)} == {}
    copies = [
        zlib.decompress(f.read_bytes()).decode()
        for f in (place.state / "data" / "baselines").rglob("*")
        if f.is_file()
    ]
    assert before in copies


def test_a_single_tool_prints_no_secret(place: Place) -> None:
    plant(place.project)
    done = place.run("tool", "read_file", json.dumps({"path": "conf/.env"}))
    assert done.code == 0
    assert planted.leaked(done.out + done.err) == []


def test_completion_sends_no_secret(place: Place, provider: ProviderServer) -> None:
    file = place.project / "a.py"
    words = f"{planted.text('python')}\n{planted.text('github')}\nx = "
    file.write_text(words)
    provider.fallback = text("1")
    with running(place.state, cwd=place.project, **place.environ, CASS_COMPLETION__ENABLED="true") as server:
        server.initialize(rootUri=place.project.as_uri(), capabilities={"textDocument": {"inlineCompletion": {}}})
        uri = file.as_uri()
        item = {"uri": uri, "languageId": "python", "version": 1, "text": words}
        server.notify("textDocument/didOpen", {"textDocument": item})
        server.call(
            "textDocument/inlineCompletion",
            {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 4}, "context": {"triggerKind": 2}},
        )
    sent = "\n".join(request.body.decode() for request in provider.requests)
    assert "x = " in sent
    assert planted.leaked(sent) == []
