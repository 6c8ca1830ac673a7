"""Shows changes: unified diffs as they come, and proposals hunk by hunk with the lines around them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cass_cli.escape import escape_exact, escape_line
from cass_cli.fields import Json, get_int, get_list, get_text
from cass_cli.paint import Paint

CONTEXT = 3
MAX_BASE = 4_000_000


def draw_patch(patch: str, paint: Paint) -> str:
    """A unified diff in colour, everything in it escaped."""
    lines = patch.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    start = next((number for number, line in enumerate(lines) if line.startswith("@@")), 0)
    body = [line for line in lines[start:] if not line.startswith(("@@", "\\"))]
    windows = bool(body) and all(line.endswith("\r") for line in body)
    head = [paint.bold(escape_exact(line)) for line in lines[:start]]
    return "\n".join(
        head + [_draw_line(line.removesuffix("\r") if windows else line, paint) for line in lines[start:]]
    )


def draw_file_header(file: Json, paint: Paint, cwd: str) -> str:
    """Which file, and what happens to it as a whole."""
    path = escape_line(shorten(get_text(file, "path"), cwd))
    op = get_text(file, "op", "modify")
    if op == "move":
        path += f" {paint.symbol('→', '->')} {escape_line(shorten(get_text(file, 'moveTo'), cwd))}"
    word = {"add": "new file", "delete": "delete", "move": "move"}.get(op, "")
    return paint.bold(path) + (f"  {paint.yellow(word)}" if word else "")


def draw_hunk(hunk: Json, base: Base, paint: Paint) -> str:
    """One hunk with the unchanged lines around it, where they are known."""
    start, removed = get_int(hunk, "oldStart", 1), get_int(hunk, "oldLines")
    before, after = base.around(start, removed)
    around = len(before) + len(after)
    was = f"-{start - len(before)},{removed + around}"
    header = f"@@ {was} +{get_int(hunk, 'newStart', 1) - len(before)},{get_int(hunk, 'newLines') + around} @@"
    old, new = _text_lines(get_text(hunk, "oldText")), _text_lines(get_text(hunk, "newText"))
    drawn = [header, *(" " + line for line in before), *("-" + line for line in old), *("+" + line for line in new)]
    return draw_patch("\n".join([*drawn, *(" " + line for line in after)]) + "\n", paint)


def shorten(path: str, cwd: str) -> str:
    """The path as seen from the session's folder, where it lies in it."""
    prefix = cwd.rstrip(os.sep) + os.sep
    return path.removeprefix(prefix) if cwd else path


@dataclass(frozen=True)
class Base:
    """The lines that a proposal was made on; none when the file is not that text (any more)."""

    lines: tuple[str, ...] = ()

    @staticmethod
    def of(file: Json) -> Base:
        """Read the file of a proposal. Never fails: lines around a hunk are a comfort, not a need."""
        try:
            path = Path(get_text(file, "path"))
            if not path.is_file() or path.stat().st_size > MAX_BASE:
                return Base()
            text = path.read_bytes().decode(get_text(file, "encoding", "utf-8")).removeprefix("\ufeff")
        except (OSError, ValueError, LookupError):
            return Base()
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != get_text(file, "baseHash"):
            return Base()
        return Base(tuple(_text_lines(text)))

    def around(self, start: int, removed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lines before and after `removed` lines from line `start` on."""
        first = max(0, start - 1)
        return self.lines[max(0, first - CONTEXT) : first], self.lines[first + removed : first + removed + CONTEXT]


def hunks_of(proposal: Json) -> list[tuple[Json, Json]]:
    """All hunks of a proposal, each with its file."""
    return [(file, hunk) for file in get_list(proposal, "files") for hunk in get_list(file, "hunks")]


def _text_lines(text: str) -> list[str]:
    if not text:
        return []
    lines = text.split("\n")
    if lines[-1]:
        return [*lines[:-1], lines[-1] + "\n\\ no newline at end of file"]
    return lines[:-1]


def _draw_line(line: str, paint: Paint) -> str:
    shown = escape_exact(line).replace("\t", "    ")
    if line.startswith("@@"):
        return paint.cyan(shown)
    if line.startswith("\\"):
        return paint.dim(shown)
    if line.startswith("-"):
        return paint.red(shown)
    return paint.green(shown) if line.startswith("+") else shown
