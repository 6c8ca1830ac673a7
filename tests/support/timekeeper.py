"""A process that runs schedules by a clock in a file, and does with each run one thing: a line in a file. To be killed."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import cast

from cass.schedules.clocks import FileClock
from cass.schedules.definition import Schedule
from cass.schedules.headless import Began, Result
from cass.schedules.records import Run
from cass.schedules.runner import Runner
from cass.schedules.store import ScheduleStore


class Lines:
    """Each run is a line: the schedule and what was due."""

    mark = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def run(self, schedule: Schedule, began: Began) -> Result:
        await began(None)
        run = cast("Run", cast("partial[object]", began).args[1])
        with self._path.open("a") as file:
            file.write(f"{schedule.name} {run.due.isoformat() if run.due else 'by hand'}\n")
        return Result("done")


async def _told(schedule: Schedule, run: Run) -> None: ...


async def main(folder: Path, clock: Path, lines: Path) -> None:
    store = ScheduleStore(folder, keep=100_000)
    runner = Runner(store, FileClock(clock), Lines(lines), lambda schedule: "", _told, at_once=8)
    await runner.open()
    await runner.serve(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*map(Path, sys.argv[1:])))
