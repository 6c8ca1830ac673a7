"""From events to ACP's updates, where the real process cannot be made to show it at will."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from cass.acp.calls import Calls
from cass.acp.diffs import pairs
from cass.acp.saying import Call, Chunk, Diff, Saying
from cass.acp.updates import Updates
from cass.hunks import unified
from cass.protocol import events
from cass.protocol.messages import Text, Usage
from cass.protocol.reaching import AgentUpdate


def _text(said: list[Saying]) -> str:
    return "".join(s.content.text for s in said if isinstance(s, Chunk) and isinstance(s.content, Text))


def _stream(*happened: str | None, whole: str) -> str:
    """What a client has read after these pieces (None: the stream broke and began anew) and the whole answer."""
    updates = Updates()
    said: list[Saying] = []
    for piece in happened:
        if piece is None:
            said += updates.of(events.MessageDiscarded(message_id="m"))
        else:
            said += updates.of(events.AgentMessageChunk(message_id="m", content=Text(text=piece)))
    said += updates.of(events.AgentMessage(message_id="m", content=(Text(text=whole),)))
    return _text(said)


def test_an_answer_that_began_anew_the_same_is_shown_once() -> None:
    assert _stream("Hello ", "wor", None, "Hel", "lo world", "!", whole="Hello world!") == "Hello world!"


def test_an_answer_that_began_anew_otherwise_stands_below() -> None:
    assert _stream("Hello wor", None, "Hi", " there", whole="Hi there") == "Hello wor\n\nHi there"


def test_what_was_never_streamed_is_said_at_the_end() -> None:
    assert _stream(whole="all of it") == "all of it"
    assert _stream("all ", whole="all of it") == "all of it"


@given(st.lists(st.text(max_size=8), max_size=8))
def test_pieces_are_the_whole(pieces: list[str]) -> None:
    assert _stream(*pieces, whole="".join(pieces)) == "".join(pieces)


def test_ten_thousand_pieces_cost_next_to_nothing() -> None:
    began = time.process_time()
    assert len(_stream(*["twenty characters or s"] * 10_000, whole="twenty characters or s" * 10_000)) == 220_000
    assert time.process_time() - began < 2


def test_the_output_of_a_command_is_bounded_in_size_and_number() -> None:
    clock = [100.0]
    calls = Calls(now=lambda: clock[0])
    calls.update(events.ToolCallUpdate(tool_call_id="c", status="in_progress", title="run"))
    sent: list[Call] = []
    for _ in range(10_000):
        clock[0] += 0.001
        chunk = events.TextContent(content=Text(text="y" * 100))
        update = calls.output(events.ToolCallContentChunk(tool_call_id="c", content=chunk))
        sent += [update] if update else []
    assert 30 <= len(sent) <= 50
    assert all(len(u.wire_json()) < 9_000 for u in sent)


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\r\n", "\n"]), max_size=30)


@given(LINES, LINES, st.sampled_from(["", "tail"]))
def test_the_pairs_of_a_diff_are_in_the_texts(old_lines: list[str], new_lines: list[str], tail: str) -> None:
    old, new = "".join(old_lines), "".join(new_lines) + tail
    found = pairs(events.DiffContent(path="/f", patch=unified("f", old, new)))
    assert bool(found) == (old != new)
    plain_old, plain_new = (text.replace("\r\n", "\n") for text in (old, new))
    for pair in found:
        assert isinstance(pair, Diff)
        assert (pair.old_text or "") in plain_old
        assert pair.new_text in plain_new


def test_a_renaming_is_said_in_words() -> None:
    (said,) = pairs(events.DiffContent(path="/b", patch="rename from /a\nrename to /b\n"))
    assert "Renamed from /a to /b" in said.wire_json()


def test_tokens_are_told_where_the_window_is_known() -> None:
    spent = Usage(input=10, output=2, cost=0.5)
    (used,) = Updates().of(events.UsageUpdate(used=12, size=1000, total=spent))
    assert used.wire() == {
        "sessionUpdate": "usage_update",
        "used": 12,
        "size": 1000,
        "cost": {"amount": 0.5, "currency": "USD"},
    }
    assert not Updates().of(events.UsageUpdate(used=12, size=0))


def test_waiting_for_a_provider_is_seen() -> None:
    waiting = events.Retry(attempt=1, max_attempts=4, in_ms=2000, reason="it is busy")
    (thought,) = Updates().of(waiting)
    assert isinstance(thought, Chunk) and "Asking again in 2 s: it is busy" in thought.wire_json()
    (notice,) = Updates(notices=True).of(waiting)
    assert notice.wire()["severity"] == "warning"


def test_how_a_sub_agent_stands_is_the_content_of_its_call() -> None:
    updates = Updates()
    begun = events.ToolCallUpdate(tool_call_id="c", status="in_progress", name="task", title="explore: look")
    updates.of(begun)
    one = AgentUpdate(
        agent_id="a", name="explore-1", profile="explore", task="look", state="running", tool_call_id="c"
    )
    (said,) = updates.of(one.model_copy(update={"activity": "Read a.py"}))
    assert isinstance(said, Call) and said.content and "explore-1: Read a.py" in said.wire_json()
    (said,) = updates.of(one.model_copy(update={"state": "requires_action"}))
    assert "waits for your answer" in said.wire_json()
    behind = one.model_copy(update={"is_background": True, "state": "done", "text": "It is 42."})
    assert "It is 42." in "".join(s.wire_json() for s in updates.of(behind))
