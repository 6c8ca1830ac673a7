"""What a session leaves beside its journal, and how it goes: texts before changes, long outputs, and what other rooms
keep under its id."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

_FOLDERS = ("baselines", "output")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")

log = logging.getLogger(__name__)


def remove(data_dir: Path, session_id: str, others: Sequence[Callable[[str], None]]) -> None:
    """Remove all of it. What cannot be removed is logged and stays."""
    if not _ID.fullmatch(session_id):
        return
    for name in _FOLDERS:
        shutil.rmtree(data_dir / name / session_id, ignore_errors=True)
    for other in others:
        try:
            other(session_id)
        except OSError as error:
            log.warning("something of the deleted session %s stays: %s", session_id, error)


def copy(data_dir: Path, session_id: str, new_id: str) -> None:
    """Give a fork the texts before changes, without copying what never changes."""
    old, new = data_dir / "baselines" / session_id, data_dir / "baselines" / new_id
    if not _ID.fullmatch(session_id) or not old.is_dir():
        return
    new.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in old.iterdir():
        try:
            os.link(path, new / path.name)
        except OSError:
            shutil.copy2(path, new / path.name)
