"""Puts together what runs schedules: the store, ordinary sessions without anybody there, and the gate before each run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cass.app import App
from cass.config import LimitConfig
from cass.errors import CassError
from cass.process import Fed
from cass.schedules import offered, telling
from cass.schedules.clocks import Clock
from cass.schedules.definition import Schedule
from cass.schedules.headless import HeadlessRuns
from cass.schedules.records import Run
from cass.schedules.runner import Runner
from cass.schedules.store import ScheduleStore


class Scheduling:
    """What one process needs for schedules. `fed` starts its programs."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.app = app
        self.clock = clock
        self.config = app.config.schedules
        self.store = ScheduleStore(app.places.data / "schedules", self.config.keep_runs)
        self.fed = Fed(os.environ)

    def runner(self) -> Runner:
        """What carries runs out."""
        runs = HeadlessRuns(
            self.fed, os.environ, self.limits, lambda text: self.app.masker(self.app.config).text(text)
        )
        return Runner(self.store, self.clock, runs, self.refusal, self.told, self.config.at_once)

    async def told(self, schedule: Schedule, run: Run) -> None:
        """A run is over."""
        await telling.tell(self.fed, self.config, schedule, run)

    def refusal(self, schedule: Schedule) -> str:
        """Why it may not run now; empty: it may. Looks at the disk."""
        folder = Path(schedule.folder)
        if not folder.is_dir():
            return ""  # it fails, and says so
        trust = self.app.trust(folder)
        if schedule.source:
            if not trust.allows(Path(schedule.source.path)):
                return f"{schedule.source.path} is not trusted as it is now; `cass trust` there shows it"
            if not offered.stands(schedule.source):
                name = Path(schedule.source.path).stem
                return f"{schedule.source.path} has changed; remove the schedule and add it again: --from {name}"
        if schedule.folder_trust == "leave-out":
            return ""
        state = trust.state
        if state in ("plain", "trusted"):
            return ""
        how = {
            "undecided": "brings what could act, and you have not decided about it",
            "changed": "was trusted, and has changed since",
            "refused": "was refused",
        }[state]
        return f"{folder} {how}; `cass trust` there shows it and takes your decision (or add it with --no-trust)"

    def limits(self, schedule: Schedule) -> tuple[Mapping[str, str], float]:
        """What a run may use up, as settings for its process, never more than the user's own say; and how many seconds."""
        try:
            own = self.app.load(Path(schedule.folder)).config.limits
        except CassError:
            own = LimitConfig()  # the run meets the same error, and tells it
        budget = schedule.budget
        seconds = min(
            self.config.seconds, budget.seconds or self.config.seconds, own.seconds or self.config.seconds
        )
        found: dict[str, str] = {"CASS_LIMITS__SECONDS": f"{seconds:g}"}
        for name, most in (
            ("cost", budget.cost),
            ("session_cost", budget.cost),
            ("tokens", budget.tokens),
            ("session_tokens", budget.tokens),
        ):
            if most is not None:
                now = getattr(own, name)
                found[f"CASS_LIMITS__{name.upper()}"] = str(most if now is None else min(most, now))
        return found, seconds

    async def close(self) -> None:
        """End what is left."""
        await self.fed.close()
        await self.app.close()
