"""What of a file's changes is a session's, and what the user's own: so that a commit holds the one and not the other.

Pure functions over texts. A session's changes are given as steps: the text before and after each.
"""

from __future__ import annotations

from collections.abc import Sequence

from cass.hunks import Span, changes, join_lines, split_lines
from cass.merging import merge


def session_part(head: str, steps: Sequence[tuple[str, str]], now: str) -> str | None:
    """The text to commit: `head` with what the steps did to it, as it is `now`. Lines that the user changed besides are
    left out; lines of the steps that the user worked on since count as they are now. None when the user's own changes
    and the steps' cannot be told apart."""
    made: str | None = head
    users: str | None = steps[0][0]
    for number, (before, after) in enumerate(steps):
        following = steps[number + 1][0] if number + 1 < len(steps) else now
        made = _applied(before, after, made)
        if made is None or users is None:
            return None
        adopted, others = _parted(users, after, following)
        made = _applied(after, adopted, made)
        users = _applied(after, others, users)
    return made


def _applied(before: str, after: str, text: str | None) -> str | None:
    """The text with what was done between the two others done to it; None where that collides."""
    if text is None:
        return None
    merged = merge(before, text, after)
    return merged.text if merged.clean else None


def _parted(users: str, after: str, following: str) -> tuple[str, str]:
    """`after` with those of the changes up to `following` that touch lines of the steps, and with the others. Lines of
    the steps are those that `users`, where only the user worked, has not."""
    lines, news = split_lines(after), split_lines(following)
    own = [(span[2], span[3]) for span in changes(split_lines(users), lines)]
    spans = [line for span in changes(lines, news) for line in _by_lines(span)]
    touching = [span for span in spans if any(_meet(span, part) for part in own)]
    return _with(lines, news, touching), _with(lines, news, [span for span in spans if span not in touching])


def _by_lines(span: Span) -> list[Span]:
    """A change of as many lines as before is one of each line: neighbours may be different people's."""
    if span[1] - span[0] != span[3] - span[2]:
        return [span]
    return [(span[0] + n, span[0] + n + 1, span[2] + n, span[2] + n + 1) for n in range(span[1] - span[0])]


def _with(lines: Sequence[str], news: Sequence[str], spans: Sequence[Span]) -> str:
    out: list[str] = []
    at = 0
    for span in spans:
        out += [*lines[at : span[0]], *news[span[2] : span[3]]]
        at = span[1]
    return join_lines([*out, *lines[at:]])


def _meet(span: Span, part: tuple[int, int]) -> bool:
    """Whether a change of lines `span[0]` to `span[1]` touches the lines of `part`. What is put in at an edge of them
    does not; where lines were taken away, what is put in does."""
    if part[0] == part[1]:
        return span[0] <= part[0] <= span[1]
    if span[0] == span[1]:
        return part[0] < span[0] < part[1]
    return span[0] < part[1] and part[0] < span[1]
