"""The to-do list in the user's hands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.events import Notice, PlanEntry, PlanUpdate
from cass.protocol.messages import Text
from cass.sessions import planning
from support.house import House, RecordingClient, ask, prompt

TODO: dict[str, Any] = {
    "tool_calls": [{"name": "todos", "arguments": {"entries": [{"content": "one"}, {"content": "two"}]}}]
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.app.close()


def _told(session: Any) -> str:
    return "\n".join(b.text for m in session.messages for b in m.content if isinstance(b, Text))


async def test_the_user_changes_the_list_and_the_model_is_told(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [TODO, {"text": "planned"}, {"text": "seen"}])
    await ask(session, "plan it")
    await ask(session, "/todos done 1")
    await ask(session, "/todos add three")
    await ask(session, "/todos start 2")
    await ask(session, "/todos drop 1")
    assert [(e.content, e.status) for e in session.plan] == [("two", "in_progress"), ("three", "pending")]
    assert client.of(Notice)[-1].text == "1. [~] two\n2. [ ] three"
    await ask(session, "go on")
    assert "The user changed the to-do list. It is now:\n1. two (being done)\n2. three (open)" in _told(session)
    house.restart()
    again = await house.resume(session.session_id, RecordingClient())
    assert [e.content for e in again.plan] == ["two", "three"]


@pytest.mark.parametrize("wrong", ["done 3", "done x", "done", "drop 0", "nonsense"])
async def test_what_is_no_change_changes_nothing(house: House, wrong: str) -> None:
    client = RecordingClient()
    session = house.open(client, [TODO, {"text": "planned"}])
    await ask(session, "plan it")
    await ask(session, f"/todos {wrong}")
    assert [e.content for e in session.plan] == ["one", "two"]
    assert len(client.of(PlanUpdate)) == 1


async def test_a_change_during_a_turn_reaches_it_and_one_at_its_end_begins_none(house: House) -> None:
    client = RecordingClient(hold=True)
    shell = {"tool_calls": [{"name": "shell", "arguments": {"command": "touch x"}}]}
    session = house.open(client, [shell, {"text": "end"}])
    turn = prompt(session, "work")
    await client.waiting.wait()
    planning.set_plan(session, [PlanEntry(content="mine")], session.work.say)
    session.work.cancel()
    assert (await session.work.finished(turn)).stop_reason == "cancelled"
    assert session.state == "idle"
    assert [e.content for e in session.plan] == ["mine"]


async def test_a_model_may_be_spared_the_list(house: House) -> None:
    model = house.model([{"text": "done"}]).removeprefix("scripted/")
    house.home.mkdir()
    (house.home / "config.toml").write_text(f'[providers.scripted.models."{model}"]\ntodos = false\n')
    session = house.open(RecordingClient(), [{"text": "done"}])
    assert "todos" not in session.offers.now
    other = house.open(RecordingClient(), [], options={"model": house.model([], name="other")})
    assert "todos" in other.offers.now
