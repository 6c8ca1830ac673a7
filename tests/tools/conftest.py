"""A real workspace, real jobs, and a way to call a tool as the gate does, without asking anybody."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cass.config import WebConfig
from cass.errors import ToolError
from cass.ports import Action, Outcome, Question, ToolSettings
from cass.ports.checkpoints import Entry
from cass.ports.touched import Touched
from cass.ports.web import Web
from cass.process import ShellJobs
from cass.protocol.events import PlanEntry
from cass.web.client import WebClient, pages
from cass.web.fetching import Fetcher
from cass.workspace import DiskWorkspace


@dataclass
class Bench:
    """`ports.ToolContext` over a folder; `call` runs a tool to its end."""

    cwd: Path
    workspace: DiskWorkspace
    jobs: ShellJobs
    settings: ToolSettings
    plan: tuple[PlanEntry, ...] = ()
    web: Web = field(
        default_factory=lambda: WebClient(WebConfig(), Fetcher(), pages(), os.environ, lambda *_: None)
    )
    baselines: dict[Path, str | None] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    answer: Callable[[Question], str | None] = lambda question: None

    @property
    def changed_paths(self) -> tuple[Path, ...]:
        return tuple(self.baselines)

    def baseline(self, path: Path) -> str | None:
        return self.baselines[path]

    async def touched(self) -> tuple[Touched, ...]:
        return ()

    async def content(self, entry: Entry) -> bytes | None:
        return None

    def progress(self, text: str) -> None:
        self.shown.append(text)

    async def ask(self, question: Question) -> str | None:
        self.questions.append(question)
        return self.answer(question)

    async def prepare(self, tool: str, **arguments: object) -> Action:
        module = importlib.import_module(f"cass.tools.{tool}")
        return await module.prepare(module.Params.model_validate(arguments), self)

    async def outcome(self, tool: str, **arguments: object) -> Outcome:
        """Prepare and run, as the gate does after approval."""
        action = await self.prepare(tool, **arguments)
        if action.edits:
            for edit in action.edits:
                self.baselines.setdefault(edit.path, edit.base.text if edit.base else None)
            await self.workspace.apply(action.edits)
            return Outcome.text(action.done)
        assert action.run is not None
        return await action.run()

    async def call(self, tool: str, **arguments: object) -> str:
        """The text that the model reads."""
        outcome = await self.outcome(tool, **arguments)
        return "\n".join(block.text for block in outcome.content if block.type == "text")

    async def error(self, tool: str, **arguments: object) -> str:
        """The text of the refusal."""
        with pytest.raises(ToolError) as caught:
            await self.call(tool, **arguments)
        return str(caught.value)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    project = tmp_path / "project"
    project.mkdir()
    settings = ToolSettings(spill_dir=tmp_path / "spill")
    jobs = ShellJobs(settings.spill_dir, settings.output_chars, os.environ)
    yield Bench(project, DiskWorkspace([project]), jobs, settings)
    await jobs.close()
