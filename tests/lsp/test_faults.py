"""JSON-RPC faults and LSP's lifecycle, against the real process: every id is answered, nothing hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.server import LIMIT, ServerProcess, frame, running, script

PING = "cass/command/list"


def _alive(server: ServerProcess) -> None:
    assert "commands" in server.call(PING)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/new", "params": {}}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/new", "params": {"cwd": 5}}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/new", "params": []}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/new", "params": "x"}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/new"}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/new", "params": {"cwd": "relative"}}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/new", "params": {"cwd": "/none/such"}}, -32602),
        (
            {
                "jsonrpc": "2.0",
                "id": "f",
                "method": "cass/session/prompt",
                "params": {"sessionId": "x", "prompt": []},
            },
            -32602,
        ),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/list", "params": {"limit": 10**30}}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/list", "params": {"cursor": "zz"}}, -32602),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/resume", "params": {"sessionId": "../x"}}, -32803),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/session/close", "params": {"sessionId": "x"}}, -32803),
        ({"jsonrpc": "2.0", "id": "f", "method": "cass/edit/get", "params": {"proposalId": "x"}}, -32803),
        ({"jsonrpc": "2.0", "id": "f", "method": "no/such", "params": {"jsonrpc": "2.0", "id": 3}}, -32601),
        ({"jsonrpc": "2.0", "id": "f", "method": "$/unknown"}, -32601),
        ({"jsonrpc": "2.0", "id": "f", "method": 5}, -32600),
        ({"jsonrpc": "1.0", "id": "f", "method": PING}, -32600),
        ({"id": "f", "method": PING}, -32600),
        ({"jsonrpc": "2.0", "id": None, "method": PING}, -32600),
        ({"jsonrpc": "2.0", "id": {"a": 1}, "method": PING}, -32600),
        ({"jsonrpc": "2.0", "id": True, "method": PING}, -32600),
        ({"jsonrpc": "2.0", "id": "f"}, -32600),
        ([{"jsonrpc": "2.0", "id": "f", "method": PING}], -32600),
        (None, -32600),
        ("text", -32600),
        ({"jsonrpc": "2.0", "id": "f", "method": "initialize", "params": {}}, -32600),
    ],
)
def test_a_wrong_message_is_answered_and_the_server_goes_on(
    shared: ServerProcess, message: object, code: int
) -> None:
    shared.send(message)
    named = message.get("id") if isinstance(message, dict) and isinstance(message.get("id"), str) else None
    answer = shared.until(lambda m: "error" in m and m.get("id") == named)
    assert answer["error"]["code"] == code
    assert "Traceback" not in json.dumps(answer)
    _alive(shared)


@pytest.mark.parametrize(
    ("body", "id"),
    [
        (b'{"jsonrpc":"2.0","id":71,"method":"cass/status","params":{', 71),
        (b'{"jsonrpc":"2.0","id":"seven","method":"cass/status",}', "seven"),
        (b'\xff\xfe{"jsonrpc"', None),
        (b'{"jsonrpc":"2.0","id":72,"method":"x","params":{"a":"\xff"}}', 72),
        (b"[" * 100_000, None),
        (b'{"jsonrpc":"2.0","id":73,"method":"x","params":{"n":' + b"9" * 5_000 + b"}}", 73),
        (b"", None),
    ],
)
def test_what_is_no_json_is_answered(shared: ServerProcess, body: bytes, id: object) -> None:
    shared.raw(frame(body))
    assert shared.until(lambda m: "error" in m and m.get("id") == id)["error"]["code"] == -32700
    _alive(shared)


@pytest.mark.parametrize(
    "junk",
    [
        b"garbage\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"z" * 70_000 + b"\n",
    ],
)
def test_bytes_that_are_no_message_do_not_make_it_deaf(shared: ServerProcess, junk: bytes) -> None:
    shared.raw(junk)
    assert shared.until(lambda m: "error" in m and m.get("id") is None)["error"]["code"] == -32700
    _alive(shared)


def test_oddities_that_are_fine(shared: ServerProcess) -> None:
    shared.notify("$/cancelRequest", {"id": 999})
    shared.notify("$/setTrace", {"value": "off"})
    shared.notify("no/such/notification")
    shared.notify("cass/session/cancel", {"sessionId": "none"})
    shared.notify("cass/session/cancel", {"wrong": 1})
    shared.send({"jsonrpc": "2.0", "id": "nobody-asked", "result": {}})
    shared.send({"jsonrpc": "2.0", "id": 5, "method": PING, "params": {"text": "x" * 8_000_000}})
    assert "result" in shared.answer(5)
    shared.raw(b"content-length:%d\n\n%b" % (len(b := b'{"jsonrpc":"2.0","id":6,"method":"cass/command/list"}'), b))
    assert "result" in shared.answer(6)
    for _ in range(2):
        shared.send({"jsonrpc": "2.0", "id": 7, "method": PING})
    assert "result" in shared.answer(7)
    assert "result" in shared.answer(7)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> object:
    """One server for all faults: it has to survive them all."""
    with running(tmp_path_factory.mktemp("home")) as server:
        server.initialize()
        yield server
        assert server.stop() == 0


def test_before_initialize_nothing_is_served(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert server.error(PING)["code"] == -32002
        server.notify("cass/session/cancel", {"sessionId": "x"})
        server.initialize()
        _alive(server)


def test_after_shutdown_only_exit_is_left(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.initialize()
        server.call("shutdown")
        assert server.error(PING)["code"] == -32600
        server.notify("exit")
        assert server.wait() == 0


@pytest.mark.parametrize("initialized", [True, False])
def test_exit_without_shutdown_is_a_failure(tmp_path: Path, initialized: bool) -> None:
    with running(tmp_path) as server:
        if initialized:
            server.initialize()
        server.notify("exit")
        assert server.wait() == 1


def test_the_end_of_the_input_ends_the_server(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.initialize()
        assert server.process.stdin
        server.raw(b"Content-Length: 500\r\n\r\n{")
        server.process.stdin.close()
        assert server.wait() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with running(tmp_path) as server:
        server.initialize()
        server.process.send_signal(number)
        assert server.wait() == code
        assert b"Traceback" not in server.stderr


def test_a_closed_output_ends_the_server(tmp_path: Path) -> None:
    process = _bare(tmp_path)
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(
            frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
        )
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(frame({"jsonrpc": "2.0", "id": 2, "method": PING}))
        process.stdin.flush()
        assert process.wait(LIMIT) == 0
    finally:
        process.kill()
        process.stdin.close()


def test_a_dead_parent_is_noticed_though_the_input_stays_open(tmp_path: Path) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    with running(tmp_path) as server:
        server.initialize(processId=editor.pid)
        _alive(server)
        editor.kill()
        editor.wait()
        assert server.wait() == 0


def test_a_stray_print_never_reaches_the_wire(tmp_path: Path) -> None:
    plug_in = tmp_path / "noisy.py"
    plug_in.write_text(
        "print('at import'); import os; os.write(1, b'raw bytes'); os.system('echo from a child; cat')\n"
    )
    with running(tmp_path / "home", PYTHONPATH=str(tmp_path), PYTHONSTARTUP="", PYTHONWARNINGS="") as server:
        server.initialize()
        folder = tmp_path / "project"
        folder.mkdir()
        session = server.call("cass/session/new", {
            "cwd": str(folder),
            "configOptions": {"approval": "auto", "model": script(
                tmp_path / "s.json",
                {"tool_calls": [{"name": "shell", "arguments": {"command": "cat; echo loud >&2; echo out"}}]},
                {"text": "done"},
            )},
        })["sessionId"]  # fmt: skip
        result = server.call("cass/session/prompt", {
            "sessionId": session, "prompt": [{"type": "text", "text": "go"}], "wait": True,
        })  # fmt: skip
        assert result["text"] == "done"


def test_a_client_that_does_not_read_does_not_freeze_the_server(tmp_path: Path) -> None:
    process = _bare(tmp_path)
    try:
        assert process.stdin
        assert process.stdout
        process.stdin.write(
            frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
        )
        process.stdin.flush()
        process.stdout.readline()
        for number in range(2, 3_000):
            process.stdin.write(frame({"jsonrpc": "2.0", "id": number, "method": PING}))
        process.stdin.flush()
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 143
    finally:
        process.kill()
        process.communicate()


def _bare(home: Path) -> subprocess.Popen[bytes]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith("CASS_")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cass", "serve", "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**keep, "CASS_HOME": str(home)},
    )
