"""Files that only their owner can read, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """The folder, and those above it that are missing, for the owner alone. OSError."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def write(path: Path, data: bytes) -> None:
    """Put a file in place of another, or of none. OSError; then what was there still is."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fd = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
