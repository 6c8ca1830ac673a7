"""What servers ask back, and what else they offer: forms, addresses, a model's words, folders, prompts, resources, changes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cass.protocol.asking import ElicitationParams, ElicitationResult
from cass.protocol.events import AvailableCommandsUpdate, UserMessage
from cass.protocol.messages import Resource
from cass.protocol.reaching import McpServer
from support.house import RecordingClient, ask, call, prompt
from support.mcphouse import DONE, house_with, results
from support.mcpserver import PLAIN, server

TOOL = {"name": "asks", "inputSchema": PLAIN}


@dataclass(eq=False)
class Undecided(RecordingClient):
    """Never answers a form, and notices when it is taken away."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    withdrawn: asyncio.Event = field(default_factory=asyncio.Event)

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.withdrawn.set()
        raise AssertionError


def asking(method: str, **params: object) -> list[str]:
    return server(tools=[TOOL], asks={"asks": {"method": method, "params": params}})


async def test_a_form_is_put_to_the_user_with_the_servers_name_and_comes_back_as_it_wants_it(
    tmp_path: Path,
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "color": {
                "type": "string",
                "oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}],
            },
            "sizes": {"type": "array", "items": {"type": "string", "enum": ["s", "m", "l"]}},
            "count": {"type": "integer", "minimum": 1},
            "fish": {"type": "array", "items": {"anyOf": [{"const": "f1", "title": "Tuna"}]}, "default": ["f1"]},
        },
        "required": ["color"],
    }
    house = house_with(
        tmp_path, one=asking("elicitation/create", message="Which \x1b[2Jone?", requestedSchema=schema)
    )
    client = RecordingClient(
        forms=[{"color": "Green", "count": 0}, {"color": "Green", "sizes": "s, l", "count": 2}]
    )
    session = house.open(client, [call("mcp__one__asks"), DONE])
    await ask(session, "go")
    first, second = client.questions
    assert "MCP server one asks" in first.message
    assert "\x1b" not in first.message
    assert first.requested_schema["properties"]["color"]["enum"] == ["Red", "Green"]
    assert first.requested_schema["properties"]["fish"]["default"] == "Tuna"
    assert "does not fit" in second.message  # there must be one at least
    assert second.requested_schema["properties"]["color"]["default"] == "Green"
    answer = {"action": "accept", "content": {"color": "g", "sizes": ["s", "l"], "count": 2}}
    assert json.dumps(answer) in results(client)[0]
    await house.app.close()


