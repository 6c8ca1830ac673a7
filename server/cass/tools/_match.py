"""Finding the text that an edit means: exactly, else as a person would see that it is the same.

Everything is compared on the text with plain \\n line ends; `Flat` leads from there back to the file's own
characters, so that a replacement touches nothing outside what was found.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from cass.hunks import split_lines

_FOLD = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u200b\u200c\u200d\ufeff", ""),
}
_FOLDABLE = 2_000_000
_NEAREST_LINES = 20_000
_COMPARED_LINES = 5_000
_QUOTED_LINES = 25
_QUOTED_WIDTH = 200


@dataclass(frozen=True)
class Flat:
    """A text with every line end as \\n. `starts` and `shifts` lead a place in it back to the original."""

    text: str
    starts: tuple[int, ...]
    shifts: tuple[int, ...]

    def origin(self, place: int) -> int:
        """Where a place of the flat text stands in the original."""
        return place + self.shifts[bisect_right(self.starts, place) - 1]


@dataclass(frozen=True)
class Found:
    """Places of the flat text that match, and in which way: "" when they are the very text."""

    spans: tuple[tuple[int, int], ...]
    how: str = ""


def flatten(text: str) -> Flat:
    """Make every line end \\n, remembering what was there."""
    if "\r" not in text:
        return Flat(text, (0,), (0,))
    starts, shifts, place, shift = [0], [0], 0, 0
    out: list[str] = []
    for line in split_lines(text):
        if line.endswith("\r\n"):
            out.append(line[:-2] + "\n")
            shift += 1
            starts.append(place + len(line) - 1)
            shifts.append(shift)
        else:
            out.append(line[:-1] + "\n" if line.endswith("\r") else line)
        place += len(out[-1])
    return Flat("".join(out), tuple(starts), tuple(shifts))


def find(text: str, wanted: str) -> Found:
    """Where `wanted` stands in the flat `text`; the strictest way that finds anything counts."""
    spans = _all(text, wanted)
    if spans:
        return Found(spans)
    spans = _folded(text, wanted)
    if spans:
        return Found(spans, "apart from quotes, dashes, spaces or letter forms")
    ways: tuple[tuple[Callable[[str], str], str], ...] = (
        (lambda line: fold(line).rstrip(), "apart from spaces at line ends"),
        (lambda line: fold(line).strip(), "apart from indentation"),
        (lambda line: squeeze(fold(line)), "apart from white space"),
    )
    for key, how in ways:
        spans = _by_lines(text, wanted, key)
        if spans:
            return Found(spans, how)
    return Found(())


def fold(text: str) -> str:
    """The text with look-alikes made alike: typographic quotes and dashes, odd spaces, composed letters."""
    if text.isascii():
        return text
    return "".join(map(_folded_char, text))


def squeeze(line: str) -> str:
    """The line with white space only where it keeps words apart."""
    return re.sub(r"(?<=\W) | (?=\W)", "", " ".join(line.split()))


def indent_of(line: str) -> str:
    """The white space that the line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def quoted(text: str, wanted: str) -> str:
    """What looks most like the text that was not found, with line numbers; for an error message."""
    place = nearest(text, wanted)
    if place is None:
        return " Nothing there looks like it. Read the file again."
    first, count = place
    lines = split_lines(text)[first : first + min(count, _QUOTED_LINES)]
    numbered = [f"{first + n}: {line.rstrip()[:_QUOTED_WIDTH]}" for n, line in enumerate(lines, start=1)]
    return " The nearest text is:\n" + "\n".join(numbered)


def nearest(text: str, wanted: str) -> tuple[int, int] | None:
    """The first line and the number of lines of what looks most like `wanted`; None when nothing does."""
    lines = [" ".join(line.split()) for line in split_lines(text)[:_NEAREST_LINES]]
    sought = [" ".join(line.split()) for line in split_lines(wanted)]
    telling = [(n, line) for n, line in enumerate(sought) if len(line) > 3]
    if not telling or not lines:
        return None
    where: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        where.setdefault(line, []).append(at)
    votes = Counter(at - number for number, line in telling for at in where.get(line, [])[:50])
    if not votes:
        longest = sorted(telling, key=lambda pair: -len(pair[1]))[:2]
        found = ((number, _most_like(lines, line)) for number, line in longest)
        votes = Counter(at - number for number, at in found if at is not None)
    if not votes:
        return None
    best = max(min(votes, key=lambda at: (-votes[at], at)), 0)
    return best, min(len(sought), len(lines) - best)


def _most_like(lines: Sequence[str], wanted: str) -> int | None:
    matcher = SequenceMatcher(None, "", wanted[:200], autojunk=False)
    best: tuple[float, int | None] = (0.6, None)
    for at, line in enumerate(lines[:_COMPARED_LINES]):
        if not 0.5 < len(line) / len(wanted) < 2:
            continue
        matcher.set_seq1(line[:200])
        if matcher.real_quick_ratio() > best[0] and matcher.quick_ratio() > best[0]:
            best = max(best, (matcher.ratio(), at), key=lambda pair: pair[0])
    return best[1]


def _all(text: str, wanted: str) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    at = text.find(wanted)
    while at >= 0:
        spans.append((at, at + len(wanted)))
        at = text.find(wanted, at + len(wanted))
    return tuple(spans)


def _folded_char(char: str) -> str:
    if char in _FOLD:
        return _FOLD[char]
    if unicodedata.category(char) == "Zs":
        return " "
    return unicodedata.normalize("NFKD", char)


def _folded(text: str, wanted: str) -> tuple[tuple[int, int], ...]:
    if (text.isascii() and wanted.isascii()) or len(text) > _FOLDABLE:
        return ()
    parts = [_folded_char(char) for char in text]
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    folded, sought = "".join(parts), fold(wanted)
    if not sought:
        return ()
    spans: list[tuple[int, int]] = []
    for start, end in _all(folded, sought):
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, end) - 1
        if starts[first] == start and starts[last] == end:
            spans.append((first, last))
    return tuple(spans)


def _by_lines(text: str, wanted: str, key: Callable[[str], str]) -> tuple[tuple[int, int], ...]:
    """Whole lines that are the same under `key`. The last line end belongs to a span only if `wanted` has it."""
    lines, sought = split_lines(text), [key(line) for line in split_lines(wanted)]
    if not any(sought):
        return ()
    keys = [key(line) for line in lines]
    places = [0]
    for line in lines:
        places.append(places[-1] + len(line))
    spans: list[tuple[int, int]] = []
    at = 0
    while at + len(sought) <= len(keys):
        if keys[at] == sought[0] and keys[at : at + len(sought)] == sought:
            end = places[at + len(sought)]
            has_end = lines[at + len(sought) - 1].endswith("\n")
            spans.append((places[at], end - (1 if has_end and not wanted.endswith("\n") else 0)))
            at += len(sought)
        else:
            at += 1
    return tuple(spans)
