"""Telling the user of a run that is over: a command of theirs, and the desktop."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from pathlib import Path

from cass.config import ScheduleConfig
from cass.errors import ToolError
from cass.process import Fed
from cass.schedules.definition import Schedule
from cass.schedules.records import Run

log = logging.getLogger(__name__)

_SECONDS = 30.0
_OUTPUT_BYTES = 10_000
_TEXT_CHARS = 200


async def tell(fed: Fed, config: ScheduleConfig, schedule: Schedule, run: Run) -> None:
    """Run what the settings name; it has half a minute. What goes wrong with it is told in the log."""
    if schedule.notify == "never" or (schedule.notify == "failure" and run.state == "done"):
        return
    if config.notify:
        feed = json.dumps(as_json(schedule, run), ensure_ascii=False).encode("utf-8", "replace")
        await _run(fed, ["/bin/sh", "-c", config.notify], feed)
    if config.desktop and (line := _desktop(schedule, run)):
        await _run(fed, line, b"")


def as_json(schedule: Schedule, run: Run) -> dict[str, object]:
    """A run as programs read it."""
    return {
        "schedule": schedule.name,
        "scheduleId": schedule.id,
        "runId": run.id,
        "folder": schedule.folder,
        "due": run.due.isoformat() if run.due else None,
        "attempt": run.attempt,
        "state": run.state,
        "why": run.why or None,
        "started": run.started.isoformat() if run.started else None,
        "ended": run.ended.isoformat() if run.ended else None,
        "sessionId": run.session_id,
        "exitCode": run.exit_code,
        "cost": run.cost,
        "text": run.text or None,
    }


async def _run(fed: Fed, argv: list[str], feed: bytes) -> None:
    try:
        ended = await fed.run(argv, feed=feed, cwd=Path("/"), env={}, seconds=_SECONDS, limit=_OUTPUT_BYTES)
    except ToolError as error:
        log.warning("a run's end could not be told: %s", error)
        return
    if ended.exit_code != 0:
        how = "ran too long" if ended.exit_code is None else f"ended with {ended.exit_code}"
        log.warning("the command that is told of runs %s: %s", how, ended.stderr.decode("utf-8", "replace")[:500])


def _desktop(schedule: Schedule, run: Run) -> list[str]:
    title = f"cass: {schedule.name} {run.state}"
    text = " ".join((run.why or run.text).split())[:_TEXT_CHARS]
    if sys.platform == "darwin":
        script = "on run a\ndisplay notification (item 2 of a) with title (item 1 of a)\nend run"
        return ["osascript", "-e", script, title, text]
    program = shutil.which("notify-send")
    return [program, "--app-name=cass", "--", title, text] if program else []
