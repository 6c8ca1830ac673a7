"""Conversations that outgrow the window, over a real endpoint: nothing is sent that does not fit, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cass.errors import SessionError
from cass.protocol.events import CompactionUpdate, Notice, ToolCallUpdate, UsageUpdate
from cass.protocol.messages import Text
from cass.protocol.methods import SessionNewParams
from cass.sessions import compacting
from cass.sessions.context import context
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, call, prompt
from support.longtask import Json, Seen, WindowServer

RULE = "RULE-7f3: touch nothing but what was named."


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.app.close()


def _remote(house: House, server: WindowServer, client: RecordingClient, config: str = "") -> Session:
    house.home.mkdir(exist_ok=True)
    (house.home / "config.toml").write_text(f'approval = "auto"\n{config}')
    house.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "k"}
    house.restart()
    (house.project / "CASS.md").write_text(RULE)
    (house.project / "long.txt").write_text("".join(f"line {n} of the long file\n" for n in range(2_000)))
    params = SessionNewParams(cwd=str(house.project), config_options={"model": "openai/m"})
    return house.app.library.new(params, client)


def _reading(steps: int) -> Any:
    def script(number: int) -> tuple[str, Json] | str:
        if number >= steps:
            return f"answer {number}"
        if number == 1:
            return "todos", {"entries": [{"content": "TODO-A open", "status": "in_progress"}]}
        return "read_file", {"path": "long.txt", "offset": number * 20 + 1, "limit": 50}

    return script


def _turns(server: WindowServer) -> list[Seen]:
    return [seen for seen in server.seen if not seen.summary]


@pytest.mark.parametrize("mode", ["strict", "silent"])
async def test_a_long_task_ends_within_a_small_window(mode: str, house: House) -> None:
    with WindowServer(4_096 if mode == "silent" else 6_000, _reading(60), mode, tell=mode == "strict") as server:
        client = RecordingClient()
        session = _remote(house, server, client, "[limits]\nturns = 500\n")
        end = await ask(session, "first words FIRST-1")
        assert end.stop_reason == "end_turn"
        end = await ask(session, "last words LAST-2")
        assert end.stop_reason == "end_turn"
    hardly = (
        server.window // 50 if mode == "silent" else 0
    )  # so little that is cut off cannot be told from an estimate
    over = [seen for seen in server.seen if seen.tokens > server.window + hardly]
    assert len(over) <= (1 if mode == "silent" else 0)
    told = [notice for notice in client.of(Notice) if "read only" in notice.text]
    assert len(told) == (1 if over else 0)
    done = [e for e in client.of(CompactionUpdate) if e.status == "completed"]
    assert len(done) > 2
    assert all(e.after < e.before for e in done)
    for seen in _turns(server)[3:]:
        text = seen.raw.decode()
        assert RULE in text
        assert "FIRST-1" in text
        assert "TODO-A open" in text
    assert "LAST-2" in _turns(server)[-1].raw.decode()
    for update in client.of(UsageUpdate):
        assert update.size in (server.window, 32_768)


def _refusals() -> list[Any]:
    cases = Path(__file__).parents[3] / "shared" / "cases" / "context_overflow.json"
    known = json.loads(cases.read_text())["cases"] if cases.exists() else []
    shapes = [
        c["provider_error"] for c in known if c["expect_overflow"] and c["provider_error"].get("status") == 400
    ]
    return [*shapes[:6], {"error": {"message": "prompt is too long: 9999 tokens > 6000 maximum"}}]


@pytest.mark.parametrize("shape", _refusals(), ids=lambda s: str(s)[:40])
async def test_an_overflow_that_nobody_foresaw_is_mended_by_compacting(shape: Json, house: House) -> None:
    def refuse(tokens: int, window: int) -> tuple[int, Json]:
        return 400, shape

    with WindowServer(6_000, _reading(25), "strict", refusal=refuse) as server:
        client = RecordingClient()
        session = _remote(house, server, client)
        end = await ask(session, "read it all")
        assert end.stop_reason == "end_turn", end.error
        assert 1 <= server.refused <= 6
        assert "overflow" in {e.trigger for e in client.of(CompactionUpdate)}


async def test_uncompacting_gives_back_every_byte(house: House) -> None:
    with WindowServer(100_000, _reading(12), tell=True) as server:
        session = _remote(house, server, RecordingClient())
        await ask(session, "read it")
        before = [message.wire_json() for message in session.messages]
        await ask(session, "/compact the numbers")
        assert len(session.messages) < len(before)
        assert "the numbers" in next(s for s in server.seen if s.summary).raw.decode()
        await ask(session, "/compact")
        await ask(session, "/uncompact")
        await ask(session, "/uncompact")
        assert [message.wire_json() for message in session.messages] == before
        with pytest.raises(SessionError, match="not made shorter"):
            compacting.uncompact(session)
        house.restart()
        again = await house.resume(session.session_id, RecordingClient())
        assert [message.wire_json() for message in again.messages] == before


async def test_a_compaction_is_there_after_a_restart_and_can_still_be_taken_back(house: House) -> None:
    with WindowServer(100_000, _reading(6), tell=True) as server:
        session = _remote(house, server, RecordingClient())
        await ask(session, "read it")
        before = [message.wire_json() for message in session.messages]
        await compacting.compact(session)
        short = [message.wire_json() for message in session.messages]
        house.restart()
        again = await house.resume(session.session_id, RecordingClient())
        assert [message.wire_json() for message in again.messages] == short
        compacting.uncompact(again)
        assert [message.wire_json() for message in again.messages] == before


async def test_the_summary_can_be_read_and_rewritten(house: House) -> None:
    with WindowServer(100_000, _reading(6), tell=True) as server:
        client = RecordingClient()
        session = _remote(house, server, client)
        with pytest.raises(SessionError):
            compacting.edit_summary(session, "too early")
        await ask(session, "read it")
        await compacting.compact(session)
        assert compacting.summary(session) == server.summary
        await ask(session, "/summary The user wants rhymes.")
        assert compacting.summary(session) == "The user wants rhymes."
        found = await context(session)
        assert (found.compacted, found.summary) == (True, "The user wants rhymes.")
        assert found.total.input >= sum(seen.tokens for seen in _turns(server))
        with pytest.raises(SessionError, match="empty"):
            compacting.edit_summary(session, "  ")
        await ask(session, "go on")
        sent = _turns(server)[-1].raw.decode()
        assert "The user wants rhymes." in sent
        assert server.summary not in sent
        assert '"read_result"' in sent


async def test_where_no_model_can_sum_up_cass_does_it_itself(house: House) -> None:
    with WindowServer(100_000, _reading(6), tell=True) as server:
        session = _remote(
            house,
            server,
            RecordingClient(),
            '[compaction]\nmodel = "gone/x"\n[providers.gone]\nbase_url = "http://127.0.0.1:1/v1"\n[llm]\nmax_retries = 0\n',
        )
        await ask(session, "read it")
        done = await compacting.compact(session)
        assert done.model is None
        assert "read_file" in (done.summary or "")
        assert not any(seen.summary for seen in server.seen)
        await ask(session, "go on")
        assert "read_file" in _turns(server)[-1].raw.decode()


async def test_what_was_left_out_can_be_read_again(house: House) -> None:
    def script(number: int) -> tuple[str, Json] | str:
        if number == 0:
            return "read_file", {"path": "long.txt", "limit": 400}
        if number == 2:
            return "read_result", {"id": "call_0001"}
        if number == 3:
            return "read_result", {"id": "said-1"}
        if number == 4:
            return "read_result", {"id": "nothing"}
        return "ok"

    with WindowServer(100_000, script, tell=True) as server:
        client = RecordingClient()
        session = _remote(house, server, client)
        await ask(session, "read it, please")
        await compacting.compact(session)
        await ask(session, "again")
        results = [e for e in client.of(ToolCallUpdate) if e.status in ("completed", "failed") and e.result]
        texts = ["".join(b.text for b in e.result if isinstance(b, Text)) for e in results]
        assert texts[0].startswith("[lines 1-400")
        assert "line 3 of the long file" in texts[1]
        assert texts[2] == "read it, please"
        assert results[3].status == "failed"


async def test_files_that_were_written_do_not_fill_the_window_and_can_be_read_again(house: House) -> None:
    """Each call's arguments are most of the window: they are made shorter and no answer fails."""
    written = {n: f"file {n} begins\n" + f"value {n} and more\n" * 700 for n in range(4)}

    def script(number: int) -> tuple[str, Json] | str:
        if number < len(written):
            return "write_file", {"path": f"w{number}.txt", "content": written[number]}
        return ("read_result", {"id": "arguments-call_0001"}) if number == len(written) else "done"

    with WindowServer(8_192, script, tell=True) as server:
        client = RecordingClient()
        session = _remote(house, server, client)
        assert (await ask(session, "go")).stop_reason == "end_turn"
        assert server.refused == 0
    assert all((house.project / f"w{n}.txt").read_text() == text for n, text in written.items())
    again = [e.result for e in client.of(ToolCallUpdate) if e.tool_call_id == "call_0005" and e.result]
    texts = "".join(block.text for block in again[-1] if isinstance(block, Text))
    assert written[0][:200] in texts
    while session.stream.state.history.compaction:
        compacting.uncompact(session)
    calls = [call for message in session.messages for call in message.tool_calls]
    assert [call.arguments.get("content") for call in calls[:4]] == [*written.values()]


