"""What a model or a user means by a path."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cass.errors import ToolError

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NAME_BYTES = 255


def resolve(text: str, root: Path) -> Path:
    """The absolute path: `file:` addresses, `~/`, absolute and relative ones; `.` and `..` are folded away, links
    are not followed. ToolError for what cannot be a path."""
    if not text.strip():
        raise ToolError("The path is empty. Give a path relative to the project's folder.")
    if text.lower().startswith("file://"):
        text = _from_uri(text)
    if _CONTROL.search(text):
        raise ToolError(f"The path {text[:200]!r} holds a control character. Give a plain path.")
    if text == "~" or text.startswith("~/"):
        text = str(Path.home()) + text[1:]
    path = Path("/" + os.path.normpath(root / text).lstrip("/"))
    if any(len(part.encode("utf-8")) > _NAME_BYTES for part in path.parts):
        raise ToolError(f"A name in the path {text[:80]!r}… is longer than {_NAME_BYTES} bytes.")
    return path


def shown(path: Path, roots: tuple[Path, ...]) -> str:
    """The path as the model reads it: relative to the first root where it lies in it."""
    return path.relative_to(roots[0]).as_posix() if roots and path.is_relative_to(roots[0]) else path.as_posix()


def _from_uri(text: str) -> str:
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ToolError(f"{text[:200]!r} is not a file on this machine.")
    return unquote(parts.path, errors="strict") if _decodes(parts.path) else parts.path


def _decodes(quoted: str) -> bool:
    try:
        unquote(quoted, errors="strict")
    except UnicodeDecodeError:
        return False
    return True
