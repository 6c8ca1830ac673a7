"""Tool calls that small models print as text are understood; examples in prose are not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.llm.screen import Screen
from cass.llm.texttools import find_calls
from support.models import READ_FILE, WRITE_FILE, ask
from support.provider import ProviderServer, chunk, stream, text

TOOLS = {tool.name: tool.parameters for tool in (READ_FILE, WRITE_FILE)}
JSON = '{"name": "read_file", "arguments": {"path": "a"}}'
A = ("read_file", {"path": "a"})
B = ("write_file", {"path": "b"})

PRINTED = [
    ("tag", f"<tool_call>\n{JSON}\n</tool_call>", [A], ""),
    ("tag-behind-words", f"I will read it.\n\n<tool_call>{JSON}</tool_call>", [A], "I will read it."),
    ("tag-behind-colon", f"Reading: <tool_call>{JSON}</tool_call>", [A], "Reading:"),
    ("tag-unclosed", f"<tool_call>{JSON}", [A], ""),
    ("tag-twice", f'<tool_call>{JSON}</tool_call>\n<tool_call>{{"name":"write_file","arguments":{{"path":"b"}}}}</tool_call>', [A, B], ""),
    ("tag-with-list", f"<tool_call>[{JSON}]</tool_call>", [A], ""),
    ("tag-with-two-lines", f"<tool_call>\n{JSON}\n{JSON}\n</tool_call>", [A, A], ""),
    ("tag-in-fence-as-all", f"```\n<tool_call>{JSON}</tool_call>\n```", [A], ""),
    ("tag-with-fence-inside", f"<tool_call>\n```json\n{JSON}\n```\n</tool_call>", [A], ""),
    ("tag-function-call", f"<function_call>{JSON}</function_call>", [A], ""),
    ("tag-with-broken-json", '<tool_call>{"name": "read_file", "arguments": {"path": }}</tool_call>', [("read_file", '{"name": "read_file", "arguments": {"path": }}')], ""),
    ("tag-xml-inside", "<tool_call>\n<function=read_file>\n<parameter=path>\na\n</parameter>\n<parameter=line>\n7\n</parameter>\n</function>\n</tool_call>", [("read_file", {"path": "a", "line": 7})], ""),
    ("tag-arg-pairs", "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a</arg_value>\n</tool_call>", [A], ""),
    ("function-json", '<function=read_file>{"path": "a"}</function>', [A], ""),
    ("function-parameters", "<function=read_file><parameter=path>a</parameter></function>", [A], ""),
    ("function-parameter-text-stays-text", "<function=read_file><parameter=path>7</parameter></function>", [("read_file", {"path": "7"})], ""),
    ("function-parameter-not-a-number", "<function=read_file><parameter=line>x</parameter></function>", [("read_file", {"line": "x"})], ""),
    ("function-unclosed", '<function=read_file>{"path": "a"}', [A], ""),
    ("mistral", f"[TOOL_CALLS][{JSON}]", [A], ""),
    ("mistral-named", '[TOOL_CALLS]read_file[ARGS]{"path": "a"}[TOOL_CALLS]write_file[ARGS]{"path": "b"}', [A, B], ""),
    ("python-tag", '<|python_tag|>{"name": "read_file", "parameters": {"path": "a"}}<|eom_id|>', [A], ""),
    ("python-tag-two", f"<|python_tag|>{JSON}; {JSON}", [A, A], ""),
    ("bare", JSON, [A], ""),
    ("bare-parameters", '{"name": "read_file", "parameters": {"path": "a"}}', [A], ""),
    ("bare-openai-form", '{"type": "function", "function": {"name": "read_file", "arguments": "{\\"path\\": \\"a\\"}"}}', [A], ""),
    ("bare-list", f"[{JSON}]", [A], ""),
    ("fenced", f"```json\n{JSON}\n```", [A], ""),
    ("fenced-no-language", f"```\n{JSON}\n```\n", [A], ""),
    ("end-token", f"{JSON}<|im_end|>", [A], ""),
]  # fmt: skip

PROSE = [
    f"You write <tool_call>{JSON}</tool_call> to read a file.",
    f"For example:\n```\n<tool_call>{JSON}</tool_call>\n```\nThen it runs.",
    f"For example:\n```\n<tool_call>{JSON}</tool_call>\n```",
    f"The form is `<tool_call>{JSON}</tool_call>`",
    f"<tool_call>{JSON}</tool_call>\nis what you would write.",
    f"Like this:\n\n{JSON}",
    f"Like this:\n```json\n{JSON}\n```",
    '{"name": "fly", "arguments": {"path": "a"}}',
    '{"name": "read_file"}',
    '{"name": "read_file", "version": 3}',
    '[{"name": "read_file", "arguments": {}}, {"name": "fly", "arguments": {}}]',
    "[1, 2, 3]",
    "{broken",
    "<tool_call>nothing</tool_call>",
    "<function=fly>{}</function>",
    "[TOOL_CALLS] is a mark",
    "<|python_tag|>print(1)",
    "<tool_call>",
    "",
]


@pytest.mark.parametrize(("printed", "expected", "rest"), [p[1:] for p in PRINTED], ids=[p[0] for p in PRINTED])
async def test_a_printed_call_is_a_call(
    printed: str, expected: list[Any], rest: str, provider: ProviderServer, make_client: Any
) -> None:
    provider.answer(text(printed, pieces=7))
    client = make_client()
    heard = await ask(client.get("openai/m"), tools=(READ_FILE, WRITE_FILE))
    assert [(c.name, c.arguments if c.raw is None else c.raw) for c in heard.calls] == expected
    assert heard.text == rest
    assert heard.shown.strip() == rest
    assert heard.completed is not None
    assert heard.completed.finish == "tool_calls"
    provider.answer(text(printed))
    heard = await ask(make_client(text_tool_calls="off").get("openai/m"), tools=(READ_FILE, WRITE_FILE))
    assert (heard.calls, heard.text, heard.shown) == ([], printed, printed)


@pytest.mark.parametrize("prose", PROSE)
def test_prose_is_not_a_call(prose: str) -> None:
    assert find_calls(prose, TOOLS) is None


async def test_prose_about_calls_is_shown_whole(provider: ProviderServer, make_client: Any) -> None:
    for prose in filter(None, PROSE):
        provider.answer(text(prose, pieces=5))
        heard = await ask(make_client().get("openai/m"), tools=(READ_FILE,))
        assert (heard.calls, heard.text, heard.shown) == ([], prose, prose)


async def test_a_proper_call_beside_a_printed_one_is_the_only_one(
    provider: ProviderServer, make_client: Any
) -> None:
    call = {"index": 0, "id": "x", "function": {"name": "read_file", "arguments": "{}"}}
    provider.answer(stream(chunk({"content": JSON}), chunk({"tool_calls": [call]}), chunk(finish="tool_calls")))
    heard = await ask(make_client().get("openai/m"), tools=(READ_FILE,))
    assert [c.id for c in heard.calls] == ["x"]
    assert heard.text == JSON


async def test_without_tools_nothing_is_a_call(provider: ProviderServer, make_client: Any) -> None:
    provider.answer(text(JSON))
    heard = await ask(make_client().get("openai/m"))
    assert (heard.calls, heard.text) == ([], JSON)


WORDS = ["a", " ", "\n", "<", "{", "[", "`", "think>", "<think>", "</think>", "<tool_call", "<function="]


@given(
    parts=st.lists(st.sampled_from(WORDS), max_size=25),
    cuts=st.lists(st.integers(0, 60), max_size=8),
    watch=st.booleans(),
)
def test_the_screen_loses_nothing_and_does_not_care_for_cuts(
    parts: list[str], cuts: list[int], watch: bool
) -> None:
    words = "".join(parts)

    def run(pieces: list[str]) -> tuple[str, str]:
        screen = Screen(watch_calls=watch)
        shown = [pair for piece in pieces for pair in screen.feed(piece)] + screen.close()
        return "".join(t for thought, t in shown if thought), "".join(t for thought, t in shown if not thought)

    edges = sorted({0, len(words), *(cut for cut in cuts if cut < len(words))})
    pieces = [words[a:b] for a, b in pairwise(edges)]
    assert run(pieces) == run([words])
    if not words.lstrip().startswith("<think"):
        assert run(pieces) == ("", words)
