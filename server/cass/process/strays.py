"""Finding the processes of a job: its group, what descends from it, and what carries its mark."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from cass.process.environ import MARK

_PROC = Path("/proc")
_MARK = MARK.encode()
_TRIES = 10
"""How often what is left is looked for and killed."""


@dataclass(frozen=True)
class _Entry:
    pid: int
    state: str
    parent: int
    group: int
    marks: bytes


def members(group: int, mark: str, known: Set[int] = frozenset()) -> set[int]:
    """Process ids that belong to the job and are not yet dead: in the group, descending from its leader, with
    `mark` in their environment, or `known` from before. Where there is no /proc the group's id stands for all."""
    if not (_PROC / "self").exists():
        return {group} if _group_lives(group) else set()
    return _members(_entries(), group, mark.encode(), known)


def alive(jobs: Sequence[tuple[int, str]]) -> list[bool]:
    """Whether anything of each job, given by group and mark, is not yet dead; all processes are looked at once."""
    if not (_PROC / "self").exists():
        return [_group_lives(group) for group, _ in jobs]
    entries = _entries()
    return [bool(_members(entries, group, mark.encode(), frozenset())) for group, mark in jobs]


def marked(mark: str) -> set[int]:
    """Process ids of all that carry a mark which begins like this, and of what descends from them; none where there is
    no /proc."""
    if not (_PROC / "self").exists():
        return set()
    return _members(_entries(), -1, mark.encode(), frozenset())


def send(group: int, pids: set[int], number: signal.Signals) -> None:
    """Signal the group and each of the processes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


async def end(group: int, mark: str, pids: set[int], grace: float) -> None:
    """These were asked to end: wait for it up to `grace` seconds, then kill what is left and what it started meanwhile."""
    deadline = time.monotonic() + grace
    pause = 0.02
    while pids and time.monotonic() < deadline:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
        pids = await asyncio.to_thread(members, group, mark, pids)
    calm = 0
    for _ in range(8):
        if pids:
            send(group, pids, signal.SIGKILL)
        calm = 0 if pids else calm + 1
        if calm == 2:  # a process that was just being started shows no mark for a moment: look twice
            break
        await asyncio.sleep(0.02)
        pids = await asyncio.to_thread(members, group, mark, pids)


async def sweep(mark: str) -> None:
    """Kill everything that carries a mark which begins like this, and what descends from it; bounded."""
    for _ in range(_TRIES):
        pids = await asyncio.to_thread(marked, mark)
        if not pids:
            break
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.02)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _members(entries: Sequence[_Entry], group: int, mark: bytes, known: Set[int]) -> set[int]:
    found = {e.pid for e in entries if e.group == group or e.pid == group or e.pid in known or mark in e.marks}
    grown = True
    while grown:
        below = {e.pid for e in entries if e.parent in found} - found
        found |= below
        grown = bool(below)
    return {e.pid for e in entries if e.pid in found and e.state not in "ZX"} - {os.getpid()}


def _entries() -> list[_Entry]:
    names = os.listdir(_PROC)  # noqa: PTH208 - a name is all that is needed, thousands of times
    return [entry for entry in map(_entry, filter(str.isdigit, names)) if entry]


def _entry(name: str) -> _Entry | None:
    text = _read(f"/proc/{name}/stat")
    if not text:
        return None
    fields = text[text.rindex(b")") + 2 : text.rindex(b")") + 200].split(maxsplit=3)
    environ = _read(f"/proc/{name}/environ")
    marks = environ if _MARK in environ else b""
    return _Entry(int(name), fields[0].decode(), int(fields[1]), int(fields[2]), marks)


def _read(path: str) -> bytes:
    """A file of the system's, empty where it cannot be read. As cheap as can be: it is done for every process."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    parts: list[bytes] = []
    try:
        while part := os.read(file, 65_536):
            parts.append(part)
    except OSError:
        pass
    finally:
        os.close(file)
    return b"".join(parts)
