"""A hostile folder, from outside: nothing of it acts and no byte goes out before trust, whichever way cass is started."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.hostile import Listener, listening, marked, plant
from support.outside import Place
from support.server import running
from support.terminal import Screen


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as made:
        yield made


@pytest.fixture
def marks(tmp_path: Path, place: Place, listener: Listener) -> Path:
    """Where what acts leaves its mark."""
    folder = tmp_path / "marks"
    plant(place.project, folder, listener.port)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A model that reads a file and answers."""
    path = tmp_path / "model.json"
    steps = [{"tool_calls": [{"name": "list_dir", "arguments": {"path": "."}}]}, {"text": "ANSWERED"}]
    path.write_text(json.dumps({"steps": steps * 3}))
    return f"scripted/{path}"


def _nothing_happened(marks: Path, listener: Listener) -> None:
    assert marked(marks) == []
    assert (listener.connections, listener.received) == (0, 0)


@pytest.mark.parametrize(
    "command", ["config show", "models", "hooks list", "commands list", "trust", "usage", "sessions list"]
)
def test_looking_runs_nothing(place: Place, marks: Path, listener: Listener, command: str) -> None:
    place.run(*command.split())
    _nothing_happened(marks, listener)


def test_headless_ends_with_an_error_that_says_what_to_do(
    place: Place, marks: Path, listener: Listener, model: str
) -> None:
    ended = place.run("-p", "hello", "--model", model)
    assert ended.code == 3
    assert "--no-trust" in ended.err
    assert "ANSWERED" not in ended.out
    _nothing_happened(marks, listener)


def test_headless_without_trust_works_and_nothing_acts(
    place: Place, marks: Path, listener: Listener, model: str
) -> None:
    ended = place.run("-p", "--no-trust", "hello", "--model", model)
    assert (ended.code, ended.out) == (0, "ANSWERED\n")
    ended = place.run("-p", "--no-trust", "/evil", "--model", model)
    assert ended.code != 0
    _nothing_happened(marks, listener)


def test_a_server_does_nothing_of_it_at_initialize_and_in_a_session(
    place: Place, marks: Path, listener: Listener, model: str
) -> None:
    with running(place.state, cwd=place.project, HOME=str(place.home)) as server:
        server.initialize(permission=False, rootUri=place.project.as_uri())
        opened = server.call("cass/session/new", {"cwd": str(place.project), "configOptions": {"model": model}})
        session = {"sessionId": opened["sessionId"]}
        said = {**session, "prompt": [{"type": "text", "text": "hello"}], "wait": True}
        assert server.call("cass/session/prompt", said)["error"]["kind"] == "untrusted_folder"
        server.call("cass/session/close", session)
        opened = server.call(
            "cass/session/new", {"cwd": str(place.project), "configOptions": {"model": model}, "trust": "no"}
        )
        said["sessionId"] = opened["sessionId"]
        assert server.call("cass/session/prompt", said)["text"] == "ANSWERED"
        assert not [c for c in opened["commands"] if c["name"] == "evil"]
    _nothing_happened(marks, listener)


def test_the_terminal_asks_first(place: Place, marks: Path, listener: Listener, model: str) -> None:
    screen = Screen(["--model", model], place.project, {**place.environ, "TERM": "xterm-256color"}, 100)
    screen.see("/help")
    screen.line("hello")
    screen.see("May what this folder brings act?", ".claude/settings.json", "or your own words:")
    _nothing_happened(marks, listener)
    screen.line("4")
    screen.see("ANSWERED")
    _nothing_happened(marks, listener)
    screen.line("/evil")
    screen.see("not trusted")
    screen.leave()
    _nothing_happened(marks, listener)


def test_after_trust_it_acts_and_one_byte_more_stops_it(
    place: Place, marks: Path, listener: Listener, model: str
) -> None:
    (place.project / ".cass/config.toml").unlink()  # what no trust opens would only warn
    for name in (".mcp.json", ".cass/mcp.json"):
        (place.project / name).unlink()
    assert place.run("trust", "yes").code == 0
    ended = place.run("-p", "hello", "--model", model)
    assert (ended.code, ended.out) == (0, "ANSWERED\n")
    assert {"claude-SessionStart", "claude-UserPromptSubmit", "claude-PreToolUse", "claude-Stop"} <= set(
        marked(marks)
    )
    for mark in marks.iterdir():
        mark.unlink()
    settings = place.project / ".claude/settings.json"
    settings.write_text(settings.read_text() + " ")
    assert place.run("-p", "hello", "--model", model).code == 3
    assert marked(marks) == []
    assert listener.received == 0
