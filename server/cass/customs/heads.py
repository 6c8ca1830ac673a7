"""Takes values out of a file's head, of the type that is wanted, and says where one is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cass.customs.definition import Place
from cass.customs.positions import Lines, Steps


@dataclass(frozen=True)
class Head:
    """The values of a mapping in a head: all of it, or what stands below the keys and numbers `below`."""

    values: Mapping[str, object]
    path: Path
    lines: Lines
    below: Steps = ()

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(self.path, self.lines.of(self.below))

    def at(self, key: str) -> Place:
        """Where the key stands."""
        return Place(self.path, self.lines.of((*self.below, key)))

    def text_at(self, key: str) -> Place:
        """Where the text of this key begins: a line below the key for one that is written with | or >."""
        return Place(self.path, self.lines.text_of((*self.below, key)))

    def known(self, keys: Collection[str]) -> None:
        """ConfigError for a key that means nothing here."""
        for key in self.values:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(sorted(keys))}."
                raise self.at(key).error(f"{key!r} is not known here", hint)

    def text(self, key: str, default: str = "") -> str:
        """A text; numbers and truths as they are written."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        raise self.at(key).error(f"{key} must be a text")

    def word(self, key: str, choices: Collection[str]) -> str:
        """One of some words, or nothing."""
        value = self.text(key)
        if value and value not in choices:
            raise self.at(key).error(f"{key} cannot be {value!r}", f"It is one of: {', '.join(choices)}.")
        return value

    def truth(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise self.at(key).error(f"{key} must be true or false")

    def number(self, key: str, least: float, most: float) -> float | None:
        """A number within bounds, or nothing."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.at(key).error(f"{key} must be a number from {least:g} to {most:g}")
        return value

    def count(self, key: str, least: int, most: int, default: int) -> int:
        """A whole number within bounds."""
        value = self.number(key, least, most)
        if value is None:
            return default
        if not isinstance(value, int):
            raise self.at(key).error(f"{key} must be a whole number")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Several texts: a list, or one text with commas."""
        value = self.values.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(split_outside(value))
        if isinstance(value, list):
            items = cast("list[object]", value)
            if all(isinstance(item, str | int | float) for item in items):
                return tuple(str(item) for item in items)
        raise self.at(key).error(f"{key} must be a list of texts")

    def inner(self, key: str) -> Head | None:
        """A mapping below this key."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.at(key).error(f"{key} must hold `name: value` lines")
        found = {str(name): item for name, item in cast("dict[object, object]", value).items()}
        return Head(found, self.path, self.lines, (*self.below, key))

    def heads(self, key: str) -> Sequence[Head]:
        """A list of mappings below this key."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.at(key).error(f"{key} must be a list")
        found: list[Head] = []
        for number, item in enumerate(cast("list[object]", value), 1):
            if not isinstance(item, dict):
                raise self.at(key).error(f"number {number} of {key} must hold `name: value` lines")
            values = {str(k): v for k, v in cast("dict[object, object]", item).items()}
            found.append(Head(values, self.path, self.lines, (*self.below, key, number - 1)))
        return found


def split_outside(text: str) -> list[str]:
    """Cut at commas and blanks that stand in no brackets: `Read, Bash(git log:*, x)` is two."""
    parts, depth, current = list[str](), 0, ""
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth <= 0 and (char == "," or char.isspace()):
            parts.append(current)
            current = ""
        else:
            current += char
    return [part for part in (*parts, current) if part]
