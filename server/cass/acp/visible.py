"""Words that a person decides by, with nothing hidden in them: ACP clients show titles and commands as they come."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = re.compile(r"[^\S\n]{20,}")
_TICKS = re.compile(r"`+")


def line(text: str) -> str:
    """On one line; control, invisible and direction characters as their numbers."""
    return "".join(_shown(char, "") for char in text)


def command(text: str) -> str:
    """A command, whole, as a block of Markdown code. Long runs of blanks, which could push something out of sight,
    are counted."""
    shown = _BLANKS.sub(lambda run: f"<{len(run[0])} blanks>", "".join(_shown(char, "\n\t") for char in text))
    fence = "`" * max([3, *(len(run) + 1 for run in _TICKS.findall(shown))])
    return f"{fence}sh\n{shown}\n{fence}"


def _shown(char: str, kept: str) -> str:
    if char in kept or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"<U+{code:04X}>"
