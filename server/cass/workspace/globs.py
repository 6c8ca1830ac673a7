"""Globs for paths below a folder: `*`, `?`, `[…]`, `{a,b}`, and `**` for any number of folders."""

from __future__ import annotations

import re
from collections.abc import Callable

from cass.errors import ToolError

_PIECE = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|\[[!^]?\]?[^\]/]*\]|[{},]|\\.|.", re.DOTALL)
_PLAIN = {"**/": "(?:[^/]+/)*", "/**": "/.+", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matcher(glob: str) -> Callable[[str], bool]:
    """A test for relative paths with forward slashes. A glob without a slash is matched with the last name, as
    ripgrep and git do it. ToolError for one that is not a glob."""
    pattern = glob.removeprefix("./")
    anywhere = "/" not in pattern.rstrip("/")
    if pattern.endswith("/"):
        pattern += "**"
    regex = _compiled(pattern.removeprefix("/"), glob)
    if anywhere and not glob.endswith("/"):
        return lambda path: regex.fullmatch(path.rsplit("/", 1)[-1]) is not None
    return lambda path: regex.fullmatch(path) is not None


def _compiled(pattern: str, glob: str) -> re.Pattern[str]:
    out: list[str] = []
    depth = 0
    for piece in _PIECE.findall(pattern):
        if piece in _PLAIN:
            out.append(_PLAIN[piece])
        elif piece == "{":
            depth += 1
            out.append("(?:")
        elif piece == "}" and depth:
            depth -= 1
            out.append(")")
        elif piece == "," and depth:
            out.append("|")
        elif len(piece) > 1 and piece[0] == "[":
            out.append("[" + ("^" if piece[1] in "!^" else "") + _escaped_class(piece) + "]")
        else:
            out.append(re.escape(piece[1:] if piece[0] == "\\" and len(piece) == 2 else piece))
    try:
        if depth:
            raise re.error("a { without }")
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise ToolError(f"{glob!r} is not a glob: {error}. Write it like *.py or src/**/*.ts.") from None


def _escaped_class(piece: str) -> str:
    inner = piece[1:-1].lstrip("!^") if piece[1] in "!^" else piece[1:-1]
    return (
        inner.replace("\\", "\\\\")
        .replace("[", "\\[")
        .replace("]", "\\]")
        .replace("&&", "&\\&")
        .replace("||", "|\\|")
    )
