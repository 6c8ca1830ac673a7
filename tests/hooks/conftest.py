"""A house with hooks in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.custom import HookUpdate
from cass.protocol.events import ToolCallUpdate, UserMessage
from cass.sessions.session import Session
from support.house import House, RecordingClient


@dataclass
class HookHouse(House):
    """A house whose user and project bring hooks in any of the places for them."""

    def __init__(self, tmp_path: Path) -> None:
        self.person = tmp_path / "person"
        self.person.mkdir(exist_ok=True)
        super().__init__(tmp_path, HOME=str(self.person))

    def open(self, client: RecordingClient, steps: Sequence[object] = (), **params: Any) -> Session:
        """A new session, in a folder that its user trusts."""
        return super().open(client, steps, **{"trust": "yes", **params})

    def claude(self, hooks: object, *, name: str = "settings.json", user: bool = False) -> Path:
        """Hooks in a file of Claude Code's."""
        folder = (self.person if user else self.project) / ".claude"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(json.dumps({"hooks": hooks}, indent=2))
        return path

    def toml(self, text: str, *, user: bool = True) -> Path:
        """Hooks in a file of cass's."""
        path = self.home / "config.toml" if user else self.project / ".cass" / "config.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def script(self, name: str, text: str) -> Path:
        """A script of the project's."""
        path = self.project / ".claude" / "hooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def seen(self, name: str = "seen.jsonl") -> list[dict[str, object]]:
        """What hooks wrote down: each run's standard input."""
        path = self.project / name
        return [json.loads(line) for line in path.read_text().splitlines() if line.strip()] if path.exists() else []


def command(line: str, matcher: str = "", **more: object) -> dict[str, object]:
    """A rule with one command."""
    rule: dict[str, object] = {"hooks": [{"type": "command", "command": line, **more}]}
    return {"matcher": matcher, **rule} if matcher else rule


RECORD = 'cat >> "$CLAUDE_PROJECT_DIR/seen.jsonl"'
"""A hook that writes down what it is told."""


def results(client: RecordingClient) -> list[tuple[str, str]]:
    """How each call ended, and what the model was told."""
    return [
        (e.status, "".join(b.text for b in e.result))
        for e in client.of(ToolCallUpdate)
        if e.status in ("completed", "failed", "cancelled") and e.result is not None
    ]


def ends(client: RecordingClient) -> list[tuple[str, str, str]]:
    """Event, state and text of the hooks that ended."""
    return [(e.hook_event, e.state, e.text) for e in client.of(HookUpdate) if e.state != "running"]


def told(client: RecordingClient) -> list[str]:
    """What hooks had the model told beside results."""
    return [m.content[0].text for m in client.of(UserMessage) if m.source == "hook"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[HookHouse]:
    made = HookHouse(tmp_path)
    yield made
    await made.app.close()
