"""Whether another process lives."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether there is such a process, and not only its remains."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
        return status.rpartition(")")[2].split()[0] != "Z"
    return True
