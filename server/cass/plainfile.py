"""Files that somebody else may have put there: read without ever waiting, and never more than is wanted.

A pipe, a device or a socket in a file's place would hold up its reader for good; a file of a terabyte, too.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_ENDLESS = re.compile(r"""(?<![\w"'-])(?:[\w"'-]+[ \t]*\.[ \t]*){100}""")


@contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """The file, open for reading. OSError, also for what is no plain file."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "It is no plain file", str(path))
        yield file


def read(path: Path, most: int) -> bytes:
    """All of it. OSError, also for a file of more than `most` bytes and for what is no plain file."""
    with opened(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"It is bigger than {most:,} bytes", str(path))
    return data


def toml(text: str) -> dict[str, object]:
    """What a TOML file says. ValueError, also for keys so deep that reading them would take minutes."""
    if _ENDLESS.search(text):
        raise ValueError("its keys are nested over a hundred deep")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deep") from None
