"""Finding the processes of a job: its group, what descends from it, and what carries its mark."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class _Entry:
    pid: int
    state: str
    parent: int
    group: int


def members(group: int, mark: str, known: Set[int] = frozenset()) -> set[int]:
    """Process ids that belong to the job and are not yet dead: in the group, descending from its leader, with
    `mark` in their environment, or `known` from before. Where there is no /proc the group's id stands for all."""
    if not (_PROC / "self").exists():
        return {group} if _group_lives(group) else set()
    entries = [entry for entry in (_entry(name) for name in os.listdir(_PROC) if name.isdigit()) if entry]  # noqa: PTH208 - a name is all that is needed, thousands of times
    wanted = mark.encode()
    found = {
        e.pid for e in entries if e.group == group or e.pid == group or e.pid in known or _carries(e.pid, wanted)
    }
    grown = True
    while grown:
        below = {e.pid for e in entries if e.parent in found} - found
        found |= below
        grown = bool(below)
    return {e.pid for e in entries if e.pid in found and e.state not in "ZX"} - {os.getpid()}


def send(group: int, pids: set[int], number: signal.Signals) -> None:
    """Signal the group and each of the processes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _entry(name: str) -> _Entry | None:
    try:
        text = (_PROC / name / "stat").read_bytes()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return _Entry(int(name), fields[0].decode(), int(fields[1]), int(fields[2]))


def _carries(pid: int, mark: bytes) -> bool:
    try:
        return mark in (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
