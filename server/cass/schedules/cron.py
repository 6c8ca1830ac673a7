"""The five fields of a cron line, read strictly: what they mean, and where they are wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cass.errors import ConfigError

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = dict(
    zip(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        range(1, 13),
        strict=True,
    )
)
_DAYS = dict(zip(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], range(7), strict=True))
_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PIECE = re.compile(r"(\*|[0-9a-z]+)(?:-([0-9a-z]+))?(?:/(\d{1,4}))?")


@dataclass(frozen=True)
class Cron:
    """What a line means. Days of the week count from Sunday as 0. Where days of the month and of the week are both
    given, either is enough, as in every cron."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    any_day: bool
    any_weekday: bool

    @property
    def is_hourly(self) -> bool:
        """Whether it means every so many minutes, not times of the day."""
        return len(self.hours) == 24


def read(line: str, where: str = "") -> Cron:
    """Take a line apart: five fields or a name such as @daily. ConfigError names the field that is wrong."""
    text = _NICKNAMES.get(line.strip().lower(), line.strip().lower())
    if text.startswith("@"):
        names = ", ".join(sorted(_NICKNAMES))
        raise ConfigError(f"there is no {line.strip()[:40]!r} in cron", where=where, hint=f"There are {names}.")
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ConfigError(
            f"{line.strip()[:80]!r} has {len(parts)} field{'' if len(parts) == 1 else 's'}, and cron has five",
            where=where,
            hint='Minute, hour, day of the month, month, day of the week: "30 9 * * 1-5" is 9:30 on workdays.',
        )
    found = [_field(number, part, where) for number, part in enumerate(parts)]
    weekdays = tuple(sorted({day % 7 for day in found[4]}))
    cron = Cron(
        found[0], found[1], found[2], found[3], weekdays, parts[2].startswith("*"), parts[4].startswith("*")
    )
    if cron.any_weekday and not any(min(cron.days) <= _LENGTHS[month - 1] for month in cron.months):
        raise ConfigError(
            f"{line.strip()[:80]!r} never comes: those months have no day {min(cron.days)}",
            where=where,
            hint="For the last day of a month there is no sign in cron: take the first of the next.",
        )
    return cron


def _field(number: int, text: str, where: str) -> tuple[int, ...]:
    name, low, high = _FIELDS[number]
    names = {3: _MONTHS, 4: _DAYS}.get(number, {})
    values: set[int] = set()
    for piece in text.split(","):
        match = _PIECE.fullmatch(piece)
        if match is None:
            raise _wrong(name, piece, low, high, where)
        first, last, step = match.groups()
        if first == "*":
            if last is not None:
                raise _wrong(name, piece, low, high, where)
            begin, end = low, 6 if number == 4 else high
        else:
            begin = _value(first, names)
            end = _value(last, names) if last else high if step else begin
            if number == 4 and last and end == 0:
                end = 7  # fri-sun
        if not (low <= begin <= end <= high) or step == "0" * len(step or "x"):
            raise _wrong(name, piece, low, high, where)
        values.update(range(begin, end + 1, int(step or 1)))
    return tuple(sorted(values))


def _value(text: str, names: dict[str, int]) -> int:
    if text.isdecimal():
        return int(text) if len(text) < 4 else -1
    return names.get(text, -1)


def _wrong(name: str, piece: str, low: int, high: int, where: str) -> ConfigError:
    return ConfigError(
        f"{piece[:40]!r} is wrong for the {name}",
        where=where,
        hint=f"It takes numbers from {low} to {high}, as in 5, 1-5, */10, 0-30/5 or 1,15.",
    )
