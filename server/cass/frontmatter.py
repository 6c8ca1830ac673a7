"""Markdown files with a head of YAML between two lines of `---`: commands, skills, agents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

_LINE = re.compile(r"([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*)")


@dataclass(frozen=True)
class Page:
    """The head's values, the text below it, and the number of the text's first line. `lines` says on which line of the
    file each key of the head stands. `problem` says what is wrong with the head, with its line; the values are
    then those that could be read line by line."""

    values: Mapping[str, object]
    body: str
    body_line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    problem: str = ""


def read(text: str) -> Page:
    """Take a file apart. Never raises: other tools' files, with heads that are not quite YAML, are read as far as they
    go."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not re.match(r"---[ \t]*\n", text):
        return Page({}, text)
    rows = text.split("\n")
    end = next((n for n, row in enumerate(rows[1:], 1) if row.rstrip() == "---"), None)
    if end is None:
        return Page({}, text, problem="line 1: the head that begins here has no end: a line of --- is missing")
    head = rows[1:end]
    body = "\n".join(rows[end + 1 :])
    lines = {m[1]: n for n, row in enumerate(head, 2) if (m := _LINE.match(row))}
    values, problem = _values("\n".join(head))
    return Page(values, body, end + 2, lines, problem)


_WORDS = re.compile(r"(?:name|description|model|license): ([A-Za-z(][^\n]*[^\s:]|[A-Za-z])")
"""A line whose value is plain words in YAML, too: no key of theirs can mean anything else."""
_MEANS_MORE = re.compile(r": |\s#|^(?:true|false|yes|no|on|off|null|y|n)$", re.IGNORECASE)


def _words(head: str) -> dict[str, object] | None:
    """The values of a head that is nothing but plain words, as most skills' are; None for any other."""
    values: dict[str, object] = {}
    for row in head.split("\n"):
        match = _WORDS.fullmatch(row)
        if match is None or _MEANS_MORE.search(match[1]):
            return None
        values[row.partition(":")[0]] = match[1]
    return values


def _values(head: str) -> tuple[dict[str, object], str]:
    words = _words(head)
    if words is not None:
        return words, ""
    import yaml  # costs 20 ms, and most start-ups need none of it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loaded: object = yaml.load(head, loader)
    except (yaml.YAMLError, ValueError, IndexError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 2}: " if mark else ""
        why = getattr(error, "problem", None) or str(error)
        return _plainly(head), f"{where}this is not YAML: {why}"
    if loaded is None:
        return {}, ""
    if not isinstance(loaded, dict):
        return {}, "line 2: the head must hold `name: value` lines"
    return {str(key): value for key, value in cast("dict[object, object]", loaded).items()}, ""


def _plainly(head: str) -> dict[str, object]:
    """Top-level `name: value` lines, every value a text."""
    found = (_LINE.fullmatch(row.rstrip()) for row in head.split("\n"))
    return {m[1]: m[2].strip().strip("\"'") for m in found if m and m[2].strip()}
