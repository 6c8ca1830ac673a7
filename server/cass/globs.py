"""Globs of paths, as in .gitignore: `**` crosses folders, `*` does not; `src` and `src/` mean what is below, too."""

from __future__ import annotations

import re


def fits(pattern: str, subject: str) -> bool:
    """Whether a path with `/` fits; both are relative to the same folder, or both absolute."""
    return _expression(pattern.removeprefix("./").rstrip("/")).fullmatch(subject) is not None


def _expression(pattern: str) -> re.Pattern[str]:
    out: list[str] = []
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        out.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece)))
    return re.compile("".join(out) + "(?:/.*)?", re.DOTALL)
