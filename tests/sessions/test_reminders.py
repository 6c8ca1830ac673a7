"""Reminders and loops: prompts that a session is given at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cass.errors import SessionError
from cass.protocol.events import Notice, UserMessage
from cass.protocol.keeping import ForkParams
from cass.protocol.reaching import ReminderUpdate
from cass.sessions import keeping
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, call


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def said(client: RecordingClient) -> list[str]:
    return ["".join(block.text for block in one.content) for one in client.of(UserMessage)]


def replies(client: RecordingClient) -> str:
    return "\n".join(notice.text for notice in client.of(Notice))


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def past(session: Session, **more: object) -> None:
    """A reminder that was set, and whose time came while nobody was there."""
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    update = {"reminder_id": "r1", "prompt": "look", "state": "waiting", "at": at, **more}
    session.emit(ReminderUpdate.model_validate(update))


async def test_a_loop_says_its_prompt_at_once_and_is_listed_and_stopped(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [{"text": "one"}, {"text": "two"}])
    await ask(session, "/loop 10m --times 3 look around")
    await until(lambda: "look around" in said(client) and not session.work.busy)
    await ask(session, "/loop")
    assert "every 10m, next in " in replies(client)
    assert "2 times more: look around" in replies(client)
    (one,) = session.work.reminders.waiting
    await ask(session, f"/loop stop {one.reminder_id}")
    assert session.work.reminders.waiting == []
    assert client.of(ReminderUpdate)[-1].state == "removed"
    await house.app.close()


async def test_a_reminder_that_is_due_while_a_turn_runs_waits_for_its_end(house: House) -> None:
    client = RecordingClient(hold=True)
    session = house.open(client, [call("shell", command="touch x"), {"text": "one"}, {"text": "two"}])
    turn = asyncio.ensure_future(ask(session, "work"))
    await client.waiting.wait()
    session.work.reminders.add("look", datetime.now(UTC))
    await until(lambda: client.of(ReminderUpdate)[-1].state == "fired")
    assert said(client) == ["work"]
    (queued,) = session.stream.state.waiting.values()
    assert [getattr(block, "text", "") for block in queued.content] == ["look"]
    session.work.cancel()
    await turn
    await house.app.close()


async def test_a_reminder_may_be_a_command(house: House) -> None:
    client = RecordingClient()
    session = house.open(client)
    session.work.reminders.add("/todos add tea", datetime.now(UTC))
    await until(lambda: [entry.content for entry in session.plan] == ["tea"])
    assert session.work.reminders.waiting == []
    await house.app.close()


async def test_rounds_of_a_loop_do_not_pile_up(house: House) -> None:
    client = RecordingClient(hold=True)
    session = house.open(client, [call("shell", command="touch x"), {"text": "done"}])
    session.work.reminders.add("look", datetime.now(UTC) - timedelta(seconds=35), every=10)
    await client.waiting.wait()
    (one,) = session.work.reminders.waiting
    session.work.reminders._fire(one.model_copy(update={"at": datetime.now(UTC).isoformat()}))
    assert said(client) == ["look"]
    assert [update.state for update in client.of(ReminderUpdate)] == ["waiting", "fired", "waiting"]
    await house.app.close()


async def test_they_come_back_with_their_session_and_missed_ones_are_told(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [{"text": "hello"}])
    await ask(session, "hi")
    past(session)
    past(session, reminder_id="r2", prompt="again", every=7200, left=4)
    session.work.reminders.add("later", datetime.now(UTC) + timedelta(hours=2))
    house.restart()
    client = RecordingClient()
    again = await house.resume(session.session_id, client)
    told = client.of(ReminderUpdate)
    assert [(update.prompt, update.state) for update in told] == [("look", "missed"), ("again", "waiting")]
    assert sorted(one.prompt for one in again.work.reminders.waiting) == ["again", "later"]
    loop = next(one for one in again.work.reminders.waiting if one.prompt == "again")
    assert loop.left == 4
    assert datetime.now(UTC) < datetime.fromisoformat(loop.at or "") < datetime.now(UTC) + timedelta(hours=2)
    assert "Due while this session was closed, and not run: look (1h ago); again" in replies(client)
    assert said(client) == []
    await house.app.close()


async def test_a_fork_has_none_of_them(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [{"text": "hello"}])
    await ask(session, "hi")
    await ask(session, "/remind 2h look")
    fork = keeping.make_fork(session.house, ForkParams(session_id=session.session_id))
    again = await house.resume(fork, RecordingClient())
    assert again.work.reminders.waiting == []
    assert len(session.work.reminders.waiting) == 1
    await house.app.close()


async def test_what_is_asked_wrongly_says_how(house: House) -> None:
    client = RecordingClient()
    session = house.open(client)
    for words, says in (
        ("/loop 3s look", "too often"),
        ("/loop soon look", "no length of time"),
        ("/loop 10m", "no words"),
        ("/loop 10m --times zero look", "--times does not take 'zero'"),
        ("/loop 10m --until 25:00 look", "no moment"),
        ("/loop stop r9", "no reminder 'r9'"),
        ("/remind someday look", "no moment"),
        ("/remind 2020-01-01 10:00 look", "is past"),
        ("/remind 10m", "no words"),
    ):
        end = await ask(session, words)
        assert end.error is not None, words
        assert says in end.error.message, (words, end.error.message)
    for number in range(20):
        await ask(session, f"/remind {number + 10}m look")
    end = await ask(session, "/remind tomorrow 9:00 look")
    assert "has 20 reminders" in end.error.message
    await ask(session, "/remind remove all")
    assert session.work.reminders.waiting == []
    await house.app.close()


@pytest.mark.parametrize(
    "words", ["10m", "in 2h", "18:30", "at 18:30", "tomorrow 9:00", "2099-01-01 10:00", "2099-01-01T10:00"]
)
async def test_when_is_said_in_many_ways(house: House, words: str) -> None:
    session = house.open(RecordingClient())
    await ask(session, f"/remind {words} look at it")
    assert [one.prompt for one in session.work.reminders.waiting] == ["look at it"]
    await house.app.close()


async def test_a_loop_ends_at_its_time_and_after_its_last_round(house: House) -> None:
    session = house.open(RecordingClient(), [{"text": "x"}] * 4)
    now = datetime.now(UTC)
    session.work.reminders.add("look", now, every=10, until=now + timedelta(seconds=5))
    session.work.reminders.add("once", now, every=10, times=1)
    await until(lambda: not session.work.reminders.waiting)
    with pytest.raises(SessionError, match="over before it begins"):
        session.work.reminders.add("look", now, every=10, until=now)
    await house.app.close()


async def test_schedules_are_made_and_changed_from_within(house: House) -> None:
    client = RecordingClient()
    session = house.open(client)
    await ask(session, '/schedule add --name nightly --allow "shell(git log*)" cron "30 2 * * *" sum up "the day"')
    await ask(session, "/schedule add cron 0 9 * * 1-5 --max-turns 5 say good morning")
    await ask(session, "/schedule list")
    told = replies(client)
    assert 'sum up "the day"' in told
    assert "allow shell(git log*)" in told
    assert "cron 0 9 * * 1-5" in told
    assert "turns 5" in told
    assert "Nothing runs schedules now" in told
    for words in ("pause nightly", "show nightly", "resume nightly", "history nightly", "remove nightly"):
        assert (await ask(session, f"/schedule {words}")).error is None
    for words, says in (
        ("show nightly", "no schedule 'nightly'"),
        ("run say-good-morning", "nothing runs schedules now"),
        ("add every 1s x", "too often"),
        ("add every 1h", "no prompt"),
        ("add --colour red every 1h x", "no 'colour'"),
        ("dance x", "there is no /schedule dance"),
        ("pause", "needs a name"),
    ):
        end = await ask(session, f"/schedule {words}")
        assert end.error is not None
        assert says in end.error.message, end.error.message
    await house.app.close()