async def test_words_that_alone_are_too_long_are_sent_as_beginning_and_end(house: House) -> None:
    pasted = "PASTE-BEGINS " + "".join(f"line {n} of a log\n" for n in range(8_000)) + "PASTE-ENDS"

    def script(number: int) -> tuple[str, Json] | str:
        return ("read_result", {"id": "said-1", "offset": 4_000}) if number == 0 else "ok"

    with WindowServer(8_192, script, tell=True) as server:
        client = RecordingClient()
        session = _remote(house, server, client)
        assert (await ask(session, pasted)).stop_reason == "end_turn"
        assert server.refused == 0
    first = _turns(server)[0].raw
    assert b"PASTE-BEGINS" in first
    assert b"PASTE-ENDS" in first
    assert b"read_result said-1" in first
    assert any("line 4000 of a log" in str(event.result) for event in client.of(ToolCallUpdate))
    compacting.uncompact(session)
    assert session.messages[0].text == pasted


async def test_what_can_never_fit_is_said_with_its_numbers(house: House) -> None:
    with WindowServer(1_500, _reading(0), tell=True) as server:
        session = _remote(house, server, RecordingClient())
        end = await ask(session, "hello " * 2_000)
        assert end.stop_reason == "error"
        assert end.error.kind == "context_too_long"
        assert "1,500" in end.error.message
        assert "/model" in end.error.hint
        assert not server.seen
        end = await ask(session, "/compact")
        assert "nothing to leave out" in end.error.message or end.stop_reason == "end_turn"


