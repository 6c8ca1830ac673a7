"""Looking at all that a folder holds and is not ignored: which paths, what they are, and their contents kept.

What has the marks that it had (size, times, inode) is not read again; a file that was written at about the time when
it was read is, for its next change may have left the same marks.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cass.ports import Entry
from cass.workspace.contents import BIG, Contents, Seen, pack
from cass.workspace.listing import Found, marks, racy

_SECONDS = 20.0
"""How long contents are read at most; what is left then is not kept this time."""

_BATCH = 256
_MANY = 500
"""Files from which contents are kept as they are: packing takes as long as all the rest."""


@dataclass
class Snapshot:
    """A folder at one moment. `began` is in nanoseconds; `hidden` are paths that were ignored then, with all below."""

    began: int
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    seen: dict[str, Seen] = field(default_factory=dict[str, Seen])
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Looking:
    """How a folder is looked at. Of files bigger than `max_file` bytes the content is not kept."""

    root: Path
    contents: Contents
    max_file: int

    def all(self, listed: Found, known: Mapping[str, Seen]) -> Snapshot:
        """Everything that was listed. `known` is what was seen before."""
        found = Snapshot(time.time_ns())
        unread: list[tuple[int, str, os.stat_result]] = []
        for name, state in listed:
            before = known.get(name)
            if before and _is_same(before, state):
                found.entries[name], found.seen[name] = before.entry, before
                continue
            entry = _unread(state, self.root, name)
            if entry and entry.kind == "file":
                unread.append((state.st_size, name, state))
            elif entry:
                found.seen[name] = before if before and before.entry == entry else _seen(state, found.began, entry)
                found.entries[name] = found.seen[name].entry
        self._read(sorted(unread, key=lambda one: one[:2]), found)
        changed = {name: seen for name, seen in found.seen.items() if known.get(name) is not seen}
        gone = [name for name in known if name not in found.seen]
        if changed or gone:
            self.contents.remember(changed, gone)
        return found

    def one(self, name: str, known: Mapping[str, Seen]) -> Entry | None:
        """What one path is now; its content is kept."""
        try:
            state = (self.root / name).lstat()
        except OSError:
            return None
        entry = _unread(state, self.root, name)
        if entry is None or entry.kind != "file":
            return entry
        before = known.get(name)
        if before and _is_same(before, state):
            return before.entry
        found = Snapshot(time.time_ns())
        self._read([(state.st_size, name, state)], found)
        if name in found.seen:
            self.contents.remember(found.seen, ())
        return found.entries.get(name)

    def _read(self, unread: Sequence[tuple[int, str, os.stat_result]], found: Snapshot) -> None:
        """Keep the contents of these files, the smallest first."""
        until = time.monotonic() + _SECONDS
        small = [(name, state) for size, name, state in unread if size < BIG]
        press: Callable[[bytes], bytes] = pack if len(small) < _MANY else bytes
        for start in range(0, len(small), _BATCH):
            self._batch(small[start : start + _BATCH], found, until, press)
        for size, name, state in unread:
            if size >= BIG:
                wanted = "" if size > self.max_file or time.monotonic() > until or self.contents.is_full else None
                self._take(name, state, self._big(name) if wanted is None else "", found)

    def _batch(
        self,
        files: Sequence[tuple[str, os.stat_result]],
        found: Snapshot,
        until: float,
        press: Callable[[bytes], bytes],
    ) -> None:
        if time.monotonic() > until:
            for name, state in files:
                self._take(name, state, "", found)
            return
        loaded = [self._load(file) for file in files]
        hashes = {wanted: data for wanted, data in loaded if wanted}
        new = [] if self.contents.is_full else sorted(set(hashes) - self.contents.has(hashes))
        self.contents.add([(wanted, len(hashes[wanted]), press(hashes[wanted])) for wanted in new])
        kept = set(hashes) if not self.contents.is_full else self.contents.has(hashes)
        for (name, state), (wanted, _) in zip(files, loaded, strict=True):
            self._take(name, state, wanted if wanted in kept else "", found)

    def _load(self, file: tuple[str, os.stat_result]) -> tuple[str, bytes]:
        try:
            with self._opened(file[0]) as handle:
                data = os.read(handle, file[1].st_size + 1)  # of one that just grew a part: its marks tell
        except OSError:
            return "", b""
        return hashlib.sha256(data).hexdigest(), data

    def _big(self, name: str) -> str:
        try:
            with self._opened(name) as handle:
                return self.contents.add_file(handle)
        except OSError:
            return ""

    @contextlib.contextmanager
    def _opened(self, name: str) -> Generator[int]:
        handle = os.open(self._place(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise FileNotFoundError(name)
            yield handle
        finally:
            os.close(handle)

    def _place(self, name: str) -> str:
        """Of a file outside the folder the name is its whole path. A Path for each would take its time."""
        return os.path.join(self.root, name)  # noqa: PTH118

    def _take(self, name: str, state: os.stat_result, wanted: str, found: Snapshot) -> None:
        """The file as it was looked at; what changed while it was read is read again next time."""
        mode = stat.S_IMODE(state.st_mode)
        if not wanted:
            found.entries[name] = Entry("file", mode, "", state.st_size, stamp=state.st_mtime_ns)
            return
        with contextlib.suppress(OSError):
            now = os.lstat(self._place(name))
            entry = Entry("file", mode, wanted, now.st_size)
            found.entries[name] = entry
            if marks(now) == marks(state):
                found.seen[name] = _seen(state, found.began, entry)


def _unread(state: os.stat_result, root: Path, name: str) -> Entry | None:
    """What a path is, but for a file's content."""
    mode = stat.S_IMODE(state.st_mode)
    if stat.S_ISLNK(state.st_mode):
        try:
            return Entry("link", target=os.readlink(root / name))  # noqa: PTH115  # the text, not a path
        except OSError:
            return None
    if stat.S_ISDIR(state.st_mode):
        return Entry("folder", mode)
    return Entry("file", mode) if stat.S_ISREG(state.st_mode) else None


def _seen(state: os.stat_result, at: int, entry: Entry) -> Seen:
    return Seen(state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, at, entry)


def _is_same(before: Seen, state: os.stat_result) -> bool:
    """Whether the file is surely what it was. Asked for every file at every look."""
    return (
        before.ctime == state.st_ctime_ns
        and before.mtime == state.st_mtime_ns
        and before.size == state.st_size
        and before.inode == state.st_ino
        and before.entry.kind == "file"
        and stat.S_ISREG(state.st_mode)
        and before.entry.mode == stat.S_IMODE(state.st_mode)
        and max(before.mtime, before.ctime) < before.at - racy(before.mtime, before.ctime)
    )
