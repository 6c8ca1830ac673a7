"""/init from outside: what is run with approval, and what comes of it, whatever the model does."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.events import ToolCallUpdate
from support.house import House, RecordingClient, ask, no, yes

PYTHON = os.environ["PATH"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, PATH=os.environ["PATH"])
    (made.project / "Makefile").write_text("test:\n\t@echo tested\nlint:\n\t@exit 3\n")
    yield made
    await made.app.close()


def _ran(client: RecordingClient) -> list[str]:
    return [ask.subject.command for ask in client.asks if ask.subject.command]


async def test_checks_run_with_approval_and_the_file_says_what_came_of_them(house: House) -> None:
    client = RecordingClient(decide=yes)
    session = house.open(client, [{"text": "I do not know what to do."}])
    await ask(session, "/init")
    assert _ran(client) == ["make test", "make lint"]
    text = (house.project / "CASS.md").read_text()
    assert "`make test` (Makefile:1; ran here, passed)" in text
    assert "`make lint` (Makefile:3; **ran here and failed with exit code 2**)" in text
    assert client.asks[-1].proposal is not None  # reviewable, as every edit


async def test_the_model_reads_the_results_and_its_file_stays(house: House) -> None:
    mine: list[Any] = [
        {"tool_calls": [{"name": "write_file", "arguments": {"path": "CASS.md", "content": "# By the model\n"}}]},
        {"text": "done"},
    ]
    client = RecordingClient(decide=yes)
    session = house.open(client, mine)
    await ask(session, "/init")
    assert (house.project / "CASS.md").read_text() == "# By the model\n"
    results = [u for u in client.of(ToolCallUpdate) if u.status in ("completed", "failed")]
    assert [u.exit_code for u in results[:2]] == [0, 2]


async def test_a_refusal_runs_nothing_and_writes_nothing(house: House) -> None:
    client = RecordingClient(decide=no)
    session = house.open(client, [{"text": "done"}])
    await ask(session, "/init")
    assert not (house.project / "CASS.md").exists()
    assert not [u for u in client.of(ToolCallUpdate) if u.exit_code is not None]


async def test_quick_runs_nothing(house: House) -> None:
    client = RecordingClient(decide=yes)
    session = house.open(client, [{"text": "done"}])
    await ask(session, "/init quick")
    assert _ran(client) == []
    assert "`make test` (Makefile:1; not run here)" in (house.project / "CASS.md").read_text()


async def test_without_a_model_that_answers_the_draft_is_still_written(house: House) -> None:
    client = RecordingClient(decide=yes)
    session = house.open(client, [{"error": {"kind": "provider_unavailable"}}])
    await ask(session, "/init quick")
    assert (house.project / "CASS.md").exists()


async def test_what_stands_there_is_kept(house: House) -> None:
    (house.project / "CASS.md").write_text("# Ours\n\nNever touch the vault.\n")
    client = RecordingClient(decide=yes)
    session = house.open(client, [{"text": "done"}])
    await ask(session, "/init quick")
    text = (house.project / "CASS.md").read_text()
    assert text.startswith("# Ours\n\nNever touch the vault.\n")
    assert "## Commands" in text
