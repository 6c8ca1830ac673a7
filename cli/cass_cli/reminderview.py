"""Reminders and loops as the user sees them: a line when one fires, and the next one's time in the bottom line."""

from __future__ import annotations

import datetime

from cass_cli.escape import escape_line
from cass_cli.fields import Json, get_int, get_text

_PROMPT_CHARS = 60


def line(update: Json) -> str:
    """What is to be said; empty for what the command that did it says itself."""
    if get_text(update, "state") != "fired":
        return ""
    prompt = escape_line(get_text(update, "prompt"))
    short = prompt if len(prompt) <= _PROMPT_CHARS else prompt[: _PROMPT_CHARS - 3] + "..."
    what = "Loop" if get_int(update, "every") else "Reminder"
    following = clock(get_text(update, "at"))
    return f"{what}: {short}" + (f" (again at {following})" if following else "")


def clock(text: str) -> str:
    """`10:35` here, with the day where it is another one; empty for what is no time."""
    try:
        moment = datetime.datetime.fromisoformat(text).astimezone()
    except ValueError:
        return ""
    today = datetime.datetime.now().astimezone().date()
    return f"{moment:%H:%M}" if moment.date() == today else f"{moment:%a %H:%M}"


class ReminderView:
    """Those of one session that are to come."""

    def __init__(self) -> None:
        self._at: dict[str, str] = {}

    def take(self, update: Json) -> None:
        """Take in one update."""
        reminder_id, at = get_text(update, "reminderId"), get_text(update, "at")
        self._at.pop(reminder_id, None)
        if at:
            self._at[reminder_id] = at

    def following(self) -> str:
        """When the next one is, in a few words; empty when there is none."""
        shown = clock(min(self._at.values())) if self._at else ""
        return f"next at {shown}" if shown else ""
