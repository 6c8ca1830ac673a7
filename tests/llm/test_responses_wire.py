"""The Responses API: what is sent, and how its streams end."""

from __future__ import annotations

from typing import Any

import pytest

from cass.errors import BadResponse, ModelError, ModelUnavailable
from cass.ports import ModelRequest
from cass.protocol.messages import Image, Message, Text
from support.models import READ_FILE, WRITE_FILE, ask, result, said, user
from support.provider import RESET, Answer, ProviderServer, document, raw, sse, stream


@pytest.fixture
def model(make_client: Any) -> Any:
    return make_client(config={"providers": {"openai": {"wire": "responses"}}}).get("openai/m")


def ev(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def ended(status: str = "completed", **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 50, "output_tokens": 9, "input_tokens_details": {"cached_tokens": 40}}
    return ev(status, response={"status": status, "model": "m-1", "output": [], "usage": usage, **fields})


REASONING = {
    "type": "reasoning",
    "id": "rs1",
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "E1",
}
MESSAGE = {
    "type": "message",
    "id": "msg1",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hi"}],
}
CALL = {"type": "function_call", "id": "fc1", "call_id": "c1", "name": "read_file", "arguments": '{"path":"a"}'}
CALL_2 = {"type": "function_call", "id": "fc2", "call_id": "c2", "name": "write_file", "arguments": "{}"}

STREAMED = [
    ev("created", response={"status": "in_progress"}),
    ev("output_item.added", item={"type": "reasoning", "id": "rs1"}),
    ev("reasoning_summary_part.added", item_id="rs1"),
    ev("reasoning_summary_text.delta", item_id="rs1", delta="h"),
    ev("reasoning_summary_text.delta", item_id="rs1", delta="m"),
    ev("output_item.done", item=REASONING),
    ev("output_item.added", item={"type": "message", "id": "msg1"}),
    ev("output_text.delta", item_id="msg1", delta="H"),
    ev("output_text.delta", item_id="msg1", delta="i"),
    ev("output_item.done", item=MESSAGE),
    ev("output_item.added", item={**CALL, "arguments": ""}),
    ev("function_call_arguments.delta", item_id="fc1", delta='{"path"'),
    ev("function_call_arguments.delta", item_id="fc1", delta=':"a"}'),
    ev("function_call_arguments.done", item_id="fc1", arguments='{"path":"a"}'),
    ev("output_item.done", item=CALL),
    ended(output=[REASONING, MESSAGE, CALL]),
]

SAME = [
    pytest.param(stream(*STREAMED, done=False), id="pieces"),
    pytest.param(stream(*[e for e in STREAMED if ".delta" not in e["type"]], done=False), id="whole-items"),
    pytest.param(stream(STREAMED[-1], done=False), id="only-the-end"),
    pytest.param(stream(*STREAMED[:-1], ended(), done=False), id="empty-output-at-the-end"),
    pytest.param(stream(*STREAMED[:14], STREAMED[15], done=False), id="no-item-done-for-the-call"),
    pytest.param(raw(sse(*STREAMED, done=False), RESET), id="reset-behind-the-end"),
    pytest.param(document(STREAMED[-1]["response"]), id="one-document"),
    pytest.param(
        raw(b"".join(b"event: %b\n%b" % (e["type"].encode(), sse(e, done=False)) for e in STREAMED)), id="event-lines"
    ),
]  # fmt: skip


@pytest.mark.parametrize("answer", SAME)
async def test_an_answer_is_the_same_however_it_is_told(
    answer: Answer, provider: ProviderServer, model: Any
) -> None:
    provider.answer(answer)
    heard = await ask(model, tools=(READ_FILE,))
    assert heard.completed is not None, heard.error
    assert (heard.thinking, heard.text) == ("hm", "Hi")
    assert [(c.id, c.name, c.arguments) for c in heard.calls] == [("c1", "read_file", {"path": "a"})]
    assert (heard.shown_thinking, heard.shown) == ("hm", "Hi")
    assert heard.completed.finish == "tool_calls"
    assert heard.completed.model == "m-1"
    assert heard.completed.usage is not None
    assert (heard.completed.usage.input, heard.completed.usage.cache_read) == (50, 40)


async def test_reasoning_goes_back_in_its_place_to_the_model_it_came_from(
    provider: ProviderServer, make_client: Any
) -> None:
    client = make_client(config={"providers": {"openai": {"wire": "responses"}}})
    second = {**REASONING, "id": "rs2", "encrypted_content": "E2", "summary": []}
    provider.answer(stream(ended(output=[REASONING, CALL, second, CALL_2]), done=False))
    heard = await ask(client.get("openai/m"), tools=(READ_FILE, WRITE_FILE))
    assert heard.completed is not None
    image = Image(data="AAAA", mime_type="image/png")
    history = [user("hi"), said(*heard.completed.content), result("c1", "A", image), result("c2", "B")]
    history[0] = Message(role="user", content=(Text(text="hi"), image))
    request = ModelRequest("system", history, (READ_FILE,), effort="high", max_output=99, cache_key="k")
    provider.fallback = stream(ended(output=[MESSAGE]), done=False)
    await ask(client.get("openai/m"), request)
    sent = provider.requests[1].json
    assert (sent["store"], sent["include"], sent["instructions"]) == (
        False,
        ["reasoning.encrypted_content"],
        "system",
    )
    assert (sent["reasoning"], sent["max_output_tokens"]) == ({"effort": "high", "summary": "auto"}, 99)
    assert "prompt_cache_key" not in sent
    assert sent["tools"][0]["name"] == "read_file"
    kinds = [item["type"] for item in sent["input"]]
    calls = ["reasoning", "function_call"] * 2
    assert kinds == ["message", *calls, "function_call_output", "function_call_output", "message"]
    assert [sent["input"][i]["encrypted_content"] for i in (1, 3)] == ["E1", "E2"]
    assert sent["input"][7]["content"] == [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]
    await ask(client.get("openai/other"), request)
    assert "reasoning" not in [item["type"] for item in provider.requests[2].json["input"]]


ENDS = [
    ("cut", stream(*STREAMED[:9], done=False), BadResponse, "ended before"),
    ("reset", raw(sse(*STREAMED[:9], done=False), RESET), BadResponse, "broke off"),
    ("failed", stream(ended("failed", error={"code": "server_error", "message": "It broke"})), ModelUnavailable, "It broke"),
    ("failed-without-words", stream(ended("failed")), ModelError, "failed"),
    ("error-event", stream({"type": "error", "code": "x", "message": "No luck"}), BadResponse, "No luck"),
    ("cancelled", stream(ev("completed", response={"status": "cancelled"})), BadResponse, "cancelled"),
    ("nothing", stream(ended()), BadResponse, "with nothing"),
    ("document-of-something-else", document({"id": "x"}), BadResponse, "holds no answer"),
    ("error-document", document({"error": {"message": "No luck"}}), BadResponse, "No luck"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "words"), [e[1:] for e in ENDS], ids=[e[0] for e in ENDS])
async def test_a_broken_answer_is_no_answer(
    answer: Answer, kind: type[ModelError], words: str, provider: ProviderServer, model: Any
) -> None:
    provider.answer(answer, answer)
    heard = await ask(model)
    assert isinstance(heard.error, kind), heard.error
    assert words in heard.error.message
    assert len(heard.retries) == 1
    provider.fallback = stream(ended(output=[MESSAGE]))
    assert (await ask(model)).text == "Hi"


@pytest.mark.parametrize(
    ("events", "finish", "text"),
    [
        (
            [ended("incomplete", output=[MESSAGE], incomplete_details={"reason": "max_output_tokens"})],
            "length",
            "Hi",
        ),
        ([ended("incomplete", output=[MESSAGE], incomplete_details={"reason": "content_filter"})], "refusal", "Hi"),
        ([ev("refusal.delta", item_id="m", delta="No."), ended()], "refusal", "No."),
        (
            [ended(output=[{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}])],
            "refusal",
            "No.",
        ),
    ],
)
async def test_other_ends(events: list[Any], finish: str, text: str, provider: ProviderServer, model: Any) -> None:
    provider.answer(stream(*events))
    heard = await ask(model)
    assert heard.completed is not None
    assert (heard.completed.finish, heard.text) == (finish, text)


async def test_a_call_that_was_cut_by_the_limit_is_not_run(provider: ProviderServer, model: Any) -> None:
    cut = {**CALL, "arguments": '{"path":'}
    provider.answer(stream(ended("incomplete", output=[cut], incomplete_details={"reason": "max_output_tokens"})))
    heard = await ask(model, tools=(READ_FILE,))
    assert [call.raw for call in heard.calls] == ['{"path":']


async def test_an_answer_that_used_up_its_limit_was_cut_whatever_the_server_says(
    provider: ProviderServer, model: Any
) -> None:
    provider.answer(stream(ended(output=[CALL])))
    heard = await ask(model, ModelRequest("", [user("hi")], (READ_FILE,), max_output=9))
    assert heard.completed is not None
    assert heard.completed.finish == "length"
    assert [call.raw for call in heard.calls] == ['{"path":"a"}']
