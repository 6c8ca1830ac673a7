"""Line differences: what changed between two texts, as hunks that can be taken one by one. Pure functions.

A line ends with \\n, \\r\\n or \\r and with nothing else; its end belongs to it, so every byte of a text is in
exactly one line and no hunk ever changes a line end that it does not name.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from cass.protocol.edits import Hunk, HunkDecision

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")

# Comparing costs about one step per pair of equal lines; past this a block is shown as one change instead.
_BUDGET = 400_000

Span = tuple[int, int, int, int]


def split_lines(text: str) -> list[str]:
    """The lines of a text with their ends; joined again they are the text."""
    return _LINE.findall(text)


def line_end(line: str) -> str:
    """The end of a line as `split_lines` gives it: "" for a last line without one."""
    if line.endswith("\r\n"):
        return "\r\n"
    return line[-1:] if line.endswith(("\n", "\r")) else ""


def make_hunks(old: str, new: str, *, first: int = 1) -> tuple[Hunk, ...]:
    """The changes that make `new` of `old`, in order, never touching each other. Ids are `h1`, `h2` … counted
    from `first`. Blocks that are too costly to compare line by line become one hunk."""
    a, b = split_lines(old), split_lines(new)
    return tuple(
        Hunk(
            hunk_id=f"h{first + index}",
            old_start=i1 + 1,
            old_lines=i2 - i1,
            new_start=j1 + 1,
            new_lines=j2 - j1,
            old_text="".join(a[i1:i2]),
            new_text="".join(b[j1:j2]),
        )
        for index, (i1, i2, j1, j2) in enumerate(changes(a, b))
    )


def apply_hunks(old: str, hunks: Sequence[Hunk], decisions: Mapping[str, HunkDecision]) -> str:
    """`old` with the accepted hunks made and the amended ones replaced by their text. A hunk without a decision
    is refused. Whatever lies outside the hunks taken stays as it is, byte for byte.

    Raises ValueError when the hunks do not belong to `old`."""
    lines = split_lines(old)
    out: list[str] = []
    at = 0
    for hunk in sorted(hunks, key=lambda h: (h.old_start, h.old_lines)):
        start, end = hunk.old_start - 1, hunk.old_start - 1 + hunk.old_lines
        before = "".join(lines[start:end])
        if start < at or end > len(lines) or before != hunk.old_text:
            raise ValueError(f"hunk {hunk.hunk_id} does not fit the text")
        out += lines[at:start]
        out.append(_taken(hunk, decisions.get(hunk.hunk_id)))
        at = end
    out += lines[at:]
    return join_lines(out)


def unified(path: str, old: str, new: str, *, context: int = 3) -> str:
    """The change in unified form, for reading: line ends are shown as \\n. Empty when nothing changed."""
    a, b = split_lines(old), split_lines(new)
    spans = changes(a, b)
    if not spans:
        return ""
    out = [f"--- a/{path}", f"+++ b/{path}"]
    for group in _grouped(spans, context):
        start, end = max(0, group[0][0] - context), min(len(a), group[-1][1] + context)
        new_start = group[0][2] - (group[0][0] - start)
        new_end = group[-1][3] + (end - group[-1][1])
        out.append(f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@")
        at = start
        for i1, i2, j1, j2 in group:
            out += _shown(" ", a[at:i1]) + _shown("-", a[i1:i2]) + _shown("+", b[j1:j2])
            at = i2
        out += _shown(" ", a[at:end])
    return "\n".join(out) + "\n"


def _taken(hunk: Hunk, decision: HunkDecision | None) -> str:
    if decision is None or decision.decision == "reject":
        return hunk.old_text
    if decision.decision == "accept":
        return hunk.new_text
    return decision.text if decision.text is not None else hunk.new_text


def join_lines(parts: Sequence[str]) -> str:
    """Join lines to a text, giving a line that lost its place at the end of the file the line end it now needs."""
    parts = [part for part in parts if part]
    ends = [line_end(part) for part in parts]
    usual = next((end for end in ends if end), "\n")
    return "".join(
        part if end or index == len(parts) - 1 else part + usual
        for index, (part, end) in enumerate(zip(parts, ends, strict=True))
    )


def changes(a: Sequence[str], b: Sequence[str]) -> list[Span]:
    """Spans (a from, a to, b from, b to) of lines that differ, counted from 0, in order, merged where they touch."""
    spans: list[Span] = []
    for span in _between(a, b, 0, len(a), 0, len(b)):
        if spans and spans[-1][1] == span[0] and spans[-1][3] == span[2]:
            spans[-1] = (spans[-1][0], span[1], spans[-1][2], span[3])
        else:
            spans.append(span)
    return spans


def _between(a: Sequence[str], b: Sequence[str], i1: int, i2: int, j1: int, j2: int) -> Iterator[Span]:
    while i1 < i2 and j1 < j2 and a[i1] == b[j1]:
        i1, j1 = i1 + 1, j1 + 1
    while i1 < i2 and j1 < j2 and a[i2 - 1] == b[j2 - 1]:
        i2, j2 = i2 - 1, j2 - 1
    if i1 == i2 and j1 == j2:
        return
    if i1 == i2 or j1 == j2:
        yield i1, i2, j1, j2
        return
    old, new = a[i1:i2], b[j1:j2]
    if _cost(old, new) <= _BUDGET:
        for tag, x1, x2, y1, y2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                yield i1 + x1, i1 + x2, j1 + y1, j1 + y2
        return
    anchors = _anchors(old, new)
    if not anchors:
        yield i1, i2, j1, j2
        return
    x, y = 0, 0
    for p, q in [*anchors, (len(old), len(new))]:
        yield from _between(a, b, i1 + x, i1 + p, j1 + y, j1 + q)
        x, y = p + 1, q + 1


def _cost(old: Sequence[str], new: Sequence[str]) -> int:
    counts = Counter(new)
    return len(old) + len(new) + sum(counts[line] for line in old)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Lines that stand once in either text, in the longest order that both share."""
    once_old, once_new = Counter(old), Counter(new)
    where = {line: j for j, line in enumerate(new) if once_new[line] == 1}
    pairs = [(i, where[line]) for i, line in enumerate(old) if once_old[line] == 1 and line in where]
    ends: list[int] = []
    piles: list[int] = []
    back: list[int] = []
    for index, (_, j) in enumerate(pairs):
        pile = bisect_left(ends, j)
        back.append(piles[pile - 1] if pile else -1)
        if pile == len(ends):
            ends.append(j)
            piles.append(index)
        else:
            ends[pile], piles[pile] = j, index
    chain: list[tuple[int, int]] = []
    at = piles[-1] if piles else -1
    while at >= 0:
        chain.append(pairs[at])
        at = back[at]
    return chain[::-1]


def _grouped(spans: Sequence[Span], context: int) -> list[list[Span]]:
    groups: list[list[Span]] = []
    for span in spans:
        if groups and span[0] - groups[-1][-1][1] <= 2 * context:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _shown(mark: str, lines: Sequence[str]) -> list[str]:
    out: list[str] = []
    for line in lines:
        out.append(mark + line.rstrip("\r\n"))
        if not line_end(line):
            out.append("\\ No newline at end of file")
    return out
