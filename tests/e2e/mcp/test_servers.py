"""Six servers that others made, through a session and its gate: over stdio, and one of them over HTTP and SSE."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.house import RecordingClient, ask, call
from support.mcphouse import DONE, house_with, real_server, results

PREFIX = Path(os.environ.get("CASS_E2E") or "/nowhere")
NODE = PREFIX / "mcp" / "node_modules" / ".bin"
PYTHON = PREFIX / "mcp" / "v" / "bin"
PATH = f"{PREFIX / 'nodepip' / 'bin'}:{os.environ['PATH']}"
LOCAL = """const net = require("net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  const port = given.find((one) => /^[0-9]+$/.test(String(one)));
  const told = given.filter((one) => typeof one === "function");
  return port === undefined ? listen.apply(this, given) : listen.call(this, Number(port), "127.0.0.1", ...told);
};
"""
"""The server `everything` listens to the whole world; here to this machine alone."""

pytestmark = pytest.mark.skipif(not NODE.exists(), reason="no servers: .ci/mcp.sh PREFIX, then CASS_E2E=PREFIX")


def servers(project: Path, tmp_path: Path) -> dict[str, tuple[list[str], str, dict[str, object], str]]:
    """Each with its command, a tool of it, that tool's arguments, and what its answer holds."""
    (project / "x.txt").write_text("what the file holds\n")
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    file, repo = str(project / "x.txt"), str(repository)
    git = [str(PYTHON / "mcp-server-git"), "--repository", repo]
    clock = [str(PYTHON / "mcp-server-time"), "--local-timezone", "UTC"]
    return {
        "filesystem": (
            [str(NODE / "mcp-server-filesystem"), str(project)],
            "read_text_file",
            {"path": file},
            "what the file",
        ),
        "everything": ([str(NODE / "mcp-server-everything"), "stdio"], "echo", {"message": "hello"}, "Echo: hello"),
        "memory": ([str(NODE / "mcp-server-memory")], "read_graph", {}, "entities"),
        "git": (git, "git_status", {"repo_path": repo}, "On branch main"),
        "time": (clock, "get_current_time", {"timezone": "UTC"}, '"timezone": "UTC"'),
        "fetch": ([str(PYTHON / "mcp-server-fetch")], "fetch", {"url": "http://127.0.0.1:9/"}, "fetch"),
    }


@contextmanager
def everything(mode: str, folder: Path) -> Iterator[str]:
    """The server `everything` over HTTP; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "local.cjs").write_text(LOCAL)
    environ = {**os.environ, "PATH": PATH, "PORT": str(port), "NODE_OPTIONS": f"--require={folder / 'local.cjs'}"}
    command = [str(NODE / "mcp-server-everything"), mode]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/{'sse' if mode == 'sse' else 'mcp'}"
    finally:
        process.kill()
        process.wait()


async def test_six_servers_over_stdio(tmp_path: Path) -> None:
    house = house_with(tmp_path)
    known = servers(house.project, tmp_path)
    house = house_with(tmp_path, **{name: command for name, (command, *_) in known.items()})
    house.environ["PATH"] = PATH
    house.app = type(house.app)(house.environ)
    client = RecordingClient()
    steps = [call(f"mcp__{name}__{tool}", **given) for name, (_, tool, given, _) in known.items()]
    session = house.open(client, [call("find_tools", query="git status"), *steps, DONE])
    await ask(session, "go")
    found, *answers = results(client)
    assert "mcp__git__git_status" in found
    for (name, (_, _, _, wanted)), answer in zip(known.items(), answers, strict=True):
        assert wanted in answer, (name, answer)
    assert len(client.asks) == len(known)
    await house.app.close()


@pytest.mark.parametrize("mode", ["streamableHttp", "sse"])
async def test_a_server_over_http(tmp_path: Path, mode: str) -> None:
    house, client = house_with(tmp_path), RecordingClient()
    with everything(mode, tmp_path) as url:
        (house.home / "config.toml").write_text(f"[mcp.servers.it]\nurl = {json.dumps(url)}\n")
        steps = [call("mcp__it__echo", message="hello"), call("mcp__it__get-tiny-image"), DONE]
        session = house.open(client, steps)
        await ask(session, "go")
        assert "Echo: hello" in results(client)[0]
        assert "tiny image" in results(client)[1].lower() or "image" in results(client)[1]
        facts = session.servers.get("it").kept.facts
        assert facts
        assert facts.transport == ("sse" if mode == "sse" else "http")
        assert facts.resources
        assert facts.prompts
        await house.app.close()


async def test_an_address_that_a_call_needs_opened_first(tmp_path: Path) -> None:
    house, client = house_with(tmp_path), RecordingClient(answer="I opened it")
    real_server(house.home)
    house.app = type(house.app)(house.environ)
    given = {"url": "https://example.org/login", "message": "Sign in", "errorPath": True}
    session = house.open(client, [call("mcp__it__trigger-url-elicitation", **given), DONE])
    await ask(session, "go")
    assert "User completed" in results(client)[0]
    assert "modelcontextprotocol.io" in client.questions[0].message
    assert "example.org" in client.questions[1].message
    await house.app.close()
