"""A run of a command that was cut off, as its session's events tell of it, so that it can be taken up again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from cass.customs.arguments import Given
from cass.customs.definition import Value
from cass.protocol.custom import StepUpdate
from cass.protocol.events import Event
from cass.protocol.wire import JsonObject, as_list
from cass.sessions import results
from cass.sessions.results import Result

if TYPE_CHECKING:
    from cass.sessions.session import Session


@dataclass
class CutOff:
    """A run that is not done: `open` are the steps that had begun."""

    run_id: str
    command: str
    digest: str
    arguments: JsonObject
    done: dict[str, Result] = field(default_factory=dict[str, Result])
    open: dict[str, StepUpdate] = field(default_factory=dict[str, StepUpdate])
    state: str = "running"


def last(session: Session) -> CutOff | None:
    """The last run, if it is not done."""
    return of(session.stream.durable("_step_update"))


def of(events: Iterable[Event]) -> CutOff | None:
    """The last run of these events, if it is not done."""
    found: CutOff | None = None
    for event in events:
        if not isinstance(event, StepUpdate):
            continue
        if event.step == "" and event.state == "running" and (found is None or found.run_id != event.run_id):
            found = CutOff(event.run_id, event.command, event.digest, event.arguments)
        if found is None or event.run_id != found.run_id:
            continue
        if event.step == "":
            found.state = event.state
        elif event.state == "running":
            found.open[event.step] = event
            if event.attempt > 1:  # what it did inside counts no more
                found.done = {
                    key: r
                    for key, r in found.done.items()
                    if not key.startswith((f"{event.step}/", f"{event.step}["))
                }
        else:
            found.open.pop(event.step, None)
            if event.state != "cancelled":
                found.done[event.step] = results.of(event)
    return found if found and found.state != "done" else None


def close(session: Session) -> str:
    """Say of a run that died with its process that it is cut off, and of its open steps; what the user should know."""
    found = last(session)
    if found is None or found.state != "running":
        return ""
    for update in found.open.values():
        session.emit(update.model_copy(update={"state": "cancelled", "turn_id": None}))
    session.emit(StepUpdate(run_id=found.run_id, command=found.command, state="cancelled"))
    done = [key for key, result in found.done.items() if result.state != "failed" and "[" not in key]
    after = f"after the steps {', '.join(done)}" if done else "before its first step was done"
    begun = f" What had begun ({', '.join(found.open)}) is done again." if found.open else ""
    return f"/{found.command} was cut off {after}. /resume-run goes on from there.{begun}"


def arguments(found: CutOff) -> tuple[dict[str, Value], Given, str]:
    """The values, the words and the selection that the run began with."""
    values = {key: cast("Value", value) for key, value in found.arguments.items() if not key.startswith("$")}
    words = [str(word) for word in as_list(found.arguments.get("$words"))]
    given = Given({}, words, str(found.arguments.get("$line") or ""))
    return values, given, str(found.arguments.get("$selection") or "")
