"""Servers of the newest generation, over stdio and HTTP; servers that are not there any more, or not yet."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cass.mcp.server import Server
from support import mcpmodern
from support.house import RecordingClient, ask, call
from support.mcphouse import DONE, house_with, results

MODERN = [sys.executable, mcpmodern.__file__]


async def has(server: Server, tools: int) -> None:
    async with asyncio.timeout(15):
        while len(server.kept.offered) < tools:
            await asyncio.sleep(0.02)


@contextmanager
def listening(port: int) -> Iterator[None]:
    process = subprocess.Popen([*MODERN, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


async def test_the_newest_generation_over_stdio_hears_of_new_tools(tmp_path: Path) -> None:
    house, client = house_with(tmp_path, it=MODERN), RecordingClient()
    steps = [
        call("mcp__it__add", a=1, b=2),
        call("mcp__it__add", a="x", b=1),
        call("mcp__it__grow"),
        {"text": "so"},
    ]
    session = house.open(client, [*steps, call("mcp__it__grown", text="here"), DONE])
    await ask(session, "go")
    server = session.servers.get("it")
    assert server.kept.facts
    assert server.kept.facts.era == "modern"
    assert "\n3\n" in results(client)[0]
    assert "a: 'x' is not of type 'integer'" in results(client)[1]
    await has(server, 3)
    await ask(session, "go on")
    assert "grown here" in results(client)[-1]
    await house.app.close()


async def test_a_server_over_http_may_go_and_come_back(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    house, client = house_with(tmp_path), RecordingClient()
    (house.home / "config.toml").write_text(f'[mcp.servers.it]\nurl = "http://127.0.0.1:{port}/mcp"\n')
    step = call("mcp__it__add", a=1, b=2)
    session = house.open(client, [step, {"text": "so"}, step, {"text": "so"}, step, {"text": "so"}, step, DONE])
    await ask(session, "not there yet")
    assert f"http://127.0.0.1:{port}/mcp cannot be reached" in results(client)[-1]
    with listening(port):
        await session.servers.get("it").switch(on=True)
        await ask(session, "there")
        assert "\n3\n" in results(client)[-1]
    await ask(session, "gone")
    assert len(results(client)) == 3
    assert "\n3\n" not in results(client)[-1]
    with listening(port):
        await ask(session, "back")
        assert "\n3\n" in results(client)[-1]
    await house.app.close()
