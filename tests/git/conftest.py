"""A project that is a repository, and sessions in it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.events import AgentMessage, Notice, ToolCallUpdate
from support.house import House, RecordingClient, ask
from support.repo import Repo, isolate, repo


@dataclass
class Desk:
    """A session in a repository, driven by a script. Each step of the script is one answer of the model."""

    house: House
    repo: Repo
    client: RecordingClient
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def session(self, steps: Sequence[object], **params: Any) -> Any:
        options = {"approval": "edits", **params.pop("options", {})}
        options["model"] = self.house.model([*steps, {"text": "."}], f"script-{next(self.numbers)}")
        return self.house.open(self.client, options=options, **params)

    async def run(self, steps: Sequence[object], *prompts: str, **params: Any) -> Any:
        """A new session; say these one after the other. The last turn's end."""
        session = self.session(steps, **params)
        end = None
        for words in prompts:
            end = await ask(session, words)
        return end

    @property
    def told(self) -> str:
        """What the user was told, at last."""
        notices = self.client.of(Notice)
        return notices[-1].text if notices else ""

    @property
    def results(self) -> list[str]:
        ended = [e for e in self.client.of(ToolCallUpdate) if e.status in ("completed", "failed")]
        return ["".join(block.text for block in e.result) for e in ended]

    @property
    def said(self) -> list[str]:
        return [b.text for e in self.client.of(AgentMessage) for b in e.content if b.type == "text"]


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    isolate(monkeypatch, tmp_path / "user")
    house = House(tmp_path)
    yield Desk(house, repo(house.project), RecordingClient())
    await house.app.close()
