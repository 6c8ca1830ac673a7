"""Many tools: they cost next to nothing until they are used, and what was found stays."""

from __future__ import annotations

import json
from pathlib import Path

from cass.sessions.compacting import fitting_of
from cass.sessions.session import Session
from support.house import RecordingClient, ask, call
from support.mcphouse import DONE, house_with, results
from support.mcpserver import server


def told(session: Session) -> tuple[list[str], int]:
    """The tools that the model is told of, and about how many tokens that and the rest about servers takes."""
    specs = fitting_of(session).tools()
    of_servers = [s for s in specs if s.name in ("find_tools", "read_resource") or s.name.startswith("mcp__")]
    size = sum(len(json.dumps([s.name, s.description, s.parameters])) for s in of_servers) // 4
    prompt = session.system_prompt()
    about = prompt[prompt.index("MCP servers") :] if "MCP servers" in prompt else ""
    return [s.name for s in of_servers], size + len(about) // 4


async def test_sixty_tools_cost_little_until_they_are_found_and_stay_after_a_restart(tmp_path: Path) -> None:
    house, client = house_with(tmp_path, one=server(many=30), two=server(many=30)), RecordingClient()
    session = house.open(
        client, [call("find_tools", query="thing_7 of one"), call("mcp__one__thing_7", text="x"), DONE]
    )
    before = told(session)
    await ask(session, "go")
    names, size = told(session)
    assert before[0] == ["find_tools"]
    assert size < 700
    assert "mcp__one__thing_7" in names
    assert len(names) < 12
    assert "mcp__one__thing_7" in results(client)[0]
    assert "x\n" in results(client)[1]
    await house.app.close()
    house.app = type(house.app)(house.environ)
    again = await house.resume(session.session_id, RecordingClient())
    assert "mcp__one__thing_7" in told(again)[0]
    assert told(again)[1] < 700
    await house.app.close()


async def test_a_few_tools_are_offered_at_once_the_next_time_before_their_server_runs(tmp_path: Path) -> None:
    started = tmp_path / "started"
    house, client = house_with(tmp_path, one=server(started=str(started))), RecordingClient()
    session = house.open(client, [call("mcp__one__echo", text="x"), DONE])
    await ask(session, "go")
    await house.app.close()
    house.app = type(house.app)(house.environ)
    session = house.open(client, [DONE, call("mcp__one__echo", text="y"), DONE])
    assert told(session)[0] == ["mcp__one__echo"]
    await ask(session, "hello")
    assert len(started.read_text().split()) == 1
    await ask(session, "go")
    assert len(started.read_text().split()) == 2
    await house.app.close()


async def test_tools_are_chosen_by_pattern_and_a_server_can_be_switched_off(tmp_path: Path) -> None:
    house, client = house_with(tmp_path, one=server(many=3)), RecordingClient()
    with (house.home / "config.toml").open("a") as file:
        file.write('only = ["thing_*"]\nnever = ["thing_2"]\n')
    session = house.open(client, [call("find_tools", query="thing"), DONE, call("mcp__one__thing_1"), DONE])
    await ask(session, "go")
    assert set(session.servers.tools()) == {"mcp__one__thing_0", "mcp__one__thing_1"}
    await ask(session, "/mcp off one")
    assert not session.servers.tools()
    await ask(session, "go")
    assert "no MCP server for" in results(client)[-1]
    await house.app.close()
