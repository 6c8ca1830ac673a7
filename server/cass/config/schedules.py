"""Schedules."""

from __future__ import annotations

from cass.config.setting import Section, setting


class ScheduleConfig(Section):
    """Work at a time. What one schedule does stands with it; these are the limits of all."""

    at_once: int = setting(2, "Runs at one time; more wait.", ge=1, le=16)
    seconds: float = setting(3_600, "Longest time of one run, seconds.", ge=1)
    keep_runs: int = setting(100, "Runs that are kept of one schedule.", ge=1, le=10_000)
    notify: str | None = setting(None, "Command that is told of a run's end: JSON on its standard input.")
    desktop: bool = setting(False, "Tell of a run's end on the desktop, too.")
