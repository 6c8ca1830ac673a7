"""Reading the patch format: `*** Begin Patch`, sections for files, chunks of context, removed and added lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cass.errors import ToolError

_SECTION = re.compile(r"\*\*\* (Add|Delete|Update) File:[ \t]*(.*\S)[ \t]*")
_MOVE = re.compile(r"\*\*\* Move to:[ \t]*(.*\S)[ \t]*")
_RANGE = re.compile(r"-(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@(.*)")
_BEGIN, _END, _EOF = "*** Begin Patch", "*** End Patch", "*** End of File"
_HEREDOC = re.compile(r"(?:.*[ \t])?<<-?[ \t]*(['\"]?)(\w+)\1[ \t]*")


@dataclass(frozen=True)
class Chunk:
    """One place to change. `context` are the `@@` lines that lead there; `near` is a line number that a `@@` of
    the unified form named, 0 without one. `lines` are marked " ", "-" or "+"."""

    context: tuple[str, ...]
    lines: tuple[tuple[Literal[" ", "-", "+"], str], ...]
    at_end: bool = False
    near: int = 0

    @property
    def old(self) -> list[str]:
        """The lines that must be there."""
        return [text for mark, text in self.lines if mark != "+"]

    @property
    def new(self) -> list[str]:
        """The lines that will be there."""
        return [text for mark, text in self.lines if mark != "-"]


@dataclass(frozen=True)
class Section:
    """What the patch does to one file. `text` is a new file's text."""

    op: Literal["add", "delete", "update"]
    path: str
    move_to: str | None = None
    text: str = ""
    chunks: tuple[Chunk, ...] = ()


def parse(patch: str) -> tuple[Section, ...]:
    """The sections of a patch. Wrappers that models add (a shell line, a heredoc, a code fence) are taken off, and
    the envelope may be missing as a whole, but not half of it. ToolError names the line that is wrong."""
    lines = _body(patch.replace("\r\n", "\n").split("\n"))
    sections: list[Section] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        head = _SECTION.fullmatch(lines[at].strip())
        if head is None:
            raise ToolError(
                f"The patch has {lines[at][:100]!r} where a file section must begin. "
                "Write *** Add File: PATH, *** Update File: PATH or *** Delete File: PATH."
            )
        end = next((n for n in range(at + 1, len(lines)) if _SECTION.fullmatch(lines[n].rstrip())), len(lines))
        sections.append(_section(head[1], head[2], lines[at + 1 : end]))
        at = end
    return tuple(sections)


def _body(lines: Sequence[str]) -> list[str]:
    """What stands between the sentinels; all of it when there are none."""
    body = list(lines)
    while body and not body[0].strip():
        body.pop(0)
    if body and (body[0].startswith(("%%", "```")) or body[0].strip() in ("bash", "sh")):
        body.pop(0)
    heredoc = _HEREDOC.fullmatch(body[0]) if body else None
    if heredoc:
        body.pop(0)
    while body and (not body[-1].strip() or body[-1].startswith("```")):
        body.pop()
    if heredoc and body and body[-1].strip() == heredoc[2]:
        body.pop()
    while body and not body[-1].strip():
        body.pop()
    begins, ends = bool(body) and body[0].strip() == _BEGIN, bool(body) and body[-1].strip() == _END
    if begins and ends and len(body) > 1:
        return body[1:-1]
    if begins or ends:
        missing = f"does not end with {_END}" if begins else f"does not begin with {_BEGIN}"
        raise ToolError(f"The patch {missing}: it may have been cut. Send the whole patch again, or a smaller one.")
    if body and _SECTION.fullmatch(body[0].strip()):
        return body
    raise ToolError(f"The patch must begin with {_BEGIN} and end with {_END}.")


def _section(word: str, path: str, lines: Sequence[str]) -> Section:
    if word == "Delete":
        if any(line.strip() for line in lines):
            raise ToolError(f"The patch deletes {path} and has lines for it, too. Leave them out.")
        return Section("delete", path)
    if word == "Add":
        return Section("add", path, text=_added(path, lines))
    move = _MOVE.fullmatch(lines[0].rstrip()) if lines else None
    chunks = _chunks(path, lines[1:] if move else lines)
    if not chunks and move is None:
        raise ToolError(f"The patch has no changes for {path}. Leave the file out, or write them.")
    return Section("update", path, move_to=move[1] if move else None, chunks=chunks)


def _added(path: str, lines: Sequence[str]) -> str:
    out: list[str] = []
    for line in lines:
        if line.startswith("+"):
            out.append(line[1:] + "\n")
        elif line.strip():
            raise ToolError(f"In the new file {path} the line {line[:100]!r} does not begin with +.")
    return "".join(out)


def _chunks(path: str, lines: Sequence[str]) -> tuple[Chunk, ...]:
    chunks: list[Chunk] = []
    context: list[str] = []
    near = 0
    body: list[tuple[Literal[" ", "-", "+"], str]] = []

    def close(*, at_end: bool = False) -> None:
        while body and body[-1] == (" ", ""):
            body.pop()
        if body:
            chunks.append(Chunk(tuple(context), tuple(body), at_end, near))
        elif context:
            raise ToolError(f"A chunk for {path} has @@ but no lines after it.")
        body.clear()
        context.clear()

    for line in lines:
        if line.startswith("@@"):
            if body:
                close()
                near = 0
            unified = _RANGE.fullmatch(line[2:].strip())
            if unified:
                near = int(unified[1])
            elif line[2:].strip():
                context.append(line[2:].removeprefix(" ").removesuffix(" @@").rstrip())
        elif line.rstrip() == _EOF:
            close(at_end=True)
        elif line[:1] in ("+", "-", " "):
            mark: Literal[" ", "-", "+"] = "+" if line[0] == "+" else "-" if line[0] == "-" else " "
            body.append((mark, line[1:]))
        elif not line:
            body.append((" ", ""))
        elif not line.startswith("\\"):
            raise ToolError(
                f"In the changes for {path} the line {line[:100]!r} begins with none of space, + and -."
            )
    close()
    return tuple(chunks)