async def test_the_context_says_where_the_window_goes(house: House) -> None:
    with WindowServer(20_000, _reading(4), tell=True) as server:
        session = _remote(house, server, RecordingClient())
        await ask(session, "read it")
        found = await context(session)
        assert found.size == 20_000
        assert (found.compacted, found.summary) == (False, None)
        assert {"system prompt", "rules", "tools", "your messages", "answers", "tool results"} <= {
            p.name for p in found.parts
        }
        assert abs(found.used - server.seen[-1].tokens) < server.seen[-1].tokens * 0.05
        assert abs(sum(part.tokens for part in found.parts) - found.used) < found.used * 0.3


async def test_budgets_of_session_and_day_stop_with_words(house: House) -> None:
    with WindowServer(100_000, _reading(0), tell=True) as server:
        session = _remote(house, server, RecordingClient(), "[limits]\nsession_tokens = 100\n")
        assert (await ask(session, "one")).stop_reason == "end_turn"
        end = await ask(session, "two")
        assert end.stop_reason == "max_turn_requests"
        assert "limits.session_tokens" in end.error.message
        assert "go on" not in end.error.hint  # it would be stopped again at once
        client = RecordingClient()
        other = _remote(house, server, client, "[limits]\nday_tokens = 100\n")
        end = await ask(other, "three")
        assert "limits.day_tokens" in end.error.message
        assert len(_turns(server)) == 1


