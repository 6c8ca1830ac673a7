"""Three texts made one: what two sides did to the same text, line by line. Pure functions.

Changes that touch different lines are both made, also where they stand side by side. Where both change the same
lines, or put something in at the same place, there is no answer to be guessed: that is a conflict.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from cass.hunks import Span, changes, join_lines, split_lines


@dataclass(frozen=True)
class Merged:
    """`text` has every change of `theirs`, and those of `ours` that do not collide with them. `collided` are the
    spans of base lines (counted from 1, the end included; an empty span has its end before its start) where a
    change of `ours` was left out."""

    text: str
    collided: tuple[tuple[int, int], ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing was left out."""
        return not self.collided


def merge(base: str, ours: str, theirs: str) -> Merged:
    """Both sides' changes of `base`. The same change on both sides is made once."""
    if base == theirs:
        return Merged(ours)
    if base == ours or ours == theirs:
        return Merged(theirs)
    a, b, c = split_lines(base), split_lines(ours), split_lines(theirs)
    mine, their = changes(a, b), changes(a, c)
    kept: list[Span] = []
    collided: list[tuple[int, int]] = []
    for span in mine:
        meeting = [other for other in their if _meet(span, other)]
        if not meeting:
            kept.append(span)
        elif not (len(meeting) == 1 and _same(span, b, meeting[0], c)):
            collided.append((span[0] + 1, span[1]))
    pieces = [(s[0], s[1], b[s[2] : s[3]]) for s in kept] + [(s[0], s[1], c[s[2] : s[3]]) for s in their]
    return Merged(_made(a, pieces), tuple(collided))


def absorb(base: str, ours: str, theirs: str) -> str:
    """`theirs` with the changes of `ours` that do not touch the same lines. Unlike in `merge`, what both put in at
    one place is no collision: theirs stands there first, then what ours has beside it."""
    a, b, c = split_lines(base), split_lines(ours), split_lines(theirs)
    their = changes(a, c)
    pieces = [(s[0], s[1], c[s[2] : s[3]]) for s in their]
    for span in changes(a, b):
        lines = b[span[2] : span[3]]
        meeting = [other for other in their if _meet(span, other)]
        if not meeting:
            pieces.append((span[0], span[1], lines))
        elif span[0] == span[1] and meeting[0][0] == meeting[0][1]:
            put = c[meeting[0][2] : meeting[0][3]]
            rest = lines[len(put) :] if lines[: len(put)] == put else lines
            pieces.append((span[0], span[1], rest))
    return _made(a, pieces)


def _made(base: Sequence[str], pieces: Sequence[tuple[int, int, list[str]]]) -> str:
    """The text with these spans replaced. Of two at one place the one that is named first stands first, but what is
    put in stands before what is replaced."""
    out: list[str] = []
    at = 0
    for first, end, lines in sorted(pieces, key=lambda piece: piece[:2]):
        out += base[at:first]
        out += lines
        at = end
    return join_lines([*out, *base[at:]])


def line_after(old: str, new: str) -> LineMap:
    """Where the lines of `old` are in `new`."""
    return LineMap(tuple(changes(split_lines(old), split_lines(new))))


@dataclass(frozen=True)
class LineMap:
    """Where lines went from one text to another. Lines are counted from 0."""

    spans: tuple[Span, ...]

    def moved(self, start: int, end: int) -> tuple[int, int] | None:
        """Where the lines from `start` up to `end` stand now; None when one of them was changed, or when something
        was put in at the very place of an empty span."""
        if any(_meet((start, end, 0, 0), span) for span in self.spans):
            return None
        return self.line(start), self.line(start) + (end - start)

    def line(self, line: int) -> int:
        """Where a line stands now; for a line that is gone, where it would."""
        before = bisect_right([span[1] for span in self.spans], line)
        shift = self.spans[before - 1][3] - self.spans[before - 1][1] if before else 0
        if before < len(self.spans) and self.spans[before][0] < line:
            return self.spans[before][2]
        return line + shift


def _meet(one: Span, other: Span) -> bool:
    """Whether two changes of the same text touch the same lines, or both put something in at the same place."""
    if one[0] == one[1] or other[0] == other[1]:
        if one[0] == one[1] and other[0] == other[1]:
            return one[0] == other[0]
        point, wide = (one[0], other) if one[0] == one[1] else (other[0], one)
        return wide[0] < point < wide[1]
    return one[0] < other[1] and other[0] < one[1]


def _same(one: Span, b: Sequence[str], other: Span, c: Sequence[str]) -> bool:
    return one[:2] == other[:2] and b[one[2] : one[3]] == c[other[2] : other[3]]
