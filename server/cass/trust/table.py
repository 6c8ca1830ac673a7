"""What in a folder could act: one table for files, and one for settings, which is made from their schema.

A file that no row names is never run by cass of its own accord. A setting is closed unless its field says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from cass import layers, plainfile
from cass.protocol.custom import BroughtKind


@dataclass(frozen=True)
class Row:
    """Files of one kind. `place` is below a folder of the project: a file, or a folder of which everything counts.
    `acts` says of a file's text whether it holds anything that could act; None: it always does."""

    kind: BroughtKind
    place: str
    acts: Callable[[str], bool] | None = None


def _has_trusted_settings(text: str) -> bool:
    """Whether a settings file names anything that needs trust. One that cannot be read does."""
    try:
        values = plainfile.toml(text)
    except ValueError:
        return True
    return any(layers.right_of(key) == "trusted" for key, _ in layers.leaves(values))


def _has_hooks(text: str) -> bool:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return True
    return isinstance(values, dict) and bool(cast("dict[str, object]", values).get("hooks"))


ROWS = (
    Row("settings", ".cass/config.toml", _has_trusted_settings),
    Row("settings", ".cass/config.local.toml", _has_trusted_settings),
    Row("hooks", ".claude/settings.json", _has_hooks),
    Row("hooks", ".claude/settings.local.json", _has_hooks),
    Row("hooks", ".cass/hooks"),
    Row("hooks", ".claude/hooks"),
    Row("command", ".cass/commands"),
    Row("command", ".claude/commands"),
    Row("skill", ".cass/skills"),
    Row("skill", ".claude/skills"),
    Row("skill", ".agents/skills"),
    Row("agent", ".cass/agents"),
    Row("agent", ".claude/agents"),
    Row("mcp", ".mcp.json"),
    Row("mcp", ".cass/mcp.json"),
    Row("schedule", ".cass/schedules"),
    Row("plugin", ".cass/plugins"),
)


def settings() -> Iterator[tuple[str, str]]:
    """Every setting with what a project's file may do with it: `no`, `tighten`, `trusted` or `any`."""
    for key, _ in layers.fields():
        yield key, layers.right_of(key)
