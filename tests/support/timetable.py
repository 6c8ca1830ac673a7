"""Schedules on a clock of their own: time goes as the test says, and a run is over as soon as the test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cass.schedules.definition import Retries, Schedule, When
from cass.schedules.headless import Began, Result
from cass.schedules.records import Run
from cass.schedules.runner import Runner
from cass.schedules.store import ScheduleStore

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class HandClock:
    """The time that was set last."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    async def wait(self, until: datetime | None, poke: asyncio.Event) -> None:
        await poke.wait()


@dataclass
class Diary:
    """Carries runs out by writing down when they began. `how` says how each ends; those of `held` wait."""

    clock: HandClock
    how: Callable[[int], Result] = lambda number: Result("done")
    began: list[tuple[str, datetime]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    mark: str = ""

    async def run(self, schedule: Schedule, began: Began) -> Result:
        await began(None)
        self.began.append((schedule.name, self.clock.now()))
        number = len(self.began)
        if self.hold is not None:
            await self.hold.wait()
        return self.how(number)

    def times(self, name: str = "job") -> list[datetime]:
        return [moment for one, moment in self.began if one == name]


class Timetable:
    """A store, a clock and a runner in a folder."""

    def __init__(self, folder: Path, moment: datetime = START, keep: int = 100) -> None:
        self.folder = folder
        self.clock = HandClock(moment)
        self.diary = Diary(self.clock)
        self.told: list[Run] = []
        self.refused: dict[str, str] = {}
        self.keep = keep
        self.runner = self.another()

    @property
    def store(self) -> ScheduleStore:
        """As somebody else sees it."""
        return ScheduleStore(self.folder, self.keep)

    def another(self, diary: Diary | None = None) -> Runner:
        """One more runner on the same store."""
        return Runner(
            ScheduleStore(self.folder, self.keep),
            self.clock,
            diary or self.diary,
            lambda schedule: self.refused.get(schedule.name, ""),
            self._tell,
            at_once=8,
        )

    async def _tell(self, schedule: Schedule, run: Run) -> None:
        self.told.append(run)

    def add(self, name: str = "job", **fields: Any) -> Schedule:
        """A schedule; `cron`, `every`, `at` and `zone` make its time."""
        when = When(**{key: fields.pop(key) for key in ("cron", "every", "at", "zone") if key in fields})
        if "retries" in fields:
            fields["retries"] = Retries(**fields["retries"])
        folder = fields.pop("folder", str(self.folder))
        made = Schedule(name=name, when=when, prompt="do it", folder=folder, created=self.clock.moment, **fields)
        self.store.add(made)
        return made

    async def until(self, end: datetime, runner: Runner | None = None, slack: float = 0) -> None:
        """Let time go, from one thing that is due to the next, each looked at `slack` seconds late."""
        runner = runner or self.runner
        while True:
            wake = await self._quiet(runner)
            if wake is None or wake > end:
                break
            self.clock.moment = max(self.clock.moment, wake + timedelta(seconds=slack))
        self.clock.moment = max(self.clock.moment, end)

    async def at(self, moment: datetime, runner: Runner | None = None) -> None:
        """It is this late; look, and let what begins end."""
        runner = runner or self.runner
        self.clock.moment = moment
        if self.diary.hold is None:
            await self._quiet(runner)
        else:
            await runner.step()

    async def _quiet(self, runner: Runner) -> datetime | None:
        """Look again as long as something came of it; when to look next."""
        while True:
            runner.poke.clear()
            wake = await runner.step()
            await runner.settle()
            if not runner.poke.is_set():
                return wake

    def states(self, schedule: Schedule) -> list[str]:
        """How its runs stand, in the order in which they were claimed."""
        return [run.state for run in self.store.story(schedule).runs.values()]
