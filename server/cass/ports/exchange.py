"""The seam to forms in which sessions leave and come. A module in `cass/exchange/` offers `name`, and `write` when it can
write sessions; `detect`, `read` and perhaps `logs` when it can read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cass.protocol.events import Event

READ_MOST = 512 * 1024 * 1024
"""Bytes of a file that is brought in."""


@dataclass(frozen=True)
class Going:
    """A session on its way out. `events` may be gone through once."""

    session_id: str
    cwd: str
    created_at: str
    title: str
    events: Iterable[Event]


@dataclass(frozen=True)
class Coming:
    """A session on its way in. Every tool call in `events` has its answer. Where the file does not say, `cwd`, `title` and
    `created_at` are empty. `left_out` counts parts that were damaged or are not known."""

    events: tuple[Event, ...]
    cwd: str = ""
    created_at: str = ""
    title: str = ""
    left_out: int = 0


@dataclass(frozen=True)
class Format:
    """One form. `detect` is given the first 64 KiB of a file; `read` gives the sessions of a file, ValueError when it
    is not of this form at all; `logs` finds the files that the program keeps about a folder, newest first, given the
    user's home."""

    name: str
    write: Callable[[Going, TextIO], None] | None = None
    detect: Callable[[str], bool] | None = None
    read: Callable[[Path], Iterator[Coming]] | None = None
    logs: Callable[[Path, Path], list[Path]] | None = None
