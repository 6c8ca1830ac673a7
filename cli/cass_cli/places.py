"""Where the terminal client keeps its own small files: the input history and the server's log."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def state_dir() -> Path:
    """`CASS_HOME/state` when that is set to an absolute path, else the platform's folder for a program's state. It
    may not exist."""
    home = os.environ.get("CASS_HOME", "")
    if home and Path(home).is_absolute():
        return Path(home) / "state"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "cass"
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".local" / "state") / "cass"


def private_file(path: Path) -> Path:
    """The path, with the file there and readable by its owner only. OSError when that cannot be had."""
    for folder in reversed([f for f in (path.parent, *path.parent.parents) if not f.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600))
    return path


def append_private(path: Path, data: bytes, *, limit: int) -> None:
    """Add to a private file; one that has grown beyond `limit` bytes starts anew."""
    private_file(path)
    with path.open("wb" if path.stat().st_size > limit else "ab") as file:
        file.write(data)
