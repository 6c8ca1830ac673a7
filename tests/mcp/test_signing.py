"""Signing in to a real server over HTTP, from the session and from the command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.protocol.asking import ElicitationParams, ElicitationResult
from cass.protocol.events import StateUpdate
from cass.protocol.reaching import McpUpdate
from support.house import RecordingClient, ask, call
from support.mcphouse import DONE, house_with, results

SERVER = Path(__file__).parents[1] / "support" / "mcplogin.py"
BROWSER = Path(__file__).parents[1] / "e2e" / "mcp" / "browser.py"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server that wants its users to sign in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(SERVER), str(port)]
    with (tmp_path / "server.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        while process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
        yield f"http://127.0.0.1:{port}/mcp"
        process.terminate()


class Browsing(RecordingClient):
    """Opens the address that it is shown, as a user does; or refuses."""

    refuses = False
    opened = 0

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        if self.refuses:
            return ElicitationResult(action="decline")
        address = question.message.split("\n")[1]

        def visit() -> None:
            with urllib.request.urlopen(address, timeout=20) as answer:
                answer.read()

        self.opened += 1
        await asyncio.to_thread(visit)
        return ElicitationResult(action="accept", content={"address": ""})


async def test_the_user_signs_in_from_the_session_once(tmp_path: Path, url: str) -> None:
    house = house_with(tmp_path, f'[mcp.servers.guarded]\nurl = "{url}"\n')
    client = Browsing()
    try:
        steps = [call("find_tools", query="who"), DONE, call("mcp__guarded__whoami"), DONE]
        session = house.open(client, steps, options={"approval": "auto"})
        await ask(session, "who?")
        assert client.of(McpUpdate)[-1].state == "login"
        client.refuses = True
        await ask(session, "/mcp login guarded")
        assert client.of(StateUpdate)[-1].error
        assert "you did not sign in" in str(client.of(StateUpdate)[-1].error)
        client.refuses = False
        await ask(session, "/mcp login guarded")
        assert client.of(McpUpdate)[-1].state == "ready"
        await ask(session, "and now?")
        assert "somebody" in results(client)[-1]
        assert client.opened == 1
    finally:
        await house.app.close()


def test_the_user_signs_in_from_the_command_line_and_out_again(tmp_path: Path, url: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text(f'[mcp.servers.guarded]\nurl = "{url}"\n')
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nexec {sys.executable} "{BROWSER}" "$1"\n')
    browser.chmod(0o755)
    env = {**os.environ, "CASS_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "BROWSER": str(browser)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cass", "mcp", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    before = run("test", "guarded")
    assert before.returncode == 1
    assert "cass mcp login guarded" in before.stderr
    done = run("login", "guarded")
    assert done.returncode == 0, done.stderr
    assert "You are signed in to guarded." in done.stdout
    (file,) = (tmp_path / "home" / "state" / "mcp-tokens").iterdir()
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "until": 1}))  # what signing in gave has run out
    assert run("test", "guarded", "--call", "whoami").returncode == 0
    renewed = json.loads(file.read_text())["tokens"]
    assert renewed["access_token"] != kept["tokens"]["access_token"]
    assert renewed["refresh_token"] != kept["tokens"]["refresh_token"]
    assert run("logout", "guarded").returncode == 0
    assert run("test", "guarded").returncode == 1
