"""What is sent: stable bytes, valid conversations, nothing that the endpoint did not ask for."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from itertools import pairwise
from typing import Any

import pytest

from cass.llm.encoded import EncodedCache
from cass.llm.model import RemoteModel
from cass.llm.sequence import INTERRUPTED
from cass.llm.terms import terms_of
from cass.ports import ModelNotice, ModelRequest, TextDelta, ToolSpec
from cass.protocol.messages import EmbeddedText, Image, Message, Resource, ResourceLink, Text, Thinking, ToolCall
from support.models import READ_FILE, WRITE_FILE, ask, result, said, user
from support.provider import HOLD, STALL, ProviderServer, chunk, error, raw, sse, stream, text, usage_chunk

PNG = Image(data=base64.b64encode(b"\x89PNG").decode(), mime_type="image/png")
CALL = ToolCall(id="c1", name="read_file", arguments={"path": "a"})


async def test_each_step_begins_with_the_bytes_of_the_step_before(
    provider: ProviderServer, make_client: Any
) -> None:
    model = make_client().get("openai/m")
    history: list[Message] = [user("first")]
    for step in range(6):
        await ask(
            model, ModelRequest("system", tuple(history), (READ_FILE, WRITE_FILE), effort="low", cache_key="s")
        )
        call = ToolCall(id=f"c{step}", name="read_file", arguments={"path": f"f{step}", "é": ["ü"]})
        history += [said(f"step {step}", call), result(f"c{step}", "text", PNG)]
        history += [user("steer")] if step == 3 else []
    bodies = [request.body for request in provider.requests]
    for before, after in pairwise(bodies):
        assert after.startswith(before.removesuffix(b"]}"))
        json.loads(after)


@pytest.mark.parametrize("wire", ["chat", "responses"])
async def test_a_long_history_costs_little_to_send_again(
    wire: str, provider: ProviderServer, make_client: Any
) -> None:
    config = {"providers": {"openai": {"wire": wire}}}
    model = make_client(config=config, max_retries=0).get("openai/m")
    history: list[Message] = [user("first")]
    for step in range(400):
        call = ToolCall(id=f"c{step}", name="read_file", arguments={"path": f"f{step}"})
        history += [said("x" * 200, call), result(f"c{step}", "line of text\n" * 100)]
    assert isinstance(model, RemoteModel)
    request = ModelRequest("system", tuple(history), (READ_FILE,))
    cache = EncodedCache()
    terms = terms_of(model.endpoint, "m", model.quirks, None)
    written = model.wire(terms)
    began = time.perf_counter()
    first = written.write(request, terms, cache)
    cold = time.perf_counter() - began
    began = time.perf_counter()
    second = written.write(request, terms, cache)
    warm = time.perf_counter() - began
    assert first == second
    assert warm < cold / 3


async def test_every_call_is_followed_by_its_result(provider: ProviderServer, make_client: Any) -> None:
    other = ToolCall(id="c2", name="write_file", raw='{"path": "a')
    history = [
        user("a"),
        said("b", CALL, other),
        result("c2", "fine"),
        result("c2", "said twice"),
        result("nobody", "asked"),
        user("c"),
        said(Thinking(text="only thinking")),
        Message(role="user", content=()),
        user("d"),
        said(ToolCall(id="c3", name="bad name/é" * 20)),
    ]
    await ask(make_client().get("openai/m"), ModelRequest("", history, (READ_FILE,)))
    sent = provider.requests[0].json["messages"]
    assert [message["role"] for message in sent] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
        "user",
        "assistant",
        "tool",
    ]
    assert {m["tool_call_id"]: m["content"] for m in sent[2:4]} == {"c2": "fine", "c1": INTERRUPTED}
    assert sent[1]["tool_calls"][1]["function"]["arguments"] == "{}"
    assert sent[6]["content"] is None
    assert len(sent[6]["tool_calls"][0]["function"]["name"]) == 64
    assert sent[7]["content"] == INTERRUPTED


async def test_pictures_and_files_are_sent_in_the_right_places(provider: ProviderServer, make_client: Any) -> None:
    link = ResourceLink(uri="file:///b.py", name="b.py")
    words = Resource(resource=EmbeddedText(uri="file:///a.py", text="print()"))
    history = [
        Message(role="user", content=(Text(text="look"), PNG, words, link)),
        said(CALL, ToolCall(id="c2", name="read_file")),
        result("c1", "a picture", PNG),
        result("c2", PNG),
    ]
    await ask(make_client().get("openai/m"), ModelRequest("s", history))
    _, first, _, one, two, *pictures = provider.requests[0].json["messages"]
    url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG.data}"}}
    assert first["content"] == [
        {"type": "text", "text": "look"},
        url,
        {"type": "text", "text": '<resource uri="file:///a.py">\nprint()\n</resource>'},
        {"type": "text", "text": "[b.py](file:///b.py)"},
    ]
    assert (one["content"], two["content"]) == ("a picture", "The picture is in the next message.")
    assert pictures == [{"role": "user", "content": [url]}] * 2


async def test_a_model_without_eyes_is_told_of_pictures(provider: ProviderServer, make_client: Any) -> None:
    config = {"providers": {"openai": {"models": {"m": {"images": False, "max_output": 77}}}}}
    history = [Message(role="user", content=(PNG, Text(text="what is it?"))), said(CALL), result("c1", PNG)]
    await ask(make_client(config=config).get("openai/m"), ModelRequest("", history))
    sent = provider.requests[0].json
    assert sent["messages"][0]["content"].startswith("[A picture was here")
    assert sent["messages"][2]["content"].startswith("[A picture was here")
    assert len(sent["messages"]) == 3
    assert sent["max_tokens"] == 77


async def test_no_header_tells_more_than_the_request(
    provider: ProviderServer, make_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {
        "OPENAI_API_KEY": "sk-openai-secret",
        "OPENAI_ADMIN_KEY": "sk-admin-secret",
        "OPENAI_ORG_ID": "org-secret",
        "OPENAI_PROJECT_ID": "proj-secret",
        "OPENAI_CUSTOM_HEADERS": "X-Custom: custom-secret\nAuthorization: Bearer ambient-secret",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    config = {
        "providers": {
            "mine": {"base_url": provider.url},
            "keyed": {"base_url": provider.url, "key_env": "K", "headers": {"X-Title": "t"}},
        }
    }
    client = make_client(environ={**secrets, "K": "my-key"}, config=config)
    await ask(client.get("mine/some/model"))
    await ask(client.get("keyed/m"))
    await client.catalog()
    plain, keyed = provider.requests
    allowed = {"host", "connection", "content-type", "content-length", "accept", "accept-encoding", "user-agent"}
    assert set(plain.headers) == allowed
    assert set(keyed.headers) == allowed | {"authorization", "x-title"}
    assert keyed.headers["authorization"] == "Bearer my-key"
    assert plain.json["model"] == "some/model"
    assert [g.path for g in provider.gets].count("/v1/models") == 4
    for request in [*provider.requests, *provider.gets]:
        told = json.dumps(request.headers) + request.path
        assert "secret" not in told
        assert "stainless" not in told
        assert "python" not in told.lower()


async def test_cancelling_closes_the_connection_at_once(provider: ProviderServer, make_client: Any) -> None:
    model = make_client(idle_timeout=60).get("openai/m")
    provider.answer(raw(sse(chunk({"content": "Hi"}), done=False), STALL))
    started = asyncio.Event()

    async def read() -> None:
        async for event in model.stream(ModelRequest("", [user("hi")])):
            if isinstance(event, TextDelta):
                started.set()

    task = asyncio.create_task(read())
    await started.wait()
    cancelled = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(provider.wait_gone) - cancelled < 0.3
    assert (await ask(model)).text == "ok"


async def test_cancelling_before_the_first_byte_closes_too(provider: ProviderServer, make_client: Any) -> None:
    model = make_client(idle_timeout=60).get("openai/m")
    provider.answer(raw(STALL))
    task = asyncio.create_task(ask(model))
    await asyncio.to_thread(provider.wait_request)
    cancelled = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(provider.wait_gone) - cancelled < 0.3


async def test_closing_the_iterator_closes_the_connection(provider: ProviderServer, make_client: Any) -> None:
    model = make_client(idle_timeout=60).get("openai/m")
    provider.answer(raw(sse(chunk({"content": "Hi"}), done=False), STALL))
    events = model.stream(ModelRequest("", [user("hi")]))
    assert await anext(events) == TextDelta("Hi")
    closed = time.monotonic()
    await events.aclose()
    assert await asyncio.to_thread(provider.wait_gone) - closed < 0.3


async def test_cancelling_works_while_a_retry_waits(provider: ProviderServer, make_client: Any) -> None:
    model = make_client(max_retry_wait=60).get("openai/m")
    provider.answer(error(429, "slow", headers={"retry-after": "30"}))
    events = model.stream(ModelRequest("", [user("hi")]))
    retry = await anext(events)
    assert retry.delay == pytest.approx(30)
    waiting = asyncio.create_task(anext(events))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(provider.requests) == 1


async def test_text_is_shown_as_it_comes_and_the_connection_is_kept(
    provider: ProviderServer, make_client: Any
) -> None:
    model = make_client(idle_timeout=20).get("openai/m")
    provider.answer(raw(sse(chunk({"content": "Hel"}), done=False), HOLD, sse(chunk({"content": "lo"}, "stop"))))
    events = model.stream(ModelRequest("", [user("hi")], (READ_FILE,)))
    assert await anext(events) == TextDelta("Hel")
    provider.go_on()
    rest = [event async for event in events]
    assert rest[0] == TextDelta("lo")
    for _ in range(3):
        assert (await ask(model)).text == "ok"
    assert provider.connections == 1


async def test_a_prompt_that_the_server_cut_is_noticed_once(provider: ProviderServer, make_client: Any) -> None:
    model = make_client().get("openai/m")
    long = ModelRequest("s", [user("Some ordinary words in a row, one after the other. " * 600)])
    provider.answer(*[text("ok", usage=(2047, 5))] * 2, text("ok", usage=(10, 5)))
    first, second = await ask(model, long), await ask(model, long)
    assert ["read only 2,047" in notice for notice in first.notices] == [True]
    assert second.notices == []
    assert model.window.tokens == 2048
    assert (await ask(model, "short")).notices == []


async def test_estimates_follow_what_the_endpoint_counts(provider: ProviderServer, make_client: Any) -> None:
    client = make_client()
    model = client.get("openai/m")
    words = "Some ordinary words in a row, one after the other. " * 200
    before = model.estimate(words)
    for _ in range(6):
        provider.answer(text("ok", usage=(before * 3 // 2, 5)))
        await ask(model, words)
    assert before * 1.3 < model.estimate(words) < before * 1.6
    assert make_client().get("openai/m").estimate(words) == model.estimate(words)
    assert client.get("openai/other").estimate(words) == before


async def test_costs_come_from_the_provider_or_from_prices(provider: ProviderServer, make_client: Any) -> None:
    prices = {"input_price": 2.0, "output_price": 10.0}
    config = {"providers": {"openai": {"models": {"m": prices}}}}
    model = make_client(config=config).get("openai/m")
    provider.answer(
        text("ok", usage=(1000, 100)),
        stream(chunk({"content": "ok"}, "stop"), usage_chunk(1000, 100, cost=0.5)),
        text("ok", usage=None),
    )
    costs = [(await ask(model)).completed.usage for _ in range(3)]
    assert [usage and usage.cost for usage in costs] == [pytest.approx(0.003), 0.5, None]


async def test_what_a_notice_says_stands_before_the_end(provider: ProviderServer, make_client: Any) -> None:
    tools = [ToolSpec("read_file", "d", {"type": "object"})]
    provider.answer(error(400, "m does not support tools"))
    heard = await ask(make_client().get("openai/m"), tools=tools)
    assert isinstance(heard.events[0], ModelNotice)
    assert heard.text == "ok"
