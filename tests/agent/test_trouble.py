"""Turns when the model, a tool or cass itself is in trouble: said plainly, kept honestly, and the next prompt works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from cass.agent import specs
from cass.errors import ConfigError
from cass.ports import Action, Outcome, ToolContext
from cass.protocol.events import AgentMessage, AgentMessageChunk, MessageDiscarded, Notice, Retry, ToolCallUpdate
from cass.protocol.messages import Image, Text
from cass.protocol.methods import PromptContext
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, prompt
from support.provider import RESET, STALL, ProviderServer, chunk, raw, sse, text, tool_call


@pytest.fixture
def provider() -> AsyncIterator[ProviderServer]:
    with ProviderServer() as made:
        yield made  # type: ignore[misc]


@pytest.fixture
async def house(tmp_path: Path, provider: ProviderServer) -> AsyncIterator[House]:
    made = House(tmp_path, OPENAI_BASE_URL=provider.url, CASS_LLM__MAX_RETRIES="1", CASS_LLM__IDLE_TIMEOUT="5")
    yield made
    await made.app.close()


def _open(house: House, client: RecordingClient) -> Session:
    return house.open(client, options={"model": "openai/m", "approval": "auto"})


BROKEN = raw(sse(chunk({"content": "half an ans"}), done=False), RESET)


async def test_a_broken_stream_is_asked_for_again_where_it_can_be_seen(
    house: House, provider: ProviderServer
) -> None:
    provider.answer(BROKEN, text("whole"))
    client = RecordingClient()
    end = await ask(_open(house, client), "go")
    assert end.stop_reason == "end_turn", end
    assert client.of(Retry)[0].attempt == 1
    if any(c.content.text.startswith("half") for c in client.of(AgentMessageChunk)):
        assert client.of(MessageDiscarded)
    assert [m.content[0].text for m in client.of(AgentMessage)] == ["whole"]


async def test_what_was_said_before_it_broke_for_good_is_kept_as_unfinished(
    house: House, provider: ProviderServer
) -> None:
    provider.answer(BROKEN, BROKEN, text("fine"))
    client = RecordingClient()
    session = _open(house, client)
    end = await ask(session, "go")
    assert (end.stop_reason, end.error.kind) == ("error", "bad_response")
    assert client.of(AgentMessage)[-1].interrupted
    assert (await ask(session, "again")).stop_reason == "end_turn"
    assert client.of(AgentMessage)[-1].content[0].text == "fine"


async def test_cancelling_an_answer_keeps_its_beginning_and_closes_the_stream(
    house: House, provider: ProviderServer
) -> None:
    provider.answer(raw(sse(chunk({"content": "I was say"}), done=False), STALL))
    client = RecordingClient()
    session = _open(house, client)
    turn_id = prompt(session, "go")
    async with asyncio.timeout(15):
        while not client.of(AgentMessageChunk):
            await asyncio.sleep(0.01)
        session.work.cancel()
        assert (await session.work.finished(turn_id)).stop_reason == "cancelled"
    assert client.of(AgentMessage)[-1].interrupted
    assert client.of(AgentMessage)[-1].content[0].text == "I was say"
    assert await asyncio.to_thread(provider.wait_gone) > 0


async def test_broken_calls_are_asked_for_again_and_not_for_ever(house: House, provider: ProviderServer) -> None:
    def broken(number: int) -> object:
        delta = {
            "tool_calls": [
                {"index": 0, "id": f"c{number}", "function": {"name": "read_file", "arguments": f'{{"n{number}'}}
            ]
        }
        return raw(sse(chunk(delta), chunk({}, "tool_calls")))

    provider.answer(*(broken(n) for n in range(9)))  # type: ignore[arg-type]
    client = RecordingClient()
    end = await ask(_open(house, client), "go")
    assert (end.stop_reason, end.error.kind) == ("error", "bad_response")
    assert len(provider.requests) == 4
    assert "whole JSON object" in client.of(ToolCallUpdate)[0].result[0].text


async def test_the_limit_on_cost_ends_the_turn(tmp_path: Path, provider: ProviderServer) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        "[limits]\ncost = 0.001\n[providers.openai.models.m]\ninput_price = 100.0\noutput_price = 100.0\n"
    )
    house = House(tmp_path, OPENAI_BASE_URL=provider.url)
    usage = {"usage": {"prompt_tokens": 50, "completion_tokens": 1, "total_tokens": 51}}
    delta = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "list_dir", "arguments": "{}"}}]}
    provider.answer(raw(sse(chunk(delta), chunk({}, "tool_calls", **usage))))
    end = await ask(_open(house, RecordingClient()), "go")
    await house.app.close()
    assert end.error.kind == "limit_reached"
    assert "dollars" in end.error.message


async def test_what_the_user_looks_at_goes_along(house: House, provider: ProviderServer) -> None:
    provider.answer(text("ok"))
    context = PromptContext(active_uri="file:///p/a.py", selection="x = 1", open_uris=("file:///p/b.py",))
    await ask(_open(house, RecordingClient()), "explain", context=context)
    sent = str(provider.requests[0].json["messages"])
    for part in ("explain", "file:///p/a.py", "x = 1", "file:///p/b.py"):
        assert part in sent


class _Params(BaseModel):
    what: str = ""
    more: str | None = None


async def _prepare(params: _Params, ctx: ToolContext) -> Action:
    if params.what == "prepare":
        raise ZeroDivisionError("secret detail")

    async def run() -> Outcome:
        if params.what == "run":
            raise ZeroDivisionError("secret detail")
        if params.what == "huge":
            return Outcome.text("x" * 900_000)
        assert ctx.plan == () and ctx.changed_paths == () and ctx.baseline(ctx.cwd) is None
        ctx.progress("working")
        return Outcome((Text(text="see"), Image(data="aGk=", mime_type="image/png")))

    return Action(title="Odd", kind="other", changes=False, run=None if params.what == "nothing" else run)


def _module(**parts: object) -> ModuleType:
    module = ModuleType("odd")
    module.__doc__ = "An odd   tool."
    vars(module).update({"name": "odd", "kind": "other", "Params": _Params, "prepare": _prepare, **parts})
    return module


@pytest.mark.parametrize(
    ("what", "status", "said"),
    [
        ("prepare", "failed", "ZeroDivisionError"),
        ("run", "failed", "ZeroDivisionError"),
        ("huge", "completed", "characters left out"),
        ("nothing", "completed", "Nothing to do"),
        ("", "completed", "see"),
    ],
)
async def test_a_tool_in_trouble_is_an_error_for_the_model_and_nothing_more(
    house: House, provider: ProviderServer, what: str, status: str, said: str
) -> None:
    provider.answer(tool_call("odd", what=what), text("ok"))
    client = RecordingClient()
    session = _open(house, client)
    dict.update(session.house.tools, specs.load([_module()]))  # type: ignore[arg-type]
    assert (await ask(session, "go")).stop_reason == "end_turn"
    result = client.of(ToolCallUpdate)[-1]
    assert result.status == status
    assert said in result.result[0].text
    assert "secret detail" not in result.result[0].text
    assert len(result.result[0].text) < 201_000


@pytest.mark.parametrize("parts", [{"name": "bad name"}, {"name": "nаme"}, {"__doc__": ""}])
def test_a_module_that_is_no_tool_is_said(parts: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        specs.load([_module(**parts)])
    with pytest.raises(ConfigError, match="taken"):
        specs.load([_module(), _module()])
    broken = _module()
    del broken.prepare
    with pytest.raises(ConfigError, match="prepare"):
        specs.load([broken])


def test_what_the_model_sees_of_a_tool_is_lean() -> None:
    (spec,) = specs.specs(tuple(specs.load([_module()]).values()))
    assert spec.description == "An odd tool."
    assert spec.parameters == {
        "type": "object",
        "properties": {"what": {"type": "string"}, "more": {"type": "string"}},
    }


async def test_a_fault_of_cass_itself_ends_the_turn_and_nothing_else(
    house: House, provider: ProviderServer
) -> None:
    async def boom(session: Session, argument: str) -> Reply:
        raise ZeroDivisionError("secret detail")

    async def speak(session: Session, argument: str) -> Reply:
        return Reply(prompt=f"Explain {argument}.")

    client = RecordingClient()
    session = _open(house, client)
    commands = {"boom": Command("boom", "", boom), "speak": Command("speak", "", speak)}
    dict.update(session.house.commands, commands)  # type: ignore[arg-type]
    end = await ask(session, "/boom")
    assert end.error.kind == "internal"
    assert "secret" not in end.error.message
    provider.answer(text("explained"))
    assert (await ask(session, "/speak this")).stop_reason == "end_turn"
    assert "Explain this." in str(provider.requests[-1].json["messages"])


async def test_words_that_come_too_late_for_a_turn_get_one_of_their_own(
    house: House, provider: ProviderServer
) -> None:
    provider.answer(BROKEN, BROKEN, text("heard you"))
    client = RecordingClient()
    session = _open(house, client)
    turn_id = prompt(session, "go")
    prompt(session, "also this", mode="steer")
    session.work.take_steering()
    late = prompt(session, "and this", mode="steer", clientKey="k")
    assert late == turn_id
    await session.work.finished(turn_id)
    async with asyncio.timeout(15):
        while session.work.busy:
            await asyncio.sleep(0.01)
    assert "and this" in str(provider.requests[-1].json["messages"])
    assert client.of(Notice) == [] or client.of(Notice)[-1].level != "error"
