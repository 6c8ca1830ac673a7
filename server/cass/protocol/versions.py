"""Older forms of the journal become today's while they are read, a step from each version to the next. The file stays
as it is; what is appended to it stands behind a line that says which form follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cass.protocol.wire import JsonObject

JOURNAL_VERSION = 2
"""The form in which this cass keeps sessions. 1 had no `parent` and no `origin` in the header."""

Step = Callable[[JsonObject], "JsonObject | None"]
"""One event, as the next version writes it; None for one that the next version does without."""

STEPS: Mapping[int, Step | None] = {1: None}
"""From which version on. None: between these two versions events did not change, only the header did."""


def changes(version: int, steps: Mapping[int, Step | None] = STEPS) -> tuple[Step, ...]:
    """What has to be done to events of this version; nothing for those of a newer cass, which are read as far as
    they are known."""
    found = (steps.get(number) for number in range(version, JOURNAL_VERSION))
    return tuple(step for step in found if step)


def migrated(event: JsonObject, steps: tuple[Step, ...]) -> JsonObject | None:
    """The event in today's form."""
    now: JsonObject | None = event
    for step in steps:
        if now is not None:
            now = step(now)
    return now
