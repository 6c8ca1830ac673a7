"""Reads out of a file which commands its hooks would run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from cass import frontmatter, plainfile

_MOST_BYTES = 1_000_000


def commands_of(path: Path) -> list[str]:
    """Every text below `hooks` in a settings file of JSON or TOML, or in the head of a command; none for a file that
    cannot be read."""
    try:
        values = _values(plainfile.read(path, _MOST_BYTES).decode("utf-8-sig"), path.suffix.lower())
    except (OSError, ValueError, RecursionError):
        return []
    return list(_texts(cast("dict[str, object]", values).get("hooks"))) if isinstance(values, dict) else []


def _values(text: str, suffix: str) -> object:
    if suffix == ".md":  # YAML is slow to load: only for those that have some
        return frontmatter.read(text).values if re.search(r"^[\"']?hooks[\"']?\s*:", text, re.MULTILINE) else {}
    return plainfile.toml(text) if suffix == ".toml" else json.loads(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast("dict[str, object]", value).values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _texts(inner)
