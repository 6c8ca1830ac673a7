"""What an endpoint refuses is left out, at once and from then on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass.errors import ContextTooLong, ModelError, ModelUnavailable, RateLimited
from cass.llm.quirks import QuirkBook, Quirks
from cass.llm.tokens import Rates
from cass.ports import ModelRequest
from cass.protocol.messages import Image, Message, Text, Thinking, ToolCall
from support.models import READ_FILE, ask, result, said, user
from support.provider import ProviderServer, chunk, document, error, stream, text

CALL = ToolCall(id="c1", name="read_file", arguments={"path": "a"})
PNG = Image(data="AAAA", mime_type="image/png")
REQUEST = ModelRequest("system", [user("hi")], (READ_FILE,), effort="minimal", max_output=100)
TALK = ModelRequest(
    "system",
    [Message(role="user", content=(Text(text="hi"), PNG)), said(Thinking(text="hm"), CALL), result("c1", "done")],
    (READ_FILE,),
)


def unsupported(name: str) -> Any:
    return error(400, f"Unsupported parameter: '{name}' is not supported with this model.", param=name)


LESSONS = [
    ("stream_options", REQUEST, unsupported("stream_options"), lambda b: "stream_options" not in b),
    ("stream-options-422", REQUEST, document({"detail": [{"msg": "extra field stream_options"}]}, status=422), lambda b: "stream_options" not in b),
    ("max_tokens", REQUEST, error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", param="max_tokens"), lambda b: b.get("max_completion_tokens") == 100 and "max_tokens" not in b),
    ("effort", REQUEST, unsupported("reasoning_effort"), lambda b: "reasoning_effort" not in b),
    ("effort-value", REQUEST, error(400, "Unsupported value: 'reasoning_effort' does not support 'minimal'. Supported: 'low', 'high'."), lambda b: "reasoning_effort" not in b),
    ("system-role", REQUEST, error(400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."), lambda b: b["messages"][0] == {"role": "user", "content": "system"}),
    ("system-role-500", REQUEST, error(500, "System role not supported"), lambda b: b["messages"][0]["role"] == "user"),
    ("tools", TALK, error(400, "registry.ollama.ai/library/m does not support tools"), lambda b: "tools" not in b and "read_file" in b["messages"][0]["content"] and "<tool_response>" in b["messages"][3]["content"] and "<tool_call>" in b["messages"][2]["content"]),
    ("images", TALK, error(400, "This model does not support image input"), lambda b: isinstance(b["messages"][1]["content"], str)),
    ("null-content", TALK, error(400, "messages[2].content must be a string, got null"), lambda b: b["messages"][2]["content"] == ""),
    ("reasoning-back", TALK, error(400, "Missing `reasoning_content` field in the assistant message at message index 2"), lambda b: b["messages"][2].get("reasoning_content") == "hm"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "refusal", "mended"), [x[1:] for x in LESSONS], ids=[x[0] for x in LESSONS])
async def test_a_refused_part_is_changed_and_remembered(
    request_: ModelRequest, refusal: Any, mended: Any, provider: ProviderServer, make_client: Any
) -> None:
    provider.answer(refusal)
    heard = await ask(make_client(max_retries=0).get("openai/m"), request_)
    assert heard.text == "ok"
    assert heard.retries == []
    assert not mended(provider.requests[0].json)
    assert mended(provider.requests[1].json)
    assert (await ask(make_client().get("openai/m"), request_)).text == "ok"
    assert len(provider.requests) == 3
    assert mended(provider.requests[2].json)
    await ask(make_client().get("openai/other"), request_)
    assert not mended(provider.requests[3].json)


async def test_only_the_refused_effort_is_left_out(provider: ProviderServer, make_client: Any) -> None:
    model = make_client().get("openai/m")
    provider.answer(
        error(400, "Unsupported value: 'reasoning_effort' does not support 'minimal'. Supported: 'low'.")
    )
    heard = await ask(model, REQUEST)
    assert ["minimal" in notice for notice in heard.notices] == [True]
    await ask(model, ModelRequest("", [user("hi")], effort="low"))
    assert provider.requests[-1].json["reasoning_effort"] == "low"


async def test_several_refusals_in_a_row_are_all_learned(provider: ProviderServer, make_client: Any) -> None:
    provider.answer(unsupported("stream_options"), unsupported("reasoning_effort"), unsupported("max_tokens"))
    heard = await ask(make_client(max_retries=0).get("openai/m"), REQUEST)
    assert heard.text == "ok"
    assert set(provider.requests[-1].json) == {"model", "stream", "tools", "messages"}


async def test_a_refusal_that_stays_is_told(provider: ProviderServer, make_client: Any) -> None:
    provider.fallback = unsupported("stream_options")
    heard = await ask(make_client().get("openai/m"), REQUEST)
    assert type(heard.error) is ModelError
    assert "stream_options" in heard.error.message
    assert len(provider.requests) == 2


async def test_a_model_on_the_other_api_is_asked_there(provider: ProviderServer, make_client: Any) -> None:
    refusal = error(404, "This model is only supported in v1/responses and not in v1/chat/completions.")
    whole = {
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}],
    }
    provider.answer(refusal, document(whole), document(whole))
    model = make_client().get("openai/m")
    assert [(await ask(model)).text, (await ask(model)).text] == ["Hi", "Hi"]
    paths = [request.path for request in provider.requests]
    assert paths == ["/v1/chat/completions", "/v1/responses", "/v1/responses"]


async def test_tools_in_words_are_called_in_words(provider: ProviderServer, make_client: Any) -> None:
    written = 'I look.\n<tool_call>\n{"name": "read_file", "arguments": {"path": "a"}}\n</tool_call>'
    provider.answer(error(400, "m does not support tools"), text(written))
    heard = await ask(make_client(text_tool_calls="off").get("openai/m"), "hi", (READ_FILE,))
    assert heard.text == "I look."
    assert [call.arguments for call in heard.calls] == [{"path": "a"}]
    assert len(heard.notices) == 1


async def test_a_limit_told_by_the_endpoint_is_the_window_from_then_on(
    provider: ProviderServer, make_client: Any
) -> None:
    told = {
        "code": 400,
        "message": "the request exceeds the available context size",
        "type": "exceed_context_size_error",
    }
    provider.answer(document({"error": {**told, "n_prompt_tokens": 9000, "n_ctx": 4096}}, status=400))
    model = make_client().get("openai/m")
    assert not model.window.is_known
    heard = await ask(model)
    assert isinstance(heard.error, ContextTooLong)
    assert heard.error.limit == 4096
    assert "9,000 tokens were sent, 4,096 fit" in heard.error.message
    assert model.window.tokens == 4096


async def test_retries_are_visible_and_bounded(provider: ProviderServer, make_client: Any) -> None:
    provider.fallback = error(500, "boom")
    heard = await ask(make_client(max_retries=3).get("openai/m"))
    assert isinstance(heard.error, ModelUnavailable)
    assert [(r.attempt, r.max_attempts) for r in heard.retries] == [(1, 3), (2, 3), (3, 3)]
    assert len(provider.requests) == 4


async def test_a_wait_that_is_asked_for_is_kept(provider: ProviderServer, make_client: Any) -> None:
    provider.answer(error(429, "slow", headers={"retry-after-ms": "120"}), text("fine"))
    heard = await ask(make_client().get("openai/m"))
    assert heard.text == "fine"
    assert heard.retries[0].delay == pytest.approx(0.12)
    assert provider.requests[1].at - provider.requests[0].at >= 0.119


async def test_a_wait_that_is_too_long_is_told_at_once(provider: ProviderServer, make_client: Any) -> None:
    provider.answer(error(429, "slow", headers={"retry-after": "61"}))
    heard = await ask(make_client(max_retry_wait=60).get("openai/m"))
    assert isinstance(heard.error, RateLimited)
    assert heard.error.retry_after == 61
    assert "61 seconds" in str(heard.error)


async def test_no_key_is_ever_in_an_error(provider: ProviderServer, make_client: Any) -> None:
    key = "verysecretkey123"
    environ = {"OPENAI_BASE_URL": provider.url, "OPENAI_API_KEY": key}
    provider.answer(error(401, f"Incorrect API key provided: {key}. Also sk-proj-abcdefghij\x1b[2J\u202e"))
    heard = await ask(make_client(environ=environ).get("openai/m"))
    told = str(heard.error)
    assert provider.requests[0].headers["authorization"] == f"Bearer {key}"
    assert key not in told
    assert "abcdefghij" not in told
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "OPENAI_API_KEY" in told
    assert "cass auth set openai" in told


async def test_ids_are_not_used_twice_in_a_conversation(provider: ProviderServer, make_client: Any) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "read_file", "arguments": "{}"}}
    provider.answer(stream(chunk({"tool_calls": [call]}), chunk(finish="tool_calls")))
    heard = await ask(make_client().get("openai/m"), TALK)
    assert heard.calls[0].id != "c1"


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"models": 3}', '{"models": {"k": {"rates": "x", "dropped": 1, "wire": 7}}}', "\x00"]
)
def test_a_damaged_memory_is_begun_anew(damage: str, tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text(damage)
    book = QuirkBook(tmp_path)
    assert book.get("k") == Quirks()
    book.put("k", Quirks(dropped=("a",), window=4096, rates=Rates(1.2), wire="responses"))
    assert QuirkBook(tmp_path).get("k") == Quirks(dropped=("a",), window=4096, rates=Rates(1.2), wire="responses")
    assert [path.name for path in tmp_path.iterdir()] == ["models.json"]


def test_a_memory_that_cannot_be_kept_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = QuirkBook(tmp_path / "file" / "state")
    book.put("k", Quirks(rates=Rates(1.5)))
    assert book.get("k").rates == Rates(1.5)


def test_the_memory_is_bounded_and_says_only_what_is_not_default(tmp_path: Path) -> None:
    book = QuirkBook(tmp_path)
    for number in range(510):
        book.put(f"k{number}", Quirks(window=1000 + number))
    kept = json.loads((tmp_path / "models.json").read_text())["models"]
    assert len(kept) == 500
    assert kept["k509"] == {"window": 1509}
