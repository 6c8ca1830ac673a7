"""What a step of a command stands on: its stage and what is known there; how it can fail; what its conditions come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cass.customs import expressions
from cass.customs.definition import Place, Step, Value
from cass.customs.rendering import Values
from cass.errors import SessionError
from cass.sessions.results import Result
from cass.sessions.stage import Stage

StepState = Literal["running", "done", "failed", "skipped", "cancelled"]


class StepFailed(SessionError):
    """A step failed, and so does the run."""

    def __init__(self, step: Step, result: Result) -> None:
        words = result.text.strip()
        ended = f" (exit code {result.exit_code})" if result.exit_code is not None else ""
        super().__init__(
            f"the step {step.id} failed{ended}: {words[-1_500:] or 'it said nothing'}",
            hint=f"{step.place} says what it does. /resume-run takes the run up at this step.",
            kind="step_failed",
        )


@dataclass(frozen=True)
class Ground:
    """Where a step stands: its stage, what is known around it, and what its key begins with."""

    stage: Stage
    values: Values
    prefix: str = ""

    def knowing(self, more: Mapping[str, Value]) -> Ground:
        """The same, with more that is known."""
        return replace(self, values=Values({**self.values.named, **more}, self.values.words, self.values.line))


def holds(text: str, place: Place, values: Values) -> bool:
    """Whether a condition is true."""
    return expressions.holds(expressions.parse(expressions.bare(text), place), values.of)


def items(step: Step, values: Values) -> list[Value]:
    """What a step goes through. ConfigError for more than it may."""
    place = step.at("for_each")
    found = step.for_each
    if isinstance(found, str):
        found = expressions.value(expressions.parse(expressions.bare(found), place), values.of)
    items: list[Value]
    if isinstance(found, list):
        items = found
    elif found is None:
        items = []
    else:
        items = [line for line in expressions.shown(found).splitlines() if line.strip()]
    if len(items) > step.most:
        raise place.error(
            f"there are {len(items)} items; at most {step.most} are gone through", "Raise `max`, up to 500."
        )
    return items


def title(step: Step) -> str:
    """A step in a few words."""
    if step.title:
        return step.title
    words = step.prompt or step.run or (f"/{step.command}" if step.command else "")
    first = next((line.strip() for line in words.splitlines() if line.strip()), "")
    return first[:80] + ("…" if len(first) > 80 else "")
