"""Putting new text where old text was found, in the file's own indentation and line ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from cass.hunks import line_end, split_lines
from cass.tools._match import Flat, Found, indent_of

_EOL = re.compile(r"\r\n|\n|\r")


def replaced(text: str, flat: Flat, found: Found, old: str, new: str, eol: str) -> str:
    """`text` with `new` in each place that was found; `old` and `new` are flat. Bytes outside stay as they are,
    and inside an exact match those stay that `old` and `new` begin and end with alike."""
    out: list[str] = []
    at = 0
    for start, end in found.spans:
        tail = 0
        if found.how:
            fresh = _indented(flat.text[start:end], old, new)
        else:
            head = _alike(old, new)
            tail = _alike(old[head:][::-1], new[head:][::-1])
            start, end = start + head, end - tail
            fresh = new[head : len(new) - tail]
        first, last = flat.origin(start), flat.origin(end)
        fresh = fresh.replace("\n", _eol_at(text, first, eol))
        if text[:first].endswith("\r") and fresh.startswith("\n"):
            fresh = "\r" + fresh[1:]
        if (text[:first] + fresh).endswith("\r") and tail and text.startswith("\n", last) and first < last:
            fresh, last = fresh + "\r", last + 1  # two line ends would become one
        out += [text[at:first], fresh]
        at = last
    return "".join([*out, text[at:]])


def _alike(one: str, other: str) -> int:
    """How many characters the two begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _eol_at(text: str, place: int, usual: str) -> str:
    """The line end of the line that `place` is in; for the last line, of the one before it."""
    begin = max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1
    following = _EOL.search(text, place)
    if following:
        return following[0]
    before = split_lines(text[max(0, begin - 2) : begin])
    return (line_end(before[-1]) if before else "") or usual


def _indented(matched: str, old: str, new: str) -> str:
    """`new`, written by somebody who saw `old` where the file has `matched`: moved to the file's indentation."""
    pairs = [
        (indent_of(theirs), indent_of(ours))
        for theirs, ours in zip(split_lines(old), split_lines(matched), strict=False)
        if theirs.strip() and ours.strip()
    ]
    if all(theirs == ours for theirs, ours in pairs):
        return new
    known: dict[str, str] = {}
    for theirs, ours in pairs:
        known.setdefault(theirs, ours)
    lines = split_lines(new)
    indents = [indent_of(line) for line in lines if line.strip()] or [""]
    if not known.keys() & set(indents) and indents[0] in {ours for _, ours in pairs}:
        return new
    if _only_first_differs(pairs) and min(map(len, indents[1:]), default=0) >= min(len(p[0]) for p in pairs[1:]):
        # The old text was quoted from the middle of its first line on, and so is the new one.
        at = next(n for n, line in enumerate(lines) if line.strip())
        return "".join([*lines[:at], _moved(lines[at], known), *lines[at + 1 :]])
    if not _is_a_shift(known, pairs):
        known = dict(pairs[:1])
    return "".join(_moved(line, known) for line in lines)


def _only_first_differs(pairs: Sequence[tuple[str, str]]) -> bool:
    return len(pairs) > 1 and all(theirs == ours for theirs, ours in pairs[1:])


def _is_a_shift(known: dict[str, str], pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether deeper in the one is deeper in the other, always."""
    ours = [known[theirs] for theirs in sorted(known, key=len)]
    return all(known[a] == b for a, b in pairs) and all(len(a) < len(b) for a, b in pairwise(ours))


def _moved(line: str, known: dict[str, str]) -> str:
    if not line.strip():
        return line
    indent = indent_of(line)
    body = line[len(indent) :]
    if indent in known:
        return known[indent] + body
    inner = max((theirs for theirs in known if indent.startswith(theirs)), key=len, default=None)
    if inner is not None:
        return known[inner] + _converted(indent[len(inner) :], known) + body
    outer = min(known, key=len)
    missing = len(outer) - len(indent)
    ours = known[outer]
    return ours[: max(0, len(ours) - len(_converted(outer[:missing], known)))] + body


def _converted(extra: str, known: dict[str, str]) -> str:
    """More indentation in the file's own manner: tabs where it has tabs, spaces where it has spaces."""
    ours, theirs = "".join(known.values()), "".join(known)
    if "\t" in ours and " " not in ours and "\t" not in extra:
        return "\t" * max(1, round(len(extra) / _width(known))) if extra else ""
    if "\t" not in ours and "\t" in theirs and "\t" in extra:
        return extra.replace("\t", " " * _width({ours: theirs for theirs, ours in known.items()}))
    return extra


def _width(known: dict[str, str]) -> int:
    """How many spaces of the first stand for one tab of the second, by the deepest line that both have."""
    spaces, tabs = max(known.items(), key=lambda pair: len(pair[1]))
    return max(1, round(len(spaces) / len(tabs))) if tabs and spaces else 4
