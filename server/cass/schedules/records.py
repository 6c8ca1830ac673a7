"""What happened to a schedule, line by line, and what that comes to.

A run begins as a claim: a line that is on disk before anything is started. A due time that has a claim gets no other one,
whoever looks, and whatever the clock says by then. Only `fold` writes what the lines come to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

State = Literal["waiting", "running", "done", "failed", "refused", "interrupted", "cancelled", "skipped"]
Kind = Literal["claimed", "started", "ended", "passed", "back", "head"]

OPEN: tuple[State, ...] = ("waiting", "running")
KEPT_DUES = 5_000
"""Due times with a claim that are remembered, so that a clock that was set back repeats none of them."""


class Record(BaseModel):
    """One line. `claimed`: a run is to be for `due` (None: by hand), not before `not_before`,
    by `runner` alone where one is named. `started`: `runner` has it, its
    processes carry `mark`, its session is `session_id`. `ended`: `state` and what else is known. `passed`: nothing that was due up to `due` will run,
    `count` of them, `why`. `back`: the clock was set back to `due`. `head`: what earlier lines came to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Kind
    at: datetime
    run: str = ""
    due: datetime | None = None
    attempt: int = 1
    not_before: datetime | None = None
    runner: str = ""
    mark: str = ""
    state: State = "waiting"
    why: str = ""
    session_id: str | None = None
    exit_code: int | None = None
    cost: float | None = None
    text: str = ""
    count: int = 0
    dues: tuple[int, ...] = ()


@dataclass
class Run:
    """One run as far as it is known. `due` is None for one by hand."""

    id: str
    due: datetime | None
    claimed: datetime
    attempt: int = 1
    not_before: datetime | None = None
    state: State = "waiting"
    started: datetime | None = None
    ended: datetime | None = None
    runner: str = ""
    mark: str = ""
    why: str = ""
    session_id: str | None = None
    exit_code: int | None = None
    cost: float | None = None
    text: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be run, or runs."""
        return self.state in OPEN


@dataclass
class Story:
    """What the lines of one schedule come to. Everything due up to `cursor` is settled; `dues` (seconds) have a claim,
    `count` is how many had, `passed` the latest that were passed over."""

    cursor: datetime
    dues: set[int] = field(default_factory=set[int])
    count: int = 0
    runs: dict[str, Run] = field(default_factory=dict[str, Run])
    passed: list[Record] = field(default_factory=list[Record])

    @property
    def open(self) -> list[Run]:
        """Runs that are not over, in the order in which they were claimed."""
        return [run for run in self.runs.values() if run.is_open]

    def has(self, due: datetime) -> bool:
        """Whether a run was claimed for this due time, ever."""
        return int(due.timestamp()) in self.dues

    def fold(self, record: Record) -> None:
        """Take in one line."""
        match record.kind:
            case "claimed":
                self._claimed(record)
            case "started" | "ended":
                self._went_on(record)
            case "passed" if record.due:
                self.cursor = max(self.cursor, record.due)
                if record.count:
                    self.passed = [*self.passed[-19:], record]
            case "back" if record.due:
                self.cursor = min(self.cursor, record.due)
            case "head" if record.due:
                self.cursor, self.count = record.due, record.count
                self.dues.update(record.dues)
            case _:
                pass

    def _claimed(self, record: Record) -> None:
        if record.run in self.runs:
            return
        self.runs[record.run] = Run(
            record.run, record.due, record.at, record.attempt, record.not_before, record.state, why=record.why
        )
        self.runs[record.run].runner = record.runner
        if record.due is not None:
            self.cursor = max(self.cursor, record.due)
            self.dues.add(int(record.due.timestamp()))
        if record.attempt == 1 and record.state != "skipped" and record.due is not None:
            self.count += 1

    def _went_on(self, record: Record) -> None:
        run = self.runs.get(record.run)
        if run is None or not run.is_open:
            return
        if record.kind == "started":
            run.state, run.started, run.runner, run.mark = "running", record.at, record.runner, record.mark
            run.session_id = record.session_id
            return
        run.state, run.ended, run.why = record.state, record.at, record.why
        run.session_id, run.exit_code = record.session_id or run.session_id, record.exit_code
        run.cost, run.text = record.cost, record.text

    def shortened(self, keep: int, now: datetime) -> list[Record]:
        """Fewer lines that come to the same, but for old runs: the latest `keep` of them stay, and those not over."""
        runs = list(self.runs.values())
        kept = [run for run in runs[:-keep] if run.is_open] + runs[-keep:]
        counted = sum(run.attempt == 1 and run.state != "skipped" and run.due is not None for run in kept)
        dues = tuple(sorted(self.dues)[-KEPT_DUES:])
        lines = [Record(kind="head", at=now, due=self.cursor, count=self.count - counted, dues=dues)]
        for run in kept:
            first = "skipped" if run.state == "skipped" else "waiting"
            lines.append(
                Record(
                    kind="claimed",
                    at=run.claimed,
                    run=run.id,
                    due=run.due,
                    attempt=run.attempt,
                    not_before=run.not_before,
                    state=first,
                    why=run.why if first == "skipped" else "",
                )
            )
            if run.started:
                lines.append(
                    Record(
                        kind="started",
                        at=run.started,
                        run=run.id,
                        runner=run.runner,
                        mark=run.mark,
                        session_id=run.session_id,
                    )
                )
            if not run.is_open and run.state != "skipped":
                lines.append(
                    Record(
                        kind="ended",
                        at=run.ended or now,
                        run=run.id,
                        state=run.state,
                        why=run.why,
                        session_id=run.session_id,
                        exit_code=run.exit_code,
                        cost=run.cost,
                        text=run.text,
                    )
                )
        # A claim moves the cursor on; after a clock that was set back it stands before them.
        return [*lines, *self.passed, Record(kind="back", at=now, due=self.cursor)]


def new_run() -> str:
    """An id."""
    return f"run-{uuid4().hex[:12]}"