async def test_a_form_goes_away_with_the_call_that_it_was_about(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    house = house_with(tmp_path, one=asking("elicitation/create", message="?", requestedSchema=schema))
    client = Undecided()
    session = house.open(client, [call("mcp__one__asks"), DONE])
    turn = prompt(session, "go")
    async with asyncio.timeout(20):
        await client.asked.wait()
        session.work.cancel()
        end = await session.work.finished(turn)
        await client.withdrawn.wait()
    assert end.stop_reason == "cancelled"
    await house.app.close()


async def test_a_form_that_nobody_can_fill_in_is_cancelled(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    house = house_with(tmp_path, one=asking("elicitation/create", message="?", requestedSchema=schema))
    client = RecordingClient(decide=None)
    session = house.open(client, [call("mcp__one__asks"), DONE], rules={"allow": ["mcp__one"]})
    await ask(session, "go")
    assert '"cancel"' in results(client)[0]
    await house.app.close()


@pytest.mark.parametrize(
    ("url", "answer", "said"),
    [
        ("https://example.org/login", "I opened it", '"accept"'),
        ("https://example.org/login", "I do not open it", '"decline"'),
        ("file:///etc/passwd", "I opened it", "only http and https"),
    ],
)
async def test_an_address_is_shown_and_opened_by_nobody_but_the_user(
    tmp_path: Path, url: str, answer: str, said: str
) -> None:
    spec = asking("elicitation/create", mode="url", message="Sign in", url=url, elicitationId="1")
    house, client = house_with(tmp_path, one=spec), RecordingClient(answer=answer)
    session = house.open(client, [call("mcp__one__asks"), DONE])
    await ask(session, "go")
    assert said in results(client)[0]
    assert all(url in question.message for question in client.questions)
    await house.app.close()


@pytest.mark.parametrize(
    ("url", "answer", "said"),
    [
        ("https://example.org/login", "I opened it", "hello"),
        ("https://example.org/login", "I do not open it", "sign in first"),
        ("javascript:alert(1)", "I opened it", "sign in first"),
        ("", "I opened it", "sign in first"),
    ],
)
async def test_a_call_that_needs_an_address_opened_first_is_made_again_when_it_was(
    tmp_path: Path, url: str, answer: str, said: str
) -> None:
    wanted = [{"mode": "url", "message": "Sign in", "url": url, "elicitationId": "1"}] if url else "nothing"
    error = {"code": -32042, "message": "sign in first", "data": {"elicitations": wanted}}
    house = house_with(tmp_path, one=server(first={"echo": error}))
    client = RecordingClient(answer=answer)
    session = house.open(client, [call("mcp__one__echo", text="hello"), DONE])
    await ask(session, "go")
    assert said in results(client)[0]
    assert [url in question.message for question in client.questions] == [True] * url.startswith("https")
    await house.app.close()


@pytest.mark.parametrize(("answer", "said"), [("Yes, this once", "the model's words"), ("No", "does not allow")])
async def test_a_model_answers_a_server_only_if_the_user_lets_it(tmp_path: Path, answer: str, said: str) -> None:
    message = {"role": "user", "content": {"type": "text", "text": "What is it?"}}
    spec = asking("sampling/createMessage", messages=[message], maxTokens=50)
    house, client = house_with(tmp_path, one=spec), RecordingClient(answer=answer)
    session = house.open(client, [{**call("mcp__one__asks"), "text": "the model's words"}, DONE])
    await ask(session, "go")
    assert "What is it?" in client.questions[0].message
    assert said in results(client)[0]
    await house.app.close()


async def test_a_server_is_told_the_sessions_folders(tmp_path: Path) -> None:
    house, client = house_with(tmp_path, one=asking("roots/list")), RecordingClient()
    session = house.open(client, [call("mcp__one__asks"), DONE])
    await ask(session, "go")
    assert house.project.as_uri() in results(client)[0]
    await house.app.close()


async def test_prompts_are_commands_with_their_arguments(tmp_path: Path) -> None:
    prompts = [
        {
            "name": "plan",
            "description": "Plan it",
            "arguments": [{"name": "what", "required": True}, {"name": "how"}],
        }
    ]
    house, client = house_with(tmp_path, one=server(prompts=prompts)), RecordingClient()
    session = house.open(client, [call("find_tools", query="echo"), DONE, DONE])
    await ask(session, "go")
    await session.brought.commands()
    listed = {c.name: c for update in client.of(AvailableCommandsUpdate) for c in update.commands}
    assert [p.name for p in listed["mcp__one__plan"].parameters] == ["what", "how"]
    await ask(session, "/mcp__one__plan 'the work' how=fast")
    said = client.of(UserMessage)[-1].content[0].text
    assert "Do plan with" in said
    assert '"what": "the work"' in said
    assert '"how": "fast"' in said
    await house.app.close()


async def test_a_resource_is_named_in_a_prompt_or_read_by_the_model(tmp_path: Path) -> None:
    resources = [{"uri": "note://today", "name": "Today"}]
    house, client = house_with(tmp_path, one=server(resources=resources, resource="buy milk")), RecordingClient()
    steps = [DONE, call("read_resource"), call("read_resource", server="one", uri="note://today"), DONE]
    session = house.open(client, steps)
    await ask(session, "look at @one:note://today, and at nobody@one:x")
    beside = [b for b in client.of(UserMessage)[-1].content if isinstance(b, Resource)]
    assert [b.resource.uri for b in beside] == ["note://today"]
    assert "buy milk" in beside[0].resource.text
    await ask(session, "go")
    assert "one: note://today (Today)" in results(client)[0]
    assert "buy milk" in results(client)[1]
    await house.app.close()


async def test_a_tool_that_comes_later_can_be_used_in_the_same_turn(tmp_path: Path) -> None:
    spec = server(tools=[{"name": "grow", "inputSchema": PLAIN}])
    house, client = house_with(tmp_path, one=spec), RecordingClient()
    session = house.open(
        client, [call("mcp__one__grow"), {"text": "more"}, call("mcp__one__grown", text="here"), DONE]
    )
    await ask(session, "go")
    async with asyncio.timeout(10):
        while "mcp__one__grown" not in session.servers.tools():
            await asyncio.sleep(0.02)
    await ask(session, "and now")
    assert "here" in results(client)[-1]
    await house.app.close()


async def test_an_editor_names_servers_for_a_session(tmp_path: Path) -> None:
    house, client = house_with(tmp_path), RecordingClient()
    command, *args = server()
    servers = {"mine": McpServer(command=command, args=tuple(args), env={"A": "1"})}
    session = house.open(client, [call("mcp__mine__echo", text="x"), DONE], mcp_servers=servers)
    await ask(session, "go")
    assert "x\n" in results(client)[0]
    await house.app.close()


async def test_a_projects_server_runs_only_while_its_folder_is_trusted_as_it_is(tmp_path: Path) -> None:
    started = tmp_path / "started"
    house = house_with(tmp_path)
    command, *args = server(started=str(started))
    file = house.project / ".mcp.json"
    file.write_text(json.dumps({"mcpServers": {"one": {"command": command, "args": args}}}))
    client = RecordingClient(answer="Not now")
    steps = [call("mcp__one__echo", text="x"), {"text": "so"}, call("mcp__one__echo", text="y"), DONE]
    session = house.open(client, steps)
    await ask(session, "go")
    assert "no MCP server for mcp__one__echo" in results(client)[0]
    assert not started.exists()
    await house.app.library.close(session.session_id)
    client = RecordingClient(answer="Trust it, as it is now")
    session = house.open(client, steps)
    await ask(session, "go")
    assert "x\n" in results(client)[0]
    file.write_text(file.read_text() + " ")
    client.answer = "Not now"
    end = await ask(session, "again")
    assert end.stop_reason == "end_turn", end
    assert "y\n" not in results(client)[1]
    await house.app.close()
