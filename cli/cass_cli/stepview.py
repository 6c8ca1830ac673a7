"""The steps of a command, a line each: where one begins, and how it ended where that is not plain."""

from __future__ import annotations

from cass_cli.escape import escape_line
from cass_cli.fields import Json, get_int, get_text
from cass_cli.paint import Paint

_COLUMNS = 80


def line(update: Json, paint: Paint) -> str:
    """What the user reads of this update; empty for nothing."""
    state, step = get_text(update, "state"), escape_line(get_text(update, "step"))
    command = f"/{escape_line(get_text(update, 'command'))}"
    if not step:
        words = {"failed": f"{command} failed.", "cancelled": f"{command} was stopped."}.get(state)
        done = paint.dim(f"{paint.symbol('✓', 'done:')} {command}") if state == "done" else ""
        return paint.red(words) if words and state == "failed" else paint.yellow(words) if words else done
    title = escape_line(get_text(update, "title"))
    name = paint.bold(step) + (f" {paint.dim(_cut(title))}" if title else "")
    if state == "running":
        if get_text(update, "childSessionId"):
            return ""
        again = get_int(update, "attempt")
        more = paint.dim(f" (try {again})") if again > 1 else ""
        return f"{paint.cyan(paint.symbol('▸', '>'))} {name}{more}"
    if state == "done":
        return f"{paint.green(paint.symbol('✓', 'done:'))} {name}" if "/" in step else ""
    sign = {"failed": paint.red(paint.symbol("✗", "failed:")), "skipped": paint.symbol("–", "skipped:")}
    return f"{sign.get(state, paint.yellow(state + ':'))} {name}{paint.dim(' (not its turn)') if state == 'skipped' else ''}"


def _cut(text: str) -> str:
    return text if len(text) <= _COLUMNS else text[:_COLUMNS] + "..."
