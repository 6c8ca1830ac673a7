"""A change in unified form as the pairs of texts that ACP v1 wants, one pair for each place."""

from __future__ import annotations

from cass.acp.saying import Diff, Shown
from cass.protocol.events import DiffContent
from cass.protocol.messages import Text


def pairs(change: DiffContent) -> tuple[Diff | Shown, ...]:
    """What to show of a change: a pair of texts for each of its places, with the lines around it, and a sentence for
    a renaming. A file that is new has no old text."""
    shown: list[Diff | Shown] = []
    lines = change.patch.split("\n")
    if lines[-1] == "":
        lines.pop()
    head = next((at for at, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    if len(lines) > 1 and lines[0].startswith("rename from "):
        origin = lines[0].removeprefix("rename from ")
        shown.append(Shown(content=Text(text=f"Renamed from {origin} to {change.path}")))
    place: list[str] = []
    for line in [*lines[head:], "@@ end"]:
        if line.startswith("@@ ") and place:
            shown.append(_pair(change.path, place))
            place = []
        place.append(line)
    return tuple(shown)


def _pair(path: str, place: list[str]) -> Diff:
    old: list[str] = []
    new: list[str] = []
    last: list[list[str]] = []
    for line in place[1:]:
        mark, text = line[:1], line[1:] + "\n"
        if mark == "\\":
            for side in last:
                side[-1] = side[-1].removesuffix("\n")
            continue
        last = {"-": [old], "+": [new]}.get(mark, [old, new])
        for side in last:
            side.append(text)
    is_new = place[0].startswith("@@ -0,0 ")
    return Diff(path=path, old_text=None if is_new else "".join(old), new_text="".join(new))
