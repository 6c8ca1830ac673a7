"""Reading regular files, and saying clearly why something cannot be read."""

from __future__ import annotations

import difflib
import errno
import os
import stat
from pathlib import Path

from cass.errors import ToolError

_KINDS = (
    (stat.S_ISDIR, "a folder; list it instead"),
    (stat.S_ISFIFO, "a named pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


def read_file(path: Path, name: str, limit: int) -> tuple[bytes, os.stat_result]:
    """The bytes of a regular file, links followed, at most `limit`; and what is known of the file. ToolError
    otherwise (kind `not_found` when it is missing). Never opens, so never hangs on, a pipe or a device."""
    try:
        _refuse_special(path.stat(), name)
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            _refuse_special(found, name)
            data = file.read(limit + 1)
    except OSError as error:
        raise _unreadable(error, path, name) from None
    if len(data) > limit:
        size = max(found.st_size, len(data))
        raise ToolError(
            f"{name} is too big: {size:,} bytes, the limit is {limit:,}. "
            "Look at parts of it with grep or with head, tail or sed in the shell."
        )
    return data, found


def _refuse_special(found: os.stat_result, name: str) -> None:
    for is_kind, words in _KINDS:
        if is_kind(found.st_mode):
            raise ToolError(f"{name} is {words}.")


def _unreadable(error: OSError, path: Path, name: str) -> ToolError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ToolError(f"{name} does not exist.{_similar(path)}", kind="not_found")
    if error.errno == errno.ELOOP:
        return ToolError(f"{name} is a link that leads in a circle.")
    if isinstance(error, PermissionError):
        return ToolError(f"{name} cannot be read: permission denied{_mode(path)}.")
    return ToolError(f"{name} cannot be read: {(error.strerror or 'input/output error').lower()}.")


def _mode(path: Path) -> str:
    try:
        return f" (mode {stat.S_IMODE(path.stat().st_mode):04o})"
    except OSError:
        return ""


def _similar(path: Path) -> str:
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for _, entry in zip(range(5_000), entries, strict=False)]
    except OSError:
        return f" Its folder {path.parent.name}/ does not exist either." if not path.parent.exists() else ""
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(close)}?" if close else ""
