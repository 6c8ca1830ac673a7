"""The one stream: order, numbers, gathering, replay, and a journal that fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cass.errors import StoreError
from cass.protocol.events import (
    AgentMessageChunk,
    AgentThoughtChunk,
    Event,
    Notice,
    SessionInfoUpdate,
    TextContent,
    ToolCallContentChunk,
)
from cass.protocol.messages import Text
from cass.sessions.stream import Stream
from cass.stores.memory import MemoryJournal, MemoryStore
from support.house import RecordingClient


def _chunk(text: str, message: str = "m") -> AgentMessageChunk:
    return AgentMessageChunk(message_id=message, content=Text(text=text))


def _stream() -> tuple[Stream, RecordingClient, MemoryJournal]:
    journal = MemoryJournal()
    stream, client = Stream("s", journal), RecordingClient()
    stream.clients.append(client)
    return stream, client, journal


async def test_small_pieces_are_gathered_and_nothing_overtakes_them() -> None:
    stream, client, _ = _stream()
    for letter in "hello":
        stream.emit(_chunk(letter))
    stream.emit(AgentThoughtChunk(message_id="m", content=Text(text="hm")))
    stream.emit(_chunk("x", "other"))
    stream.emit(ToolCallContentChunk(tool_call_id="t", content=TextContent(content=Text(text="out"))))
    stream.emit(SessionInfoUpdate(title="t"))
    assert [e.session_update for e in client.events] == [
        "agent_message_chunk", "agent_thought_chunk", "agent_message_chunk", "tool_call_content_chunk", "session_info_update",
    ]  # fmt: skip
    assert client.events[0] == _chunk("hello")
    assert client.seqs == [1, 2, 3, 4, 5]


async def test_gathered_text_is_told_soon_though_nothing_else_happens() -> None:
    stream, client, _ = _stream()
    stream.emit(_chunk("a"))
    assert client.events == []
    async with asyncio.timeout(5):
        while not client.events:
            await asyncio.sleep(0.005)
    assert client.events == [_chunk("a")]
    stream.emit(_chunk("b" * 3_000))
    assert client.events[-1] == _chunk("b" * 3_000)


async def test_a_replay_has_no_gap_and_ends_where_live_goes_on() -> None:
    stream, _, _ = _stream()
    events: list[Event] = [
        SessionInfoUpdate(title="1"),
        Notice(level="info", text="x"),
        SessionInfoUpdate(title="2"),
    ]
    for event in events:
        stream.emit(event)
    late, reconnected, lost = RecordingClient(), RecordingClient(), RecordingClient()
    assert stream.replay(late, None)
    assert late.events == [events[0], events[2]]
    assert late.seqs == [2, 3]
    assert stream.replay(reconnected, 1)
    assert reconnected.seqs == [2, 3]
    assert not stream.replay(lost, 99)
    assert lost.events == []
    assert stream.recent(Notice) == [events[1]]


async def test_a_journal_that_fails_is_said_once_and_the_work_goes_on() -> None:
    class Full(MemoryJournal):
        full = True

        def append(self, event: Event) -> None:
            if self.full:
                raise StoreError("the disk is full")
            super().append(event)

    journal = Full()
    stream, client = Stream("s", journal), RecordingClient()
    stream.clients.append(client)
    stream.emit(SessionInfoUpdate(title="1"))
    stream.emit(SessionInfoUpdate(title="2"))
    assert [n.text for n in client.of(Notice)] == ["the disk is full"]
    assert len(client.of(SessionInfoUpdate)) == 2
    assert client.seqs == [1, 2, 3]
    journal.full = False
    stream.emit(SessionInfoUpdate(title="3"))
    assert [e.title for e in journal.kept if isinstance(e, SessionInfoUpdate)] == ["1", "2", "3"]
    journal.full = True
    stream.emit(SessionInfoUpdate(title="4"))
    assert [n.level for n in client.of(Notice)] == ["error", "info", "error"]
    assert [e.title for e in stream.durable() if isinstance(e, SessionInfoUpdate)] == ["1", "2", "3", "4"]
    journal.full = False
    stream.close()
    assert [e.title for e in journal.kept if isinstance(e, SessionInfoUpdate)] == ["1", "2", "3", "4"]


def test_the_memory_store_forgets() -> None:
    from cass.ports import SessionHeader

    store = MemoryStore()
    for number in range(2):
        store.create(SessionHeader(f"s{number}", "/p", f"2026-01-0{number + 1}"))
    assert [s.header.session_id for s in store.list("/p")] == ["s1", "s0"]
    assert store.list(str(Path("/q"))) == []
    assert list(store.open("s1")[1].events()) == []
    store.delete("s1")
    assert len(store.list(None)) == 1
