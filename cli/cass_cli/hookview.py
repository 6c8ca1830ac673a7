"""Hooks as the user sees them: nothing of one that did nothing, a line of one that said something."""

from __future__ import annotations

import time

from cass_cli.escape import escape, escape_line
from cass_cli.fields import Json, get_text
from cass_cli.paint import Paint

_LINES = 6
_ENDS = {"blocked": "said no", "failed": "failed", "timed_out": "ran too long"}


class HookView:
    """The hooks that run, and lines about those that have. One that runs is shown after `quiet_seconds`."""

    quiet_seconds = 1.0

    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self._running: dict[str, tuple[str, float]] = {}

    def line(self, update: Json) -> str:
        """What is to be said, styled; empty for nothing."""
        name = escape_line(get_text(update, "name"))
        hook_id, state = get_text(update, "hookId"), get_text(update, "state")
        if state == "running":
            self._running[hook_id] = f"{get_text(update, 'hookEvent')} hook {name}", time.monotonic()
            return ""
        self._running.pop(hook_id, None)
        text = plain(update)
        return self._paint.dim(text) if state == "done" else self._paint.yellow(text)

    def live(self) -> list[str]:
        """What is under way, once it takes a while."""
        now = time.monotonic()
        return [
            self._paint.dim(f"{name}...")
            for name, since in self._running.values()
            if now - since > self.quiet_seconds
        ]

    def clear(self) -> None:
        """Nothing runs any more."""
        self._running.clear()


def plain(update: Json) -> str:
    """How a hook ended, in words; empty where it did and said nothing."""
    state, lines = get_text(update, "state"), escape(get_text(update, "text")).strip().split("\n")
    if state == "running" or (state == "done" and not any(lines)):
        return ""
    if state == "blocked" and get_text(update, "toolCallId"):
        lines = lines[:1]  # the call's own result says all of it
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"({len(lines) - _LINES + 1} more lines)"]
    how = f" {_ENDS[state]}" if state in _ENDS else ""
    return f"Hook {escape_line(get_text(update, 'name'))}{how}: " + "\n  ".join(lines)
