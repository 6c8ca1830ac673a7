"""What the steps of a run came to: kept as events, so that a run can be taken up again, and read by later steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cass.customs import answers
from cass.customs.definition import Value
from cass.protocol.custom import StepUpdate

State = Literal["done", "failed", "skipped"]


@dataclass(frozen=True)
class Result:
    """What one step came to."""

    ok: bool
    text: str = ""
    exit_code: int | None = None
    state: State = "done"
    json: Value = None

    def value(self) -> Value:
        """As conditions and texts read it."""
        found = self.json if self.json is not None else answers.found_json(self.text)[0]
        return {
            "ok": self.ok,
            "text": self.text,
            "lines": [line for line in self.text.splitlines() if line.strip()],
            "exit_code": self.exit_code,
            "state": self.state,
            "json": found,
        }


SKIPPED = Result(ok=False, state="skipped")


def of(update: StepUpdate) -> Result:
    """The result that an event keeps."""
    state: State = "done" if update.state == "done" else "skipped" if update.state == "skipped" else "failed"
    return Result(update.state == "done", update.result or "", update.exit_code, state)


def named(results: Mapping[str, Result]) -> Value:
    """All of them, as `steps`."""
    return {id: result.value() for id, result in results.items()}
