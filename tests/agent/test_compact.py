"""What is left out of a long conversation: never between a call and its answer, never the user's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.agent import compact, notes
from cass.agent.compact import Room, plan
from cass.agent.notes import Known
from cass.protocol.events import CompactionUpdate, PlanEntry
from cass.protocol.messages import Image, Message, Text, ToolCall, ToolResult
from cass.sessions.history import compacted


def _said(text: str) -> Message:
    return Message(role="user", content=(Text(text=text),))


def _called(*ids: str) -> Message:
    return Message(role="assistant", content=tuple(ToolCall(id=id, name="read_file") for id in ids))


def _result(id: str, text: str) -> Message:
    return Message(role="tool", content=(ToolResult(call_id=id, content=(Text(text=text),)),))


def _count(message: Message) -> int:
    parts = [
        b.text
        if isinstance(b, Text | ToolResult)
        else f"call{b.arguments}"
        if isinstance(b, ToolCall)
        else "picture"
        for b in message.content
    ]
    return sum(map(len, parts)) // 4 + 4


def _whole(messages: list[Message]) -> int:
    return sum(map(_count, messages))


def _steps(count: int, size: int) -> list[Message]:
    steps = [_said("begin")]
    for n in range(count):
        steps += [_called(f"c{n}"), _result(f"c{n}", f"{n} " * (size // 2))]
    return steps


def _apply(messages: list[Message], found: compact.Plan, kept: tuple[Message, ...] = ()) -> list[Message]:
    event = CompactionUpdate(
        compaction_id="x",
        status="completed",
        folded=found.folded,
        arguments=found.arguments,
        replaced=found.cut,
        kept=kept,
    )
    return compacted(messages, event)


def test_old_results_are_folded_first_and_say_how_to_have_them_back() -> None:
    messages = _steps(10, 2_000)
    found = plan(messages, _count, Room(6_000, 1_000))
    assert found.cut == 0
    assert "c0" in found.folded
    assert "c9" not in found.folded
    assert "read_result c0" in found.folded["c0"]
    shorter = _apply(messages, found)
    assert _whole(shorter) < 2_600
    assert shorter[-1] == messages[-1]
    assert [len(m.content) for m in shorter] == [len(m.content) for m in messages]


def _wrote(id: str, text: str) -> list[Message]:
    call = ToolCall(
        id=id, name="write_file", arguments={"path": f"{id}.txt", "content": text, "parts": [{"x": text}]}
    )
    return [Message(role="assistant", content=(call,)), _result(id, "Written.")]


def test_long_texts_in_the_arguments_of_old_calls_are_folded_too() -> None:
    messages = [_said("begin")]
    for n in range(10):
        messages += _wrote(f"c{n}", f"line {n}\n" * 150)
    found = plan(messages, _count, Room(8_000, 1_000))
    assert found.cut == 0
    shorter = _apply(messages, found)
    assert _whole(shorter) < 3_500
    assert shorter[-2:] == messages[-2:]
    first = shorter[1].tool_calls[0].arguments
    assert first["path"] == "c0.txt"
    assert "read_result arguments-c0 has them" in str(first["content"])
    assert "read_result arguments-c0 has them" in str(first["parts"])


def test_arguments_that_alone_are_too_long_keep_their_beginning_and_their_end_without_notes() -> None:
    messages = [_said("begin"), *_wrote("c0", "first\n" + "x " * 20_000 + "last")]
    found = plan(messages, _count, Room(5_000, 1_000))
    shorter = _apply(messages, found)
    assert found.cut == 0
    assert shorter[0] == messages[0]
    assert _whole(shorter) <= 2_000
    content = str(shorter[1].tool_calls[0].arguments["content"])
    assert content.startswith("first\n")
    assert content.endswith("last")


def test_where_folding_is_not_enough_the_beginning_is_replaced() -> None:
    messages = _steps(60, 200)
    found = plan(messages, _count, Room(1_500, 500))
    assert 0 < found.cut < len(messages)
    assert messages[found.cut].role == "assistant"
    assert _whole(messages[found.cut :]) <= 1_000 * compact.RECENT + 60


def test_nothing_is_left_out_of_what_is_short() -> None:
    assert not plan([_said("hello")], _count, Room(8_000, 1_000), thorough=True).folded
    assert not plan([], _count, Room(8_000, 1_000), thorough=True)


def test_a_result_that_alone_is_too_long_keeps_its_beginning_and_its_end() -> None:
    messages = [
        _said("begin"),
        _called("big", "small"),
        _result("big", "a" * 30_000 + "z" * 30_000),
        _result("small", "s"),
    ]
    found = plan(messages, _count, Room(3_000, 500), thorough=True)
    shorter = _apply(messages, found)
    text = found.folded["big"]
    assert text.startswith("aaa")
    assert text.endswith("zzz")
    assert "read_result big" in text
    assert _whole(shorter) < 1_600


def test_open_calls_are_never_cut_from_what_answers_them() -> None:
    messages = [*_steps(20, 900), _called("o1", "o2"), _result("o1", "x" * 900)]
    found = plan(messages, _count, Room(1_500, 500), thorough=True)
    assert found.cut <= messages.index(_called("o1", "o2"))


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3_000), st.booleans()), min_size=1, max_size=40),
    st.integers(300, 20_000),
    st.booleans(),
)
def test_whatever_is_left_out_every_call_has_its_answer(
    shapes: list[tuple[int, int, bool]], whole: int, thorough: bool
) -> None:
    messages: list[Message] = []
    for step, (calls, size, speaks) in enumerate(shapes):
        if speaks:
            messages.append(_said(f"words {step}"))
        ids = [f"{step}-{n}" for n in range(calls)]
        messages += [_called(*ids), *(_result(id, "r" * size) for id in ids)]
    found = plan(messages, _count, Room(whole, 200), thorough=thorough)
    left = _apply(messages, found)
    called = [block.id for m in left for block in m.content if isinstance(block, ToolCall)]
    answered = [block.call_id for m in left for block in m.content if isinstance(block, ToolResult)]
    assert called == answered
    assert left[-1].role == "tool"
    assert _whole(left) <= _whole(messages)


def _notes(said: list[Message], room: int = 2_000, **known: object) -> str:
    message = notes.message(
        list(enumerate(said, 1)),
        said[-1],
        "All went well.",
        Known(Path("/p"), **known),
        room,
        lambda t: len(t) // 4,
    )
    return message.text


def test_the_users_words_stay_as_they_are() -> None:
    said = [_said("first: keep `x  y`\n\n  as it is"), *(_said(f"word {n} " * 3) for n in range(5)), _said("last")]
    text = _notes(said)
    for message in said:
        assert message.text in text
    assert "All went well." in text


def test_too_many_words_are_shortened_in_the_middle_and_can_be_had_back() -> None:
    said = [
        _said("the very first wish"),
        *(_said(f"number {n}: " + "blah " * 400) for n in range(30)),
        _said("last wish"),
    ]
    text = _notes(said)
    assert "the very first wish" in text
    assert "last wish" in text
    assert "read_result said-" in text
    assert len(text) // 4 < 2_000
    huge = _notes([_said("begin " + "x" * 50_000 + " end"), _said("last")])
    assert "begin xxx" in huge
    assert "read_result said-1" in huge
    assert len(huge) // 4 < 2_000


def test_what_cass_knows_is_written_down() -> None:
    text = _notes(
        [_said("go")],
        todos=(
            PlanEntry(content="open one", status="in_progress"),
            PlanEntry(content="done one", status="completed"),
        ),
        files={Path("/p/a.py"): "abc123", Path("/q/b.py"): "gone"},
        changed=(Path("/p/a.py"),),
    )
    assert "- [~] open one" in text
    assert "- [x] done one" in text
    assert "- a.py abc123 changed by you" in text
    assert "- /q/b.py gone" in text


def test_a_summary_can_be_found_and_replaced() -> None:
    message = notes.message([(1, _said("go"))], None, "old", Known(Path("/p")), 500, len)
    assert notes.summary_of(message) == "old"
    assert notes.summary_of(_said("# What happened so far\n\nnot a note")) is None
    (changed,) = notes.with_summary([message], "new one")
    assert notes.summary_of(changed) == "new one"
    assert changed.content[:2] == message.content[:2]


def test_a_picture_of_the_last_message_is_kept() -> None:
    picture = Image(data="AA==", mime_type="image/png")
    last = Message(role="user", content=(Text(text="look"), picture))
    message = notes.message([(1, last)], last, "s", Known(Path("/p")), 500, len)
    assert picture in message.content


@pytest.mark.parametrize("text", ["short", ""])
def test_short_results_are_not_worth_a_line(text: str) -> None:
    assert not compact.is_foldable(ToolResult(call_id="c", content=(Text(text=text),)))
