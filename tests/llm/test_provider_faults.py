"""Whatever an endpoint does wrong ends in an answer or in one clear error, and the next request works."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from cass.errors import (
    ModelError,
    ModelUnavailable,
)
from cass.ports import Model, ModelRequest
from cass.protocol.messages import Text
from support.faults import ANSWERS, ARGS_A, CALLS, DONE, END, FAULTS, HELLO_BYTES, HI, TOOLS, tc
from support.models import Heard, ask, result, said, user
from support.provider import (
    RESET,
    Answer,
    ProviderServer,
    chunk,
    raw,
    sse,
    stream,
    text,
    usage_chunk,
)


async def next_works(make: Any, provider: ProviderServer) -> None:
    """The same client answers another request as if nothing had been."""
    provider.drop_answers()
    await next_works_with(make.get("openai/m"))


async def next_works_with(model: Model) -> None:
    """The same model answers another request as if nothing had been."""
    assert (await ask(model, "again")).text == "ok"


@pytest.mark.parametrize(("answer", "words", "finish", "thinking"), ANSWERS)
async def test_an_odd_but_whole_answer_is_understood(
    answer: Answer, words: str, finish: str, thinking: str, provider: ProviderServer, make_client: Any
) -> None:
    client = make_client(max_retries=0)
    provider.answer(answer)
    heard = await ask(client.get("openai/m"))
    assert heard.completed is not None, heard.error
    assert (heard.text, heard.completed.finish, heard.thinking) == (words, finish, thinking)
    assert (heard.shown, heard.shown_thinking) == (words, thinking)
    for block in heard.completed.content:
        block.wire_json().encode()
    await next_works(client, provider)


@pytest.mark.parametrize(("answer", "kind", "words", "retried"), FAULTS)
async def test_a_broken_answer_is_an_error_that_says_so(
    answer: Answer, kind: type[ModelError], words: str, retried: bool, provider: ProviderServer, make_client: Any
) -> None:
    client = make_client(idle_timeout=0.15)
    loops = "redirect" in words
    provider.answer(*[answer] * (30 if loops else 2 if retried else 1))
    heard = await ask(client.get("openai/m"))
    assert isinstance(heard.error, kind), heard.error
    assert words in heard.error.message
    assert "\x1b" not in str(heard.error)
    assert "Traceback" not in str(heard.error)
    assert len(str(heard.error)) < 1500
    assert len(heard.retries) == (1 if retried else 0)
    await next_works(client, provider)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [p.values[:3] for p in FAULTS if p.values[3]],
    ids=[p.id for p in FAULTS if p.values[3]],
)
async def test_a_broken_answer_is_asked_for_again(
    answer: Answer, kind: type[ModelError], words: str, provider: ProviderServer, make_client: Any
) -> None:
    client = make_client(idle_timeout=0.15)
    provider.answer(answer, text("All is well.", usage=(7, 3)))
    heard = await ask(client.get("openai/m"))
    assert heard.text == heard.shown == "All is well."
    assert [words in retry.reason for retry in heard.retries] == [True]
    assert heard.completed is not None
    assert heard.completed.usage is not None
    assert heard.completed.usage.input == 7


@pytest.mark.parametrize(("answer", "expected"), CALLS)
async def test_tool_calls_are_put_together(
    answer: Answer, expected: list[tuple[str, Any]], provider: ProviderServer, make_client: Any
) -> None:
    client = make_client(max_retries=0)
    provider.answer(answer)
    heard = await ask(client.get("openai/m"), tools=TOOLS)
    got = [(call.name, call.arguments if call.raw is None else call.raw) for call in heard.calls]
    assert got == expected
    ids = [call.id for call in heard.calls]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert heard.completed is not None
    assert heard.completed.finish in ("tool_calls", "length")
    await the_next_step_is_valid(client, provider, heard)


async def the_next_step_is_valid(client: Any, provider: ProviderServer, heard: Heard) -> None:
    """What the model gave can be sent back: valid JSON arguments, valid names, one result for each call."""
    assert heard.completed is not None
    history = [user("hi"), said(*heard.completed.content), *[result(call.id, "done") for call in heard.calls]]
    assert (await ask(client.get("openai/m"), ModelRequest("s", history, TOOLS))).text == "ok"
    sent = provider.requests[-1].json["messages"]
    written = sent[2]["tool_calls"]
    assert [message["tool_call_id"] for message in sent[3:]] == [call["id"] for call in written]
    for call in written:
        assert isinstance(json.loads(call["function"]["arguments"]), dict)
        assert call["function"]["name"].replace("_", "").replace("-", "").isalnum()


async def test_too_many_calls_are_bounded(provider: ProviderServer, make_client: Any) -> None:
    client = make_client()
    provider.answer(stream(*[tc(i, f"x{i}", "read_file", "{}") for i in range(300)], DONE))
    heard = await ask(client.get("openai/m"), tools=TOOLS)
    assert len(heard.calls) == 128
    assert any("too many tools" in notice for notice in heard.notices)


async def test_what_had_come_of_a_broken_answer_is_kept_with_the_error(
    provider: ProviderServer, make_client: Any
) -> None:
    client = make_client(max_retries=0)
    provider.answer(raw(sse(chunk({"reasoning": "hm"}), HI, tc(0, "x", "read_file", ARGS_A), done=False), RESET))
    heard = await ask(client.get("openai/m"), tools=TOOLS)
    assert heard.error is not None
    assert [getattr(block, "text", None) for block in heard.error.partial] == ["hm", "Hi"]
    assert isinstance(heard.error.partial[1], Text)


async def test_usage_is_read_with_its_details(provider: ProviderServer, make_client: Any) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 80}, "completion_tokens_details": {"reasoning_tokens": 9}}
    provider.answer(stream(HI, END, usage_chunk(100, 20, cost=0.25, **details)))
    heard = await ask(make_client().get("openai/m"))
    assert heard.completed is not None
    usage = heard.completed.usage
    assert usage is not None
    assert (usage.input, usage.output, usage.cache_read, usage.reasoning, usage.cost) == (100, 20, 80, 9, 0.25)


async def test_a_stream_of_comments_alone_comes_to_an_end(provider: ProviderServer, make_client: Any) -> None:
    client = make_client(idle_timeout=0.1, max_retries=0)
    provider.answer(raw(*[piece for _ in range(200) for piece in (b": wait\n\n", 0.02)]))
    heard = await ask(client.get("openai/m"))
    assert isinstance(heard.error, ModelUnavailable)
    assert "sent nothing for 0.5 seconds" in heard.error.message
    await next_works(client, provider)


@pytest.mark.parametrize("seed", range(6))
async def test_a_damaged_stream_is_an_answer_or_an_error_and_nothing_else(
    seed: int, provider: ProviderServer, make_client: Any
) -> None:
    chance = random.Random(seed)
    model = make_client(max_retries=0).get("openai/m")
    call = sse(tc(0, "x", "read_file", '{"pa'), tc(0, args='th":"a"}'), DONE)
    for _ in range(30):
        data = bytearray(chance.choice([HELLO_BYTES, call]))
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(1, 30)]
                case 2:
                    data[at:at] = data[: chance.randrange(60)]
                case _:
                    data[at:at] = bytes(chance.choices(b'{}[]",:\n\r\\ued8', k=4))
            data = data or bytearray(b" ")
        provider.answer(raw(bytes(data), framing=chance.choice(["chunked", "close"])))
        heard = await ask(model, tools=TOOLS)
        if heard.completed is not None:
            heard.completed.content[0].wire_json().encode()
    await next_works_with(model)


def test_the_table_is_as_long_as_promised() -> None:
    assert len(ANSWERS) + len(FAULTS) + len(CALLS) >= 119
