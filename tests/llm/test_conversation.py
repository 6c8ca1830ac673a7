"""A conversation that grows step by step is sent as if it had been written at once, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.config import Config
from cass.llm.client import LLMClient
from cass.llm.encoded import EncodedCache
from cass.llm.model import RemoteModel
from cass.llm.terms import Terms, terms_of
from cass.llm.wire import Wire
from cass.ports import ModelRequest
from cass.protocol.messages import Image, Message, Text, ToolCall, ToolResult

IDS = st.sampled_from(["a", "b", "c"])
TEXTS = st.text("xyz ", max_size=5).map(lambda text: Text(text=text))
IMAGE = Image(data="aGk=", mime_type="image/png")
CALLS = st.builds(lambda id: ToolCall(id=id, name="read_file", arguments={"path": id}), IDS)
RESULTS = st.builds(
    lambda id, text, picture: ToolResult(call_id=id, content=(text, IMAGE) if picture else (text,)),
    IDS,
    TEXTS,
    st.booleans(),
)


def _message(role: str, content: st.SearchStrategy[object]) -> st.SearchStrategy[Message]:
    blocks = st.lists(content, max_size=3)
    return blocks.map(lambda found: Message.model_validate({"role": role, "content": tuple(found)}))


MESSAGES = st.one_of(
    _message("user", TEXTS), _message("assistant", st.one_of(TEXTS, CALLS)), _message("tool", RESULTS)
)


def _wire(kind: str, name: str, folder: Path) -> tuple[Wire, Terms]:
    config = Config.model_validate({"providers": {"openrouter": {"wire": kind}}})
    client = LLMClient(config, folder, {"OPENROUTER_API_KEY": "k"})
    model = client.get(f"openrouter/{name}")
    assert isinstance(model, RemoteModel)
    terms = terms_of(model.endpoint, name, model.quirks, None)
    return model.wire(terms), terms


@pytest.mark.parametrize("kind", ["chat", "responses"])
@pytest.mark.parametrize("name", ["plain/model", "anthropic/claude-x"])
@settings(max_examples=60, deadline=None)
@given(messages=st.lists(MESSAGES, min_size=1, max_size=40), steps=st.lists(st.integers(1, 40), max_size=12))
def test_written_step_by_step_or_at_once_it_is_the_same(
    kind: str,
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
    messages: list[Message],
    steps: list[int],
) -> None:
    wire, terms = _wire(kind, name, tmp_path_factory.getbasetemp())
    remembering = EncodedCache()
    for length in [*sorted(min(step, len(messages)) for step in steps), len(messages)]:
        request = ModelRequest("system", tuple(messages[:length]))
        once = wire.write(request, terms, EncodedCache())
        grown = wire.write(request, terms, remembering)
        assert grown.data == once.data
        assert grown.size.tokens == pytest.approx(once.size.tokens)


def test_a_conversation_that_took_another_way_is_written_anew(tmp_path: Path) -> None:
    wire, terms = _wire("chat", "plain/model", tmp_path)
    cache = EncodedCache()
    words = [Message(role="user" if n % 2 == 0 else "assistant", content=(Text(text=f"w{n}"),)) for n in range(40)]
    wire.write(ModelRequest("system", tuple(words)), terms, cache)
    other = [*words[:4], *(word.model_copy(update={"content": (Text(text="new"),)}) for word in words[4:])]
    request = ModelRequest("system", tuple(other))
    assert wire.write(request, terms, cache).data == wire.write(request, terms, EncodedCache()).data
    assert b"w39" not in wire.write(request, terms, cache).data
