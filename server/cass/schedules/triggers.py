"""When a schedule is due. APScheduler's triggers count; what happens where clocks change is decided here.

Times of day are counted on the wall and only then become moments: one that the clocks leave out in spring comes once, at the
end of the gap; one that they show twice in autumn comes once, the first time. A cron line whose hour is `*` means every so
many minutes and goes by the time that passes: it misses nothing and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from cass.schedules import cron, words
from cass.schedules.definition import When

_BACK = timedelta(hours=4)
"""No zone sets its clocks back by more."""
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WINDOWS = tuple(timedelta(hours=h) for h in (1, 25, 24 * 33, 24 * 367))


class Times(Protocol):
    """The due times of a schedule, in whole seconds of UTC."""

    def after(self, moment: datetime) -> datetime | None:
        """The first one later than this; None when there is none any more."""
        ...


class _Trigger(Protocol):
    """APScheduler's triggers, which come without types."""

    def get_next_fire_time(self, previous_fire_time: None, now: datetime) -> datetime | None: ...


def between(times: Times, first: datetime, last: datetime) -> Iterator[datetime]:
    """Those after `first` and up to `last`."""
    due = times.after(first)
    while due is not None and due <= last:
        yield due
        due = times.after(due)


def lately(times: Times, first: datetime, last: datetime) -> list[datetime]:
    """The last few after `first` and up to `last`, at least one if there is any: not a year of minutes."""
    for window in _WINDOWS:
        begin = last - window
        if begin <= first:
            break
        found = list(between(times, begin, last))
        if found:
            return found
    return list(between(times, first, last))


def times_of(when: When, anchor: datetime) -> Times:
    """What a schedule says. `anchor` is where intervals begin to count. ConfigError."""
    zone = words.zone_of(when.zone)
    if when.cron is not None:
        found = cron.read(when.cron)
        return _Hourly(found, zone) if found.is_hourly else _Daily(found, zone)
    if when.every is not None:
        return _Interval(when.every, anchor)
    return _Date(words.moment_of(when.at or "", zone, anchor))


class _Interval:
    def __init__(self, seconds: int, anchor: datetime) -> None:
        from apscheduler.triggers.interval import IntervalTrigger  # pyright: ignore[reportMissingTypeStubs]

        start = anchor.astimezone(UTC).replace(microsecond=0)
        self._trigger = IntervalTrigger(seconds=seconds, start_date=start, timezone=UTC)

    def after(self, moment: datetime) -> datetime | None:
        return _whole(_ask(self._trigger, moment.astimezone(UTC)))


class _Date:
    def __init__(self, moment: datetime) -> None:
        from apscheduler.triggers.date import DateTrigger  # pyright: ignore[reportMissingTypeStubs]

        self._trigger = DateTrigger(moment, timezone=UTC)

    def after(self, moment: datetime) -> datetime | None:
        due = _whole(_ask(self._trigger, moment))
        return due if due is not None and due > moment else None


class _Wall:
    """A cron line on a wall that knows no change of clocks."""

    def __init__(self, line: cron.Cron) -> None:
        from apscheduler.triggers.cron import CronTrigger  # pyright: ignore[reportMissingTypeStubs]

        def trigger(days: tuple[int, ...] | None, weekdays: tuple[int, ...] | None) -> CronTrigger:
            return CronTrigger(
                month=_list(line.months),
                day="*" if days is None else _list(days),
                day_of_week="*" if weekdays is None else ",".join(_DAYS[d] for d in weekdays),
                hour=_list(line.hours),
                minute=_list(line.minutes),
                timezone=UTC,
            )

        if line.any_day or line.any_weekday:
            self._triggers = [trigger(line.days, line.weekdays)]
        else:
            self._triggers = [trigger(line.days, None), trigger(None, line.weekdays)]

    def after(self, wall: datetime) -> datetime | None:
        """The first time on the wall later than this one; both without a zone."""
        moment = wall.replace(tzinfo=UTC)
        found = [due for due in (_ask(trigger, moment) for trigger in self._triggers) if due is not None]
        return min(found).replace(tzinfo=None) if found else None


class _Daily:
    """Times of the day."""

    def __init__(self, line: cron.Cron, zone: ZoneInfo) -> None:
        self._wall, self._zone = _Wall(line), zone

    def after(self, moment: datetime) -> datetime | None:
        wall = self._wall.after(moment.astimezone(self._zone).replace(tzinfo=None, fold=0))
        while wall is not None:
            due = words.instant(wall, self._zone)
            if due > moment:
                return due
            wall = self._wall.after(wall)
        return None


class _Hourly:
    """Every so many minutes: each moment at which the clock on the wall shows one of them."""

    def __init__(self, line: cron.Cron, zone: ZoneInfo) -> None:
        self._wall, self._zone = _Wall(line), zone

    def after(self, moment: datetime) -> datetime | None:
        here, soon = moment.astimezone(self._zone), (moment + _BACK).astimezone(self._zone)
        wall = here.replace(tzinfo=None, fold=0)
        found = self._first(wall, moment)
        if (soon.utcoffset() or timedelta()) < (here.utcoffset() or timedelta()):
            # Clocks go back soon, and show again what they have shown already.
            shown = self._wall.after(wall - _BACK)
            while shown is not None and shown <= wall:
                again = [due for due in self._moments(shown) if due > moment]
                found = min((due for due in (found, *again) if due is not None), default=None)
                shown = self._wall.after(shown)
        return found

    def _first(self, wall: datetime, moment: datetime) -> datetime | None:
        shown = self._wall.after(wall)
        while shown is not None:
            for due in self._moments(shown):
                if due > moment:
                    return due
            shown = self._wall.after(shown)
        return None

    def _moments(self, wall: datetime) -> Iterator[datetime]:
        for fold in (0, 1):
            due = wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
            if due.astimezone(self._zone).replace(tzinfo=None, fold=0) == wall:
                yield due


def _ask(trigger: object, moment: datetime) -> datetime | None:
    return cast("_Trigger", trigger).get_next_fire_time(None, moment + timedelta(milliseconds=1))


def _whole(due: datetime | None) -> datetime | None:
    if due is None:
        return None
    return (due + timedelta(milliseconds=500)).astimezone(UTC).replace(microsecond=0)


def _list(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))
