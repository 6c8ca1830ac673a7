"""Making the chunks of a patch: finding each place, keeping the bytes of every line that is not changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cass.errors import ToolError
from cass.hunks import line_end, split_lines
from cass.tools._match import fold, quoted, squeeze
from cass.tools._patch import Chunk

_WAYS: tuple[Callable[[str], str], ...] = (
    lambda line: line,
    lambda line: line.rstrip(),
    lambda line: fold(line).strip(),
    lambda line: squeeze(fold(line)),
)


@dataclass(frozen=True)
class _Placed:
    start: int
    chunk: Chunk


def apply_chunks(text: str, chunks: Sequence[Chunk], name: str) -> str:
    """The text with all chunks made. A line that the patch adds ends as the lines there do; all others keep their
    bytes. ToolError says which hunk of which file has no place, or more than one."""
    lines = split_lines(text)
    bare = [line.rstrip("\r\n") for line in lines]
    placed: list[_Placed] = []
    cursor = 0
    for number, chunk in enumerate(chunks, start=1):
        where = f"{name}, hunk {number}"
        spot = _place(bare, chunk, cursor, where)
        if any(spot.start < other.start + len(other.chunk.old) for other in placed if spot.start >= other.start):
            raise ToolError(f"{where}: it changes lines that an earlier hunk changes, too. Make them one hunk.")
        placed.append(spot)
        cursor = spot.start + len(spot.chunk.old)
    placed.sort(key=lambda spot: spot.start)
    out: list[str] = []
    at = 0
    for spot in placed:
        if spot.start < at:
            raise ToolError(f"{name}: two hunks change the same lines. Make them one hunk.")
        out += lines[at : spot.start]
        out += _changed(lines, spot)
        at = spot.start + len(spot.chunk.old)
    return _joined([*out, *lines[at:]])


def _place(bare: Sequence[str], chunk: Chunk, cursor: int, where: str) -> _Placed:
    start = cursor
    for context in chunk.context:
        start = _after_context(bare, context, start, where)
    if not chunk.old:
        return _Placed(start if chunk.context else len(bare), chunk)
    for candidate in (chunk, _without_last_blank(chunk)):
        if candidate is None:
            continue
        if not candidate.old:
            return _Placed(len(bare), candidate)
        spots = _spots(bare, candidate, start) or ([] if chunk.context else _spots(bare, candidate, 0))
        if spots:
            return _Placed(_chosen(spots, candidate, where), candidate)
    raise ToolError(
        f"{where}: these lines are not in the file.{quoted(chr(10).join(bare), chr(10).join(chunk.old))}"
    )


def _after_context(bare: Sequence[str], context: str, start: int, where: str) -> int:
    for way in _WAYS[1:]:
        wanted = way(context)
        for begin in (start, 0):
            for at in range(begin, len(bare)):
                if way(bare[at]) == wanted:
                    return at + 1
    raise ToolError(f"{where}: the line @@ {context} is not in the file.{quoted(chr(10).join(bare), context)}")


def _spots(bare: Sequence[str], chunk: Chunk, start: int) -> list[int]:
    """Where the chunk's old lines stand from `start` on, compared as strictly as finds anything."""
    old = chunk.old
    for way in _WAYS:
        wanted = [way(line) for line in old]
        if not any(wanted) and way is not _WAYS[0]:
            return []
        keys = [way(line) for line in bare]
        spots = [
            at
            for at in range(start, len(keys) - len(wanted) + 1)
            if keys[at] == wanted[0] and keys[at : at + len(wanted)] == wanted
        ]
        if chunk.at_end:
            spots = [at for at in spots if at + len(wanted) == len(keys)] or spots
        if spots:
            return spots
    return []


def _chosen(spots: Sequence[int], chunk: Chunk, where: str) -> int:
    if len(spots) == 1 or chunk.context:
        return spots[0]
    if chunk.near:
        return min(spots, key=lambda at: abs(at + 1 - chunk.near))
    shown = ", ".join(str(at + 1) for at in spots[:10])
    raise ToolError(
        f"{where}: these lines stand {len(spots)} times in the file, at lines {shown}. "
        "Add more context lines, or a @@ line with the function or class they are in."
    )


def _without_last_blank(chunk: Chunk) -> Chunk | None:
    """Models write an empty last line for the end of the file, where no such line is."""
    if not chunk.old or chunk.old[-1]:
        return None
    lines = list(chunk.lines)
    last_old = max(n for n, (mark, _) in enumerate(lines) if mark != "+")
    mark = lines.pop(last_old)[0]
    if mark == "-" and lines and lines[-1] == ("+", ""):
        lines.pop()
    return Chunk(chunk.context, tuple(lines), chunk.at_end, chunk.near)


def _changed(lines: Sequence[str], spot: _Placed) -> list[str]:
    usual = _eol_near(lines, spot.start)
    out: list[str] = []
    at = spot.start
    for mark, text in spot.chunk.lines:
        if mark == " ":
            out.append(lines[at])
        elif mark == "+":
            out.append(text + (line_end(lines[at]) if at < len(lines) and line_end(lines[at]) else usual))
        if mark != "+":
            at += 1
    return out


def _eol_near(lines: Sequence[str], at: int) -> str:
    for line in (*lines[at : at + 1], *reversed(lines[max(0, at - 1) : at]), *lines[:1]):
        if line_end(line):
            return line_end(line)
    return "\n"


def _joined(lines: Sequence[str]) -> str:
    """A line without an end that is not the last one any more gets the end that it needs."""
    usual = next((line_end(line) for line in lines if line_end(line)), "\n")
    whole = [line if line_end(line) else line + usual for line in lines[:-1]]
    return "".join([*whole, *lines[-1:]])
