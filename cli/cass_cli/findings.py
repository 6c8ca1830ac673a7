"""Findings of a review as lines that a terminal makes clickable: path, line, what."""

from __future__ import annotations

import os

from cass_cli.escape import escape_line
from cass_cli.fields import Json, get_int, get_list, get_text
from cass_cli.paint import Paint


def draw_findings(update: Json, paint: Paint) -> str:
    """A line for each, more where its message has more; empty for none. Paths below the present folder are short."""
    here = os.getcwd() + os.sep  # noqa: PTH109 - a string is what paths are compared with
    lines: list[str] = []
    for finding in get_list(update, "findings"):
        first, *rest = get_text(finding, "message").splitlines() or [""]
        severity = get_text(finding, "severity")
        colour = {"error": paint.red, "warning": paint.yellow}.get(severity, paint.dim)
        place = f"{escape_line(get_text(finding, 'path').removeprefix(here))}:{get_int(finding, 'line')}"
        lines.append(f"{paint.bold(place)}: {colour(escape_line(severity))}: {escape_line(first)}")
        lines += [f"    {escape_line(line)}" for line in rest]
    return "\n".join(lines)
