"""Carries out what is due: looks, claims, starts, and writes down how it ended. One of these for one process.

Any number of processes may look at one store; each run is carried out by one of them. A runner that dies leaves runs that
have begun, which are told as interrupted, and runs that have not, which the next one begins.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from cass.errors import CassError, SessionError, StoreError, ToolError
from cass.process import sweep
from cass.schedules import files, planner
from cass.schedules.clocks import Clock
from cass.schedules.definition import Schedule
from cass.schedules.headless import Result, Runs, started_error
from cass.schedules.records import Record, Run, Story, new_run
from cass.schedules.store import ScheduleStore
from cass.schedules.triggers import Times, times_of

log = logging.getLogger(__name__)

Told = Callable[[Schedule, Run], Coroutine[None, None, None]]
"""Told of each run that is over; bounded by whoever gives it."""

_TRY_AGAIN = timedelta(seconds=10)


@dataclass
class _Seen:
    """What one look at the store came to."""

    ready: list[tuple[Schedule, Run]] = field(default_factory=list[tuple[Schedule, Run]])
    stop: list[str] = field(default_factory=list[str])
    marks: list[str] = field(default_factory=list[str])
    known: set[str] = field(default_factory=set[str])
    wake: datetime | None = None

    def wake_at(self, moment: datetime | None) -> None:
        """Look again at this moment, if not before."""
        if moment is not None and (self.wake is None or moment < self.wake):
            self.wake = moment


class Runner:
    """`refusal` says why a schedule may not run now; empty: it may. `at_once` runs go on at one time."""

    def __init__(
        self,
        store: ScheduleStore,
        clock: Clock,
        runs: Runs,
        refusal: Callable[[Schedule], str],
        told: Told,
        at_once: int = 2,
    ) -> None:
        self.poke = asyncio.Event()
        self._store = store
        self._clock = clock
        self._runs = runs
        self._refusal = refusal
        self._told = told
        self._at_once = at_once
        self._token = uuid4().hex
        self._lock = -1
        self._tasks: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._replaced: set[str] = set()
        self._times: dict[str, tuple[Schedule, Times]] = {}
        self._unwritten: list[tuple[Schedule, list[Record]]] = []
        self._has_recovered: set[str] = set()

    async def open(self) -> None:
        """Before anything else: be known as one that lives. StoreError."""
        lock = await asyncio.to_thread(self._store.register, self._token)
        if lock is None:
            raise StoreError("this runner cannot be made known")
        self._lock = lock

    async def close(self) -> None:
        """End what runs; each run is told as interrupted."""
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._lock >= 0:
            self._store.runner_lock(self._token).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    async def serve(self, stop: asyncio.Event) -> None:
        """Look and run until stopped."""
        while not stop.is_set():
            self.poke.clear()
            wake = await self.step()
            if not stop.is_set():
                await self._clock.wait(wake, self.poke)

    async def step(self) -> datetime | None:
        """Look once and start what is ready; when to look again, None: when poked."""
        seen = await asyncio.to_thread(self._look)
        for mark in seen.marks:
            await sweep(mark)
        for run_id in seen.stop:
            self._replaced.add(run_id)
            if run_id in self._tasks:
                self._tasks[run_id][1].cancel()
        for schedule_id, task in list(self._tasks.values()):
            if schedule_id not in seen.known:
                task.cancel()
        for schedule, run in sorted(seen.ready, key=lambda pair: pair[1].due or pair[1].claimed):
            if run.id not in self._tasks and len(self._tasks) < self._at_once:
                task = asyncio.get_running_loop().create_task(self._carry(schedule, run))
                self._tasks[run.id] = schedule.id, task
                task.add_done_callback(partial(self._over, run.id))
        return seen.wake

    async def settle(self) -> None:
        """Wait until nothing runs that was started here."""
        while self._tasks:
            await asyncio.wait([task for _, task in self._tasks.values()])

    def by_hand(self, schedule: Schedule) -> Run:
        """Claim a run that nothing but the user's word makes due. SessionError while one is open."""

        def claim(story: Story) -> tuple[Sequence[Record], Run]:
            now = self._clock.now()
            dead = self._dead(schedule, story, now, _Seen())
            if story.open:
                raise SessionError(
                    f"{schedule.name} is running or waits to", hint="Wait for its end.", kind="session_busy"
                )
            record = Record(kind="claimed", at=now, run=new_run(), runner=self._token)
            story.fold(record)
            return [*dead, record], story.runs[record.run]

        return self._store.decide(schedule, claim)

    def carry(self, schedule: Schedule, run: Run) -> Coroutine[None, None, None]:
        """Carry out one run that was claimed."""
        return self._carry(schedule, run)

    def _over(self, run_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(run_id, None)
        self._replaced.discard(run_id)
        self.poke.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("a scheduled run met a fault", exc_info=error)

    # --- looking: in a thread, under the store's lock ---

    def _look(self) -> _Seen:
        seen, now = _Seen(), self._clock.now()
        unwritten, self._unwritten = self._unwritten, []
        for schedule, records in unwritten:
            self._write(schedule, records)
        if self._unwritten:
            seen.wake_at(now + _TRY_AGAIN)
        for schedule in self._store.all():
            seen.known.add(schedule.id)
            try:
                wake = self._store.decide(schedule, partial(self._planned, schedule, now, seen))
                seen.wake_at(wake)
            except SessionError:
                seen.known.discard(schedule.id)
            except CassError as error:
                log.error("the schedule %s is left alone for now: %s", schedule.name, error)
                seen.wake_at(now + _TRY_AGAIN)
        return seen

    def _planned(
        self, schedule: Schedule, now: datetime, seen: _Seen, story: Story
    ) -> tuple[Sequence[Record], datetime | None]:
        times = self._times_of(schedule)
        records = self._dead(schedule, story, now, seen)
        if schedule.id not in self._has_recovered:
            self._has_recovered.add(schedule.id)
            records += planner.recover(schedule, story, now).records
        made = planner.plan(schedule, times, story, now)
        seen.stop += made.stop
        run = planner.startable(story, now, self._token)
        if run is not None:
            seen.ready.append((schedule, run))
        return [*records, *made.records], made.wake

    def _dead(self, schedule: Schedule, story: Story, now: datetime, seen: _Seen) -> list[Record]:
        """What runners left that do not live any more."""
        records: list[Record] = []
        for run in [run for run in story.open if run.runner]:
            if run.runner == self._token or files.is_held(self._store.runner_lock(run.runner)):
                continue
            if run.mark:
                seen.marks.append(run.mark)
            why = "cass was ended in the middle of it"
            record = Record(kind="ended", at=now, run=run.id, state="interrupted", why=why)
            story.fold(record)
            records.append(record)
            if retry := planner.again(schedule, run, now, retryable=True):
                story.fold(retry)
                records.append(retry)
        return records

    def _times_of(self, schedule: Schedule) -> Times:
        known = self._times.get(schedule.id)
        if known is None or known[0] != schedule:
            known = schedule, times_of(schedule.when, schedule.anchor)
            self._times[schedule.id] = known
        return known[1]

    # --- one run ---

    async def _carry(self, schedule: Schedule, run: Run) -> None:
        try:
            result = await self._result(schedule, run)
        except asyncio.CancelledError:
            replaced = run.id in self._replaced
            why = "the next one took its place" if replaced else "cass was stopped in the middle of it"
            result = Result("cancelled" if replaced else "interrupted", why)
        if result is None:
            return
        ended = Record(
            kind="ended",
            at=self._clock.now(),
            run=run.id,
            state=result.state,
            why=result.why,
            session_id=result.session_id or run.session_id,
            exit_code=result.exit_code,
            cost=result.cost,
            text=result.text,
        )
        over = replace(
            run,
            state=result.state,
            ended=ended.at,
            why=result.why,
            session_id=ended.session_id,
            exit_code=result.exit_code,
            cost=result.cost,
            text=result.text,
        )
        retryable = result.retryable or result.state == "interrupted"
        retry = planner.again(schedule, over, self._clock.now(), retryable)
        await asyncio.to_thread(self._write, schedule, [ended, retry] if retry else [ended])
        if not retry:
            await self._told(schedule, over)

    async def _result(self, schedule: Schedule, run: Run) -> Result | None:
        """None when the run is another's."""
        why = await asyncio.to_thread(self._refusal, schedule)
        if why:
            return Result("refused", why)
        try:
            return await self._runs.run(schedule, partial(self._began, schedule, run))
        except ToolError as error:
            return started_error(error)
        except SessionError:
            return None
        except StoreError as error:
            log.error("the schedule %s did not run: %s", schedule.name, error)
            await asyncio.sleep(_TRY_AGAIN.total_seconds())
            return None

    async def _began(self, schedule: Schedule, run: Run, session_id: str | None) -> None:
        """On disk before it does anything. SessionError when another has it."""

        def begin(story: Story) -> tuple[Sequence[Record], None]:
            now = story.runs.get(run.id)
            if now is None or now.state != "waiting":
                raise SessionError("that run is another's", kind="session_busy")
            record = Record(
                kind="started",
                at=self._clock.now(),
                run=run.id,
                runner=self._token,
                mark=self._runs.mark,
                session_id=session_id,
            )
            story.fold(record)
            run.started, run.session_id = record.at, session_id
            return [record], None

        await asyncio.to_thread(self._store.decide, schedule, begin)

    def _write(self, schedule: Schedule, records: list[Record]) -> None:
        def write(story: Story) -> tuple[Sequence[Record], None]:
            for record in records:
                story.fold(record)
            return records, None

        try:
            self._store.decide(schedule, write)
        except SessionError:
            return  # it was removed meanwhile
        except StoreError as error:
            log.error("how a run of %s ended cannot be kept yet: %s", schedule.name, error)
            self._unwritten.append((schedule, records))
