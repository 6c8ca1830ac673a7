"""The scripted model plays its file, and says what is wrong with a bad one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from cass.errors import AuthenticationError, BadResponse, ConfigError, ContextTooLong, ModelUnavailable, RateLimited
from cass.ports import ModelRequest, TextDelta
from support.models import ask, result, said, user


@pytest.fixture
def script(tmp_path: Path, make_client: Any) -> Any:
    def write(value: object) -> Any:
        path = tmp_path / "script.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return make_client().get(f"scripted/{path}")

    return write


async def test_steps_are_played_by_the_place_in_the_conversation(script: Any) -> None:
    call = {"name": "read_file", "arguments": {"path": "a"}, "id": "c1"}
    steps = [
        {"text": "I look. " * 6, "thinking": "hm", "tool_calls": [call], "chunk": 10},
        {"text": "Done.", "expect": "contents", "usage": {"input": 12, "output": 3, "cost": 0.5}},
    ]
    model = script({"steps": steps, "context_window": 9000})
    assert model.window.tokens == 9000
    first = await ask(model)
    assert first.completed is not None
    assert first.completed.finish == "tool_calls"
    assert (first.text, first.shown, first.thinking) == ("I look. " * 6, "I look. " * 6, "hm")
    assert sum(isinstance(event, TextDelta) for event in first.events) == 5
    history = [user("hi"), said(*first.completed.content), result("c1", "the contents")]
    second = await ask(model, ModelRequest("", history))
    assert second.completed is not None
    assert (second.text, second.completed.finish) == ("Done.", "stop")
    assert second.completed.usage is not None
    assert (second.completed.usage.input, second.completed.usage.cost) == (12, 0.5)
    third = await ask(model, ModelRequest("", [*history, said("Done."), user("more")]))
    assert "ended" in third.text
    wrong = await ask(model, ModelRequest("", [user("hi"), said("x"), user("nothing")]))
    assert isinstance(wrong.error, BadResponse)
    assert "expects 'contents'" in wrong.error.message
    assert "nothing" in wrong.error.hint


async def test_a_bare_list_and_other_ends(script: Any) -> None:
    model = script([{"text": "cut", "finish": "length"}])
    heard = await ask(model)
    assert heard.completed is not None
    assert heard.completed.finish == "length"
    assert heard.completed.usage is not None
    assert heard.completed.usage.input > 0
    assert model.estimate("four words are here") in range(3, 9)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limited", RateLimited),
        ("auth_required", AuthenticationError),
        ("context_too_long", ContextTooLong),
        ("bad_response", BadResponse),
        ("provider_unavailable", ModelUnavailable),
    ],
)
async def test_a_step_can_fail(kind: str, error: type[Exception], script: Any) -> None:
    heard = await ask(script([{"text": "half", "error": {"kind": kind, "message": "as written"}}]))
    assert type(heard.error) is error
    assert heard.error.message == "as written"
    assert [block.text for block in heard.error.partial] == ["half"]
    heard = await ask(script([{"error": {"kind": kind}}]))
    assert kind in str(heard.error)


async def test_a_delay_is_kept(script: Any) -> None:
    began = time.monotonic()
    await ask(script([{"text": "abcd", "chunk": 1, "delay_ms": 10}]))
    await ask(script([{"tool_calls": [{"name": "x"}], "delay_ms": 20}]))
    assert time.monotonic() - began >= 0.06


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r"script\.json:1: .*not JSON"),
        ('{\n"steps": [,]}', r"script\.json:2"),
        ("[" * 100_000, "not JSON"),
        ("7", "the script"),
        ("{}", "steps"),
        ('{"steps": [{"txt": "a"}]}', r"steps\.0\.txt"),
        ('[{"text": "a"}, {"chunk": 0}]', r"steps\.1\.chunk"),
        ('[{"error": {"kind": "other"}}]', r"steps\.0\.error\.kind"),
    ],
)
def test_a_bad_script_is_told_with_its_place(text: str, words: str, script: Any) -> None:
    with pytest.raises(ConfigError, match=words):
        script(text)


def test_a_missing_or_endless_script_is_told(make_client: Any, tmp_path: Path) -> None:
    client = make_client()
    with pytest.raises(ConfigError, match=r"missing\.json: The script cannot be read: No such file"):
        client.get(f"scripted/{tmp_path}/missing.json")
    with pytest.raises(ConfigError, match="cannot be read"):
        client.get(f"scripted/{tmp_path}")
    with pytest.raises(ConfigError, match="longer than 16 MB"):
        client.get("scripted//dev/zero")
    (tmp_path / "latin.json").write_bytes(b'["\xff"]')
    with pytest.raises(ConfigError, match="not JSON"):
        client.get(f"scripted/{tmp_path}/latin.json")


async def test_the_demo_model_answers_any_number_of_prompts(make_client: Any) -> None:
    model = make_client().get("scripted/demo")
    history = [user("hi")]
    for number in range(4):
        heard = await ask(model, ModelRequest("", tuple(history)))
        assert heard.completed is not None
        assert ("demo model" in heard.text) == (number % 2 == 0)
        history.append(said(*heard.completed.content))
