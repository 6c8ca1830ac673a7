"""Looks for what a folder brings that could act."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cass.protocol.custom import BroughtKind
from cass.trust.table import ROWS

MAX_FILES = 5_000
"""More than that cannot be looked at by anybody, and is not trusted."""
_MAX_TEXT = 64_000
"""Characters of a file that are shown and kept for a later comparison."""

Signature = tuple[int, int, int, int, int]
"""Device, inode, size, time of the content, time of the entry: while it is the same, so is the content."""


@dataclass(frozen=True)
class Item:
    """One file, as it is on disk. `path` is relative to the folder that is trusted as a whole, with `/`. `sha256` is
    empty for what cannot be read; that is never trusted. `text` is its beginning; empty where it is no text."""

    kind: BroughtKind
    path: str
    sha256: str
    size: int
    text: str = ""


def places(folders: Sequence[Path]) -> Iterator[tuple[BroughtKind, Path, Path]]:
    """Every file that a row of the table names in these folders: its kind, the folder that it belongs to, its path."""
    for folder in folders:
        for row in ROWS:
            place = folder / row.place
            for path in _files(place):
                if row.acts is None or row.acts(_text(path)):
                    yield row.kind, folder, path


def _files(place: Path) -> Iterator[Path]:
    """The file, or the files below the folder in order of name; links are followed, each folder once."""
    try:
        mode = place.stat().st_mode
    except OSError:
        if place.is_symlink():
            yield place
        return
    if not stat.S_ISDIR(mode):
        yield place
        return
    seen: set[str] = set()
    for base, folders, names in os.walk(place, followlinks=True):
        real = os.path.realpath(base)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for name in sorted(names):
            yield Path(base, name)


class Reader:
    """Reads files into items, and remembers them by their signature."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Signature, Item]] = {}

    def item(self, kind: BroughtKind, path: Path, shown: str) -> Item:
        """The file as it is now. A file that changes while it is read, or that is none, has no hash."""
        nothing = Item(kind, shown, "", 0)
        try:
            before = _signature(path)
            known = self._known.get(path)
            if known and known[0] == before:
                return replace(known[1], kind=kind, path=shown)
            if not path.is_file():
                return nothing
            item = _read(kind, path, shown)
            if _signature(path) != before:
                return nothing
        except OSError:
            return nothing
        self._known[path] = (before, item)
        return item


def _signature(path: Path) -> Signature:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _read(kind: BroughtKind, path: Path, shown: str) -> Item:
    digest, size, head = hashlib.sha256(), 0, b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            size += len(piece)
            head = head or piece
    text = head[:_MAX_TEXT].decode("utf-8", "replace") if b"\0" not in head[:8_000] else ""
    return Item(kind, shown, digest.hexdigest(), size, text)


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[:1_000_000].decode("utf-8", "replace")
    except OSError:
        return "\0"  # what cannot be read is taken for something that acts