async def test_the_longest_answer_asked_for_has_its_place_in_the_window(house: House) -> None:
    """Many servers refuse a request that does not leave room for all of `max_tokens`."""
    with WindowServer(8_192, _reading(25), tell=True) as server:
        session = _remote(house, server, RecordingClient(), "[llm]\nmax_output = 3000\n")
        assert (await ask(session, "go")).stop_reason == "end_turn"
    assert max(seen.tokens for seen in _turns(server)) <= 8_192 - 3_000


async def test_small_windows_get_small_results(house: House) -> None:
    client = RecordingClient()
    path = house.scripts / "small.json"
    path.write_text(json.dumps({"steps": [call("read_file", path="long.txt")], "context_window": 4_096}))
    (house.project / "long.txt").write_text("some words on a line\n" * 5_000)
    session = house.open(client, options={"model": f"scripted/{path}"})
    await ask(session, "read")
    result = next(e for e in client.of(ToolCallUpdate) if e.status == "completed")
    assert len(result.result[0].text) < 2_100
    assert "go on with offset" in result.result[0].text


async def test_what_commands_print_fits_a_small_window_and_the_rest_is_in_a_file(house: House) -> None:
    """The window of the model as it is when the command starts, not as it was when the session began."""
    client = RecordingClient()
    small, big = house.scripts / "small.json", house.scripts / "big.json"
    steps = [call("shell", command="seq 1 5000"), {"text": "ok"}] * 2
    big.write_text(json.dumps({"steps": steps, "context_window": 200_000}))
    small.write_text(json.dumps({"steps": steps, "context_window": 4_096}))
    session = house.open(client, options={"model": f"scripted/{big}", "approval": "auto"})
    await ask(session, "run")
    session.set_option("model", f"scripted/{small}")
    await ask(session, "run")
    long, short = (e.result[0].text for e in client.of(ToolCallUpdate) if e.status == "completed")
    assert 4_000 < len(long) < 12_000
    assert len(short) < 2_100
    assert short.startswith("1\n2\n")
    assert "\n4999\n5000" in short
    assert "all of it is in " in short


async def test_cancelling_while_notes_are_written_leaves_everything_as_it_was(house: House) -> None:
    gate = threading.Event()
    with WindowServer(100_000, _reading(6), tell=True) as server:
        client = RecordingClient()
        session = _remote(house, server, client)
        await ask(session, "read it")
        before = [message.wire_json() for message in session.messages]
        server.hold = gate
        turn_id = prompt(session, "/compact")
        async with asyncio.timeout(20):
            while not any(seen.summary for seen in server.seen):
                await asyncio.sleep(0.01)
        session.work.cancel()
        assert (await session.work.finished(turn_id)).stop_reason == "cancelled"
        gate.set()
        assert [e.status for e in client.of(CompactionUpdate)] == ["in_progress", "failed"]
        assert [message.wire_json() for message in session.messages] == before
        server.hold = None
        assert (await ask(session, "go on")).stop_reason == "end_turn"
