"""Looks for what a folder brings that could act."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cass import plainfile
from cass.protocol.custom import BroughtKind
from cass.trust.table import ROWS

MAX_FILES = 5_000
"""More than that cannot be looked at by anybody, and is not trusted."""
MAX_BYTES = 64_000_000
"""Of one file. A bigger one is not looked at, and not trusted."""
MAX_BYTES_TOGETHER = 512_000_000
_SETTLED_NS = 2_000_000_000
"""Some file systems count time in such steps: within one of them a second change leaves no mark."""
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
    seen: set[tuple[int, int]] = set()
    for base, folders, names in os.walk(place, followlinks=True):
        try:
            found = os.stat(base)  # noqa: PTH116 - of thousands
        except OSError:
            continue
        if (found.st_dev, found.st_ino) in seen or len(seen) > MAX_FILES:
            folders.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
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
            before = signature(path)
            known = self._known.get(path)
            if known and known[0] == before:
                return replace(known[1], kind=kind, path=shown)
            self._known.pop(path, None)
            settled = is_settled(before)
            item = _read(kind, path, shown)
            if signature(path) != before:
                return nothing
        except OSError:
            return nothing
        if settled:
            self._known[path] = (before, item)
        return item


def is_settled(seen: Signature) -> bool:
    """Whether a change from now on would show in the signature of a file that was just read."""
    return abs(time.time_ns() - seen[-1]) > _SETTLED_NS


def signature(path: Path) -> Signature:
    """As it is now. OSError."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _read(kind: BroughtKind, path: Path, shown: str) -> Item:
    digest, size, head = hashlib.sha256(), 0, b""
    with plainfile.opened(path) as file:
        if os.fstat(file.fileno()).st_size > MAX_BYTES:
            raise OSError(errno.EFBIG, "It is too big to be looked at", str(path))
        while piece := file.read(1 << 20):
            digest.update(piece)
            size += len(piece)
            head = head or piece
            if size > MAX_BYTES:
                raise OSError(errno.EFBIG, "It is too big to be looked at", str(path))
    text = head[:_MAX_TEXT].decode("utf-8", "replace") if b"\0" not in head[:8_000] else ""
    return Item(kind, shown, digest.hexdigest(), size, text)


def _text(path: Path) -> str:
    try:
        return plainfile.read(path, 1_000_000).decode("utf-8-sig", "replace")
    except OSError:
        return "\0"  # what cannot be read is taken for something that acts
