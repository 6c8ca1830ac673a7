"""The text at a cursor: each way of asking for it over real HTTP, found out once, and what of an answer is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cass.config import Config
from cass.errors import ModelError, ModelUnavailable
from cass.llm.client import LLMClient
from cass.llm.cursor import from_chat, kept
from cass.llm.endpoints import Endpoints
from cass.llm.fim import Filler
from cass.llm.link import Link, Timeouts
from cass.llm.model import place_of
from cass.ports import CompletionRequest
from support.provider import HOLD, STALL, Answer, ProviderServer, document, error, raw, text
from support.server import script

MakeClient = Callable[..., LLMClient]


def at(prefix: str, suffix: str = "\n", seconds: float = 5) -> CompletionRequest:
    return CompletionRequest(prefix, suffix, "a.py", "python", 32, seconds)


REQUEST = at("def add(a, b):\n    return ", "\n\nprint(add(1, 2))\n")
NONE = error(404, "no such path")


def infill(content: str, tokens: int | None = None) -> Answer:
    return document({"content": content, "stop": True, **({} if tokens is None else {"tokens_evaluated": tokens})})


def completion(words: str, tokens: int | None = None) -> Answer:
    usage = {} if tokens is None else {"usage": {"prompt_tokens": tokens, "completion_tokens": 1}}
    return document({"object": "text_completion", "choices": [{"index": 0, "text": words}], **usage})


def mistral(words: str) -> Answer:
    return document({"choices": [{"index": 0, "message": {"role": "assistant", "content": words}}]})


async def test_a_llama_server_is_asked_on_its_own_api_and_that_is_remembered(
    provider: ProviderServer, make_client: MakeClient
) -> None:
    provider.answer(infill("x", 50), infill("a + b"), infill("a + b"))
    assert await make_client().get("openai/m").complete(REQUEST) == "a + b"
    assert [r.path for r in provider.requests] == ["/infill", "/infill"]
    sent = provider.requests[1].json
    assert (sent["input_prefix"], sent["input_suffix"]) == (REQUEST.prefix, REQUEST.suffix)
    assert sent["n_predict"] == 32
    assert await make_client().get("openai/m").complete(REQUEST) == "a + b"
    assert len(provider.requests) == 3, "another process tries nothing out"


@pytest.mark.parametrize("tokens", [60, None])
async def test_prompt_and_suffix_where_both_are_read(
    tokens: int | None, provider: ProviderServer, make_client: MakeClient
) -> None:
    provider.answer(NONE, completion("x", tokens), completion("a + b"))
    assert await make_client().get("openai/m").complete(REQUEST) == "a + b"
    assert [r.path for r in provider.requests] == ["/infill", "/v1/completions", "/v1/completions"]
    sent = provider.requests[2].json
    assert (sent["model"], sent["prompt"], sent["suffix"]) == ("m", REQUEST.prefix, REQUEST.suffix)
    assert sent["max_tokens"] == 32


async def test_mistrals_form(provider: ProviderServer, make_client: MakeClient) -> None:
    provider.answer(NONE, NONE, mistral("x"), mistral("a + b"))
    assert await make_client().get("openai/m").complete(REQUEST) == "a + b"
    assert provider.requests[3].path == "/v1/fim/completions"
    assert provider.requests[3].json["suffix"] == REQUEST.suffix


async def test_a_server_that_leaves_the_suffix_out_is_asked_by_chat(
    provider: ProviderServer, make_client: MakeClient
) -> None:
    provider.answer(error(501, "Infill is not supported by this model"), completion("x", 1), NONE)
    provider.answer(text("```python\n    return a + b\n```"), text("a + b"))
    model = make_client().get("openai/m")
    assert await model.complete(REQUEST) == "a + b"
    assert provider.requests[3].path == "/v1/chat/completions"
    said = provider.requests[3].json["messages"][-1]["content"]
    assert "return <CURSOR>\n\nprint" in str(said)
    assert await model.complete(REQUEST) == "a + b"
    assert len(provider.requests) == 5, "it is found out once"


@pytest.mark.parametrize(
    "answer", [document({"error": "Unexpected endpoint"}), raw(b"<html>"), document(b"nonsense")]
)
async def test_what_is_no_completion_counts_as_none(
    answer: Answer, provider: ProviderServer, make_client: MakeClient
) -> None:
    provider.answer(answer, answer, answer, text("a + b"))
    assert await make_client().get("openai/m").complete(REQUEST) == "a + b"


async def test_a_server_that_is_busy_has_taught_nothing(provider: ProviderServer, make_client: MakeClient) -> None:
    provider.answer(error(503, "loading"), infill("x", 50), infill("a + b"))
    model = make_client().get("openai/m")
    with pytest.raises(ModelError):
        await model.complete(REQUEST)
    assert len(provider.requests) == 1, "it is not asked again by itself"
    assert await model.complete(REQUEST) == "a + b"


async def test_a_way_that_is_gone_is_looked_for_again(provider: ProviderServer, make_client: MakeClient) -> None:
    provider.answer(infill("x", 50), infill("one"), NONE)
    model = make_client().get("openai/m")
    assert await model.complete(REQUEST) == "one"
    with pytest.raises(ModelError):
        await model.complete(REQUEST)
    provider.answer(NONE, completion("x", 60), completion("two"))
    assert await model.complete(REQUEST) == "two"


@pytest.mark.parametrize("way", ["infill", "chat"])
async def test_a_failure_is_not_repeated(way: str, provider: ProviderServer, make_client: MakeClient) -> None:
    provider.answer(*([infill("x", 50)] if way == "infill" else [NONE, NONE, NONE]), error(500, "broken"))
    with pytest.raises(ModelError):
        await make_client(max_retries=4).get("openai/m").complete(REQUEST)
    assert len(provider.requests) == (2 if way == "infill" else 4)


async def test_an_answer_that_takes_too_long_is_given_up(provider: ProviderServer, make_client: MakeClient) -> None:
    provider.answer(infill("x", 50), Answer([STALL]))
    model = make_client(idle_timeout=30).get("openai/m")
    with pytest.raises(ModelUnavailable, match=r"0\.3 seconds"):
        await model.complete(at("a = ", seconds=0.3))
    await asyncio.to_thread(provider.wait_gone)


async def test_cancelling_closes_the_connection(provider: ProviderServer, make_client: MakeClient) -> None:
    provider.answer(infill("x", 50), Answer([STALL]))
    task = asyncio.create_task(make_client(idle_timeout=30).get("openai/m").complete(REQUEST))
    for _ in range(2):
        await asyncio.to_thread(provider.wait_request)
    task.cancel()
    await asyncio.to_thread(provider.wait_gone)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_key_does_not_end_finding_out_what_there_is(
    provider: ProviderServer, make_client: MakeClient
) -> None:
    provider.answer(raw(HOLD, b'{"content": "x"}', content_type="application/json"), infill("a + b"))
    model = make_client(idle_timeout=30).get("openai/m")
    first = asyncio.create_task(model.complete(REQUEST))
    await asyncio.to_thread(provider.wait_request)
    first.cancel()
    second = asyncio.create_task(model.complete(REQUEST))
    provider.go_on()
    assert await second == "a + b"
    assert len(provider.requests) == 2


@pytest.mark.parametrize(("name", "key"), [("openai", "OPENAI_API_KEY"), ("openrouter", "OPENROUTER_API_KEY")])
async def test_a_provider_that_only_chats_is_not_tried_out(name: str, key: str) -> None:
    endpoint = Endpoints(Config(), {key: "sk-not-used"}).resolve(name)
    place = place_of(endpoint, "m")
    link = Link(place, {}, Timeouts(connect=0.001, idle=0.001))
    learned: list[str] = []
    assert await Filler(endpoint, place, link, lambda: "", learned.append).way() == "chat"
    assert not learned


async def test_a_script_offers_what_fits(make_client: MakeClient, tmp_path: Path) -> None:
    offers = [{"text": "a + b", "after": "return "}, {"text": "pass", "after": ":\n    "}]
    name = script(tmp_path / "s.json", completions=offers)
    model = make_client().get(name)
    assert await model.complete(at("    return ")) == "a + b"
    assert await model.complete(at("def f():\n    ")) == "pass"
    assert await model.complete(at("x")) == ""


@pytest.mark.parametrize(
    ("said", "suffix", "meant"),
    [
        ("a + b", "\n", "a + b"),
        ("a + b\n\n", "\n", "a + b"),
        ("a + b\r\nc", "\n", "a + b\nc"),
        ("   \n", "", ""),
        ("  ", "x", ""),
        ("a, b)", ")\n", "a, b"),
        ("bar()", ")\n", "bar()"),
        ("'x'", "')", "'x'"),
        ("x'", "')", "x"),
        ("a;", ";\n", "a"),
        ("total", "al", "total"),
        ("a + b\n\nprint(add(1, 2))", "\n\nprint(add(1, 2))\n", "a + b"),
        ("a + b\n\nprint(add(1, 2))\nprint(", "\n\nprint(add(1, 2))\n", "a + b"),
        ("a + b<|endoftext|>junk", "\n", "a + b"),
        ("a<fim_middle>b", "<fim_middle>", "a<fim_middle>b"),
    ],
)
def test_only_what_is_new_is_kept(said: str, suffix: str, meant: str) -> None:
    assert kept(said, suffix) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a + b", "a + b"),
        ("```\na + b\n```", "a + b"),
        ("```py\na + b\nc\n```\n", "a + b\nc"),
        ("```py\na + b", "a + b"),
        ("    return a + b", "a + b"),
        ("return a + b", "a + b"),
        ("<CURSOR>a + b", "a + b"),
        ("use `a` here", "use `a` here"),
    ],
)
def test_what_a_chat_model_meant(said: str, meant: str) -> None:
    assert from_chat(said, REQUEST) == meant


def test_a_wrong_script_of_completions_is_told(make_client: MakeClient, tmp_path: Path) -> None:
    name: Any = script(tmp_path / "s.json", completions=[{"after": "x"}])
    with pytest.raises(Exception, match=r"completions\.0\.text"):
        make_client().get(name)
