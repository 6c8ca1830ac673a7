"""When a file was made, where the system tells: Linux's statx, which this Python does not offer."""

from __future__ import annotations

import os
import struct
from functools import cache
from pathlib import Path
from typing import Any

_HERE, _NO_FOLLOW, _BIRTH = -100, 0x100, 0x800
_MASK_AT, _BIRTH_AT, _SIZE = 0, 80, 256


def born(path: Path) -> int | None:
    """Nanoseconds; None when it is not known. Moving a file or writing to it changes nothing of it; a file that is
    replaced by another one is as old as that."""
    statx = _statx()
    if statx is None:
        return None
    import ctypes  # few need it

    buffer = ctypes.create_string_buffer(_SIZE)
    if statx(_HERE, os.fsencode(path), _NO_FOLLOW, _BIRTH, buffer) != 0:
        return None
    (mask,) = struct.unpack_from("=I", buffer, _MASK_AT)
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, _BIRTH_AT)
    return int(seconds) * 1_000_000_000 + int(nanoseconds) if mask & _BIRTH else None


@cache
def _statx() -> Any:
    import ctypes

    try:
        return ctypes.CDLL(None).statx
    except (AttributeError, OSError):
        return None
