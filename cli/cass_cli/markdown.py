"""Markdown as it streams in: cut into finished blocks, each drawn once and never touched again."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cass_cli.escape import escape

if TYPE_CHECKING:
    from rich.segment import Segment

FENCE_LINES = 40

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_HEADING = re.compile(r"^ {0,3}#{1,6}([ \t]|$)")
_INDENT = re.compile(r"[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+)?")
_LIST_ITEM = re.compile(r"^ {0,3}([-*+]|\d{1,9}[.)])([ \t]|$)")


@dataclass(frozen=True)
class Block:
    """A finished piece of Markdown. `joined` marks one that continues the block before it without a gap."""

    text: str
    joined: bool = False


class BlockSplitter:
    """Takes text in pieces of any size and gives blocks as soon as they are finished: a heading with its line, a
    paragraph, list or table with the blank line after it, fenced code with its closing fence. Code longer than
    `FENCE_LINES` lines comes in several blocks, so that nothing waits for long."""

    def __init__(self) -> None:
        self._partial = ""
        self._lines: list[str] = []
        self._fence = ""
        self._opening = ""
        self._continued = False

    @property
    def rest(self) -> str:
        """What has come and is not in a finished block yet."""
        return "\n".join([*self._lines, self._partial])

    def feed(self, text: str) -> list[Block]:
        """More text; the blocks that it finished."""
        *whole, self._partial = (self._partial + text).split("\n")
        return [block for line in whole for block in self._line(line.removesuffix("\r"))]

    def finish(self) -> list[Block]:
        """The text is over; what was left, as blocks."""
        last = self._line(self._partial) if self._partial else []
        self._partial = ""
        return [*last, *self._flush()]

    def _line(self, line: str) -> list[Block]:
        if self._fence:
            return self._fenced(line)
        match = _FENCE.match(line)
        if match:
            before = self._flush() if not self._in_list() else []
            if before or not self._lines:
                self._fence, self._opening = match[1], line
            self._lines.append(line)
            return before
        if not line.strip():
            if not self._in_list():
                return self._flush()
            self._lines.append(line)
            return []
        before = self._flush() if self._breaks(line) else []
        self._lines.append(line)
        return [*before, *self._flush()] if _HEADING.match(line) else before

    def _fenced(self, line: str) -> list[Block]:
        self._lines.append(line)
        stripped = line.strip()
        if stripped and not stripped.strip(self._fence[0]) and len(stripped) >= len(self._fence):
            return self._flush()
        if len(self._lines) <= FENCE_LINES:
            return []
        fence, opening = self._fence, self._opening
        blocks = self._flush(closing="\n" + fence)
        self._fence, self._opening, self._lines, self._continued = fence, opening, [opening], True
        return blocks

    def _breaks(self, line: str) -> bool:
        """Whether the line begins a new block although no blank line said so, or after one within a list."""
        if _HEADING.match(line):
            return True
        ended = self._in_list() and self._lines and not self._lines[-1].strip()
        return bool(ended) and not (line.startswith(("  ", "\t")) or _LIST_ITEM.match(line))

    def _in_list(self) -> bool:
        return bool(self._lines and _LIST_ITEM.match(self._lines[0]))

    def _flush(self, closing: str = "") -> list[Block]:
        while self._lines and not self._lines[-1].strip() and not self._fence:
            self._lines.pop()
        text, joined = "\n".join(self._lines) + closing, self._continued
        only_opening = joined and len(self._lines) <= 1
        self._lines, self._fence, self._opening, self._continued = [], "", "", False
        return [Block(text, joined)] if text.strip() and not only_opening else []


def wrap_plain(text: str, width: int) -> str:
    """Markdown as it was written, long lines broken at blanks to `width` columns. Code and tables stay untouched."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif match and match[1].startswith(fence) and not match[2].strip():
            fence = ""
        if fence or match or len(line) <= width or line.lstrip().startswith("|"):
            lines.append(line)
            continue
        indent = _INDENT.match(line)
        lines += textwrap.wrap(
            line,
            width,
            subsequent_indent=" " * len(indent[0] if indent else ""),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def draw_markdown(text: str, width: int) -> str:
    """One block with its styles, for a terminal that is `width` columns wide; no line ends in blanks."""
    import io

    from rich.console import Console
    from rich.markdown import Markdown
    from rich.segment import Segment
    from rich.theme import Theme

    theme = Theme({"markdown.code": "cyan", "markdown.h1": "bold", "markdown.h2": "bold", "markdown.h3": "bold"})
    console = Console(
        file=io.StringIO(), force_terminal=True, width=width, color_system="standard", theme=theme, highlight=False
    )
    # Links are written out: a target that nobody sees is not for the model to choose.
    markdown = Markdown(escape(text), code_theme="ansi_dark", hyperlinks=False, justify="left")
    lines = [_draw_line(line) for line in Segment.split_lines(console.render(markdown))]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def _draw_line(segments: list[Segment]) -> str:
    from rich.color import ColorSystem

    while segments and not segments[-1].text.strip():
        segments.pop()
    drawn = ""
    for number, segment in enumerate(segments, 1):
        # Entities such as &#8238; turn into characters only while Markdown is parsed: escaped here once more.
        shown = escape(segment.text if number < len(segments) else segment.text.rstrip())
        style = segment.style
        drawn += style.render(shown, color_system=ColorSystem.STANDARD) if style else shown
    return drawn
