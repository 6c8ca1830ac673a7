"""Reads out of a settings file which commands it would run."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast


def commands_of(path: Path) -> list[str]:
    """Every text below `hooks` in a settings file of JSON or TOML; none for a file that cannot be read."""
    try:
        text = path.read_text("utf-8")
        values: object = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError):
        return []
    return list(_texts(cast("dict[str, object]", values).get("hooks"))) if isinstance(values, dict) else []


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast("dict[str, object]", value).values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _texts(inner)
