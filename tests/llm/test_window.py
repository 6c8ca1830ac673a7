"""The real window of a model: asked of each kind of server, learned from errors, seen where a server cuts silently."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cass.errors import ConfigError, ContextTooLong
from cass.llm.meter import Meter
from cass.llm.tokens import UNKNOWN, Rates, Size, size_of
from cass.llm.window import observed
from cass.ports import ModelRequest
from cass.protocol.messages import Message, Text
from support.models import ask, user
from support.provider import ProviderServer, error, text


@pytest.mark.parametrize(
    ("pages", "listed", "window"),
    [
        ({}, {"id": "m", "max_model_len": 12_000}, 12_000),
        ({}, {"id": "m", "context_length": 9_000}, 9_000),
        ({"/props": {"default_generation_settings": {"n_ctx": 5_120}}}, {"id": "m"}, 5_120),
        (
            {"/api/v0/models/m": {"id": "m", "loaded_context_length": 7_000, "max_context_length": 99_000}},
            {"id": "m"},
            7_000,
        ),
        ({"/api/ps": {"models": [{"name": "m:latest", "context_length": 6_000}]}}, {"id": "m"}, 6_000),
    ],
    ids=["vllm", "router", "llama.cpp", "lm studio", "ollama behind another name"],
)
async def test_a_compatible_server_is_asked_in_its_own_way(
    pages: dict[str, Any], listed: dict[str, Any], window: int, provider: ProviderServer, make_client: Any
) -> None:
    provider.models[:] = [listed]
    provider.pages |= pages
    model = make_client(config={"providers": {"mine": {"base_url": provider.url}}}).get("mine/m")
    assert model.window.source == "assumed"
    await model.prepare()
    assert (model.window.tokens, model.window.source) == (window, "server")


async def test_a_server_that_says_nothing_gets_a_careful_window(provider: ProviderServer, make_client: Any) -> None:
    model = make_client(config={"providers": {"mine": {"base_url": provider.url}}}).get("mine/m")
    await model.prepare()
    assert model.window.tokens == 32_768
    assert not model.window.is_known
    assert "assumed" in model.window.words
    gone = make_client(config={"providers": {"mine": {"base_url": "http://127.0.0.1:1/v1"}}}).get("mine/m")
    await gone.prepare()
    assert gone.window.tokens == 32_768


async def test_what_is_configured_counts_more_than_what_is_told(provider: ProviderServer, make_client: Any) -> None:
    provider.models[:] = [{"id": "m", "max_model_len": 12_000}]
    known = {"base_url": provider.url, "models": {"m": {"context_window": 2_000}}}
    model = make_client(config={"providers": {"mine": known}}).get("mine/m")
    await model.prepare()
    assert (model.window.tokens, model.window.source) == (2_000, "configured")


async def test_ollama_that_has_not_loaded_the_model_counts_as_its_default(
    provider: ProviderServer, make_client: Any
) -> None:
    provider.pages["/api/ps"] = {"models": []}
    provider.pages["/api/show"] = {"parameters": "stop x", "model_info": {"qwen3.context_length": 40_960}}
    model = make_client(environ={"OLLAMA_HOST": f"127.0.0.1:{provider.port}"}).get("ollama/qwen3")
    await model.prepare()
    assert (model.window.tokens, model.window.source) == (4_096, "assumed")
    provider.pages["/api/ps"] = {"models": [{"name": "qwen3:latest", "context_length": 16_384}]}
    await ask(model)
    assert (model.window.tokens, model.window.source) == (16_384, "server")


async def test_ollama_models_with_a_window_of_their_own(provider: ProviderServer, make_client: Any) -> None:
    provider.pages["/api/ps"] = {"models": []}
    provider.pages["/api/show"] = {"parameters": "num_ctx   24000\nstop x"}
    model = make_client(environ={"OLLAMA_HOST": f"127.0.0.1:{provider.port}"}).get("ollama/qwen3:8b")
    await model.prepare()
    assert (model.window.tokens, model.window.source) == (24_000, "server")


async def test_a_wider_window_is_made_where_the_server_can(provider: ProviderServer, make_client: Any) -> None:
    provider.pages["/api/ps"] = {"models": []}
    provider.pages["/api/show"] = {"model_info": {"qwen3.context_length": 40_960}}
    provider.pages["/api/create"] = {"status": "success"}
    mine = {"providers": {"mine": {"base_url": provider.url}}}
    client = make_client(environ={"OLLAMA_HOST": f"127.0.0.1:{provider.port}"}, config=mine)
    await client.get("ollama/qwen3:8b").prepare()
    assert await client.widened("ollama/qwen3:8b", 16_384) == "ollama/qwen3:8b-ctx16384"
    made = next(r for r in provider.asides if r.path == "/api/create")
    assert made.json == {
        "model": "qwen3:8b-ctx16384",
        "from": "qwen3:8b",
        "parameters": {"num_ctx": 16_384},
        "stream": False,
    }
    assert await client.widened("ollama/qwen3:8b-ctx16384", 8_192) == "ollama/qwen3:8b-ctx8192"
    with pytest.raises(ConfigError, match="40,960"):
        await client.widened("ollama/qwen3:8b", 100_000)
    with pytest.raises(ConfigError, match="cannot set the window"):
        await client.widened("mine/m", 16_384)


@pytest.mark.parametrize(
    ("counted", "window"), [(4_096, 4_096), (4_000, 4_096), (3_700, 4_096), (6_000, 6_000), (2_049, 2_049)]
)
def test_what_was_read_says_how_big_the_window_is(counted: int, window: int) -> None:
    assert observed(counted) == window


async def test_a_window_that_was_thought_too_small_is_corrected(provider: ProviderServer, make_client: Any) -> None:
    model = make_client().get("openai/m")
    provider.answer(text("ok", usage=(2_047, 5)))
    await ask(model, ModelRequest("s", [user("Some ordinary words in a row. " * 1_000)]))
    assert model.window.tokens == 2_048
    provider.answer(text("ok", usage=(6_000, 5)))
    await ask(model, ModelRequest("s", [user("Other words, and more of them. " * 1_000)]))
    assert model.window.tokens > 2_048


async def test_a_refusal_that_was_wrong_does_not_make_forget_what_the_server_told(
    provider: ProviderServer, make_client: Any
) -> None:
    provider.models[:] = [{"id": "m", "max_model_len": 8_000}]
    model = make_client(config={"providers": {"mine": {"base_url": provider.url}}}).get("mine/m")
    await model.prepare()
    provider.answer(error(400, "prompt is too long"), text("ok", usage=(6_500, 5)))
    long = ModelRequest("s", [user("Some ordinary words in a row. " * 400)])
    assert isinstance((await ask(model, long)).error, ContextTooLong)
    assert model.window.tokens < 6_000
    await ask(model, long)
    assert (model.window.tokens, model.window.source) == (8_000, "server")


async def test_a_server_that_cuts_to_the_half_has_the_window_that_it_once_read(
    provider: ProviderServer, make_client: Any
) -> None:
    """Some cut a long prompt far below what they could hold: what they read whole before shows how much that is."""
    model = make_client().get("openai/m")
    messages = [user("Some ordinary words in a row. " * 550)]
    provider.answer(text("ok", usage=(3_900, 5)), text("ok", usage=(2_085, 5)))
    await ask(model, ModelRequest("s", messages, cache_key="k"))
    messages.append(user("Other words, and more of them. " * 60))
    notices = (await ask(model, ModelRequest("s", messages, cache_key="k"))).notices
    assert "2,085" in notices[0]
    assert model.window.tokens == 4_096


def _meter() -> tuple[Meter, list[Rates]]:
    rates = [UNKNOWN]
    return Meter(lambda: rates[-1], rates.append), rates


def _request(*texts: str) -> ModelRequest:
    return ModelRequest(
        "", tuple(Message(role="user", content=(Text(text=text),)) for text in texts), cache_key="s"
    )


def _size(request: ModelRequest) -> Size:
    return sum((size_of(message.text) for message in request.messages), Size())


CONTENT = {
    "code": "def load(self, path):\n    return [line.strip() for line in path.read_text().split('\\n')]\n",
    "json": json.dumps({"id": 12345, "name": "something", "price": 17.25, "ok": True}),
    "chinese": "这是一个关于编程助手的说明文档，它可以读取文件、修改代码并运行测试。",
    "base64": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0",
}


@pytest.mark.parametrize("kind", CONTENT)
@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7])
def test_after_three_requests_estimates_are_within_five_percent(kind: str, factor: float) -> None:
    """Whatever the endpoint's tokenizer makes of a kind of text, and beside an overhead that nobody knows."""
    meter, _ = _meter()
    texts: list[str] = []
    for number in range(6):
        texts.append(CONTENT[kind] * (20 + 17 * number % 40))
        request = _request(*texts)
        counted = 700 + int(_size(request).tokens * factor)
        if number >= 3:
            assert meter.expect(request, _size(request)) == pytest.approx(counted, rel=0.05)
        assert not meter.weigh(request, _size(request), counted)


def test_a_cut_is_seen_by_what_did_not_grow() -> None:
    meter, _ = _meter()
    texts: list[str] = []
    noticed: list[int] = []
    outgrown: list[int] = []
    for number in range(10):
        texts.append("Some other words that follow, one after the other. " * 40)
        request = _request(*texts)
        whole = int(_size(request).tokens)
        outgrown += [number] if whole > 3_000 else []
        if meter.weigh(request, _size(request), min(whole, 3_000)):
            noticed.append(number)
            assert whole > 3_000
            assert meter.expect(request, _size(request)) == pytest.approx(whole, rel=0.25)
    assert noticed[0] <= outgrown[0] + 1


def test_an_endpoint_that_never_cuts_is_believed() -> None:
    meter, rates = _meter()
    first = _request("words " * 2_000)
    meter.weigh(first, _size(first), 2_000, whole=True)
    second = _request("words " * 2_000, "more " * 2_000)
    assert not meter.weigh(second, _size(second), 2_100, whole=True)
    assert rates[-1].words < 1
