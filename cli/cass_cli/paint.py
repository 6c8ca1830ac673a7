"""Colours and symbols, or none: what the terminal can show and the user wants to see."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TextIO

_SGR_RESET = "\x1b[0m"


@dataclass(frozen=True)
class Paint:
    """Styles text for one output. With `color` off every style gives the text back unchanged. Callers escape
    untrusted text first. `terminal` is false where the text goes to a file or a pipe."""

    color: bool
    symbols: bool = True
    terminal: bool = True

    @staticmethod
    def for_stream(stream: TextIO, setting: str = "auto") -> Paint:
        """What suits this stream: no control codes for a file, a pipe or a dumb terminal, with NO_COLOR set, or
        when the setting is `never`; `always` overrides all but `NO_COLOR`."""
        plain = bool(os.environ.get("NO_COLOR")) or setting == "never"
        capable = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        symbols = (stream.encoding or "").lower().replace("-", "") == "utf8"
        return Paint(
            color=not plain and (capable or setting == "always"), symbols=symbols, terminal=stream.isatty()
        )

    @property
    def width(self) -> int:
        """Columns, right now."""
        return max(20, shutil.get_terminal_size().columns)

    def bold(self, text: str) -> str:
        """For names."""
        return self._sgr("1", text)

    def dim(self, text: str) -> str:
        """For what matters less."""
        return self._sgr("2", text)

    def red(self, text: str) -> str:
        """For what failed or goes away."""
        return self._sgr("31", text)

    def green(self, text: str) -> str:
        """For what went well or is new."""
        return self._sgr("32", text)

    def yellow(self, text: str) -> str:
        """For warnings."""
        return self._sgr("33", text)

    def cyan(self, text: str) -> str:
        """For places and questions."""
        return self._sgr("36", text)

    def symbol(self, fancy: str, plain: str) -> str:
        """The fancy symbol where the output can show it."""
        return fancy if self.symbols else plain

    def _sgr(self, code: str, text: str) -> str:
        if not self.color or not text:
            return text
        # Each line on its own, so that a pager or a redraw in the middle never leaks a style.
        return "\n".join(f"\x1b[{code}m{line}{_SGR_RESET}" if line else "" for line in text.split("\n"))
