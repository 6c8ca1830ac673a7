"""Undo of what happened to files: looks before and after, the difference kept, and each path put back on request.

Each root folder has a store of its own. Nothing of the user's is touched to keep something: no git, no index, no
file in the project. Whatever goes wrong with a store leaves a gap in what can be taken back, and is said; it never
stops a call.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from cass.config import CheckpointConfig
from cass.errors import ToolError
from cass.ports import Effect, Effects, Entry
from cass.workspace import restoring
from cass.workspace.contents import Change, Contents, Seen, pack
from cass.workspace.listing import Found, Listing, again, walk
from cass.workspace.ripgrep import Covered, covered
from cass.workspace.snapshots import Looking, Snapshot

_LIST_SECONDS = 10.0
_SWEEP_SECONDS = 86_400.0
_MB = 1_000_000
_TICK = 20_000_000
"""Nanoseconds that a file system's clock may be behind."""


T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass
class _Root:
    """One root folder with its store. `given_up` is why commands are not covered in it."""

    path: Path
    contents: Contents | None = None
    known: dict[str, Seen] = field(default_factory=dict[str, Seen])
    listing: Listing | None = None
    given_up: str = ""

    def name(self, path: Path) -> str:
        """How the store calls a path."""
        return str(path.relative_to(self.path)) if path.is_relative_to(self.path) else str(path)


@dataclass(frozen=True)
class _Taken:
    looks: tuple[Snapshot | None, ...]


class DiskCheckpoints:
    """`ports.Checkpoints` of one session, over the stores in `folder`."""

    def __init__(self, session_id: str, roots: Sequence[Path], folder: Path, settings: CheckpointConfig) -> None:
        self._session_id = session_id
        self._folder = folder
        self._settings = settings
        real = [Path(os.path.realpath(root)) for root in roots]
        outer = [r for r in real if not any(r != o and r.is_relative_to(o) for o in real)]
        self._roots = [_Root(root) for root in dict.fromkeys(outer)]
        self._news: dict[str, bool] = {}
        self._turn = asyncio.Lock()
        self._lock = threading.Lock()

    async def take(self) -> object:
        """Look at all that the folders hold."""
        if not self._settings.enabled:
            return None
        async with self._turn:
            return _Taken(tuple([await self._snapshot(root) for root in self._roots]))

    async def since(self, taken: object) -> Effects | None:
        """Look again and keep the difference."""
        if not isinstance(taken, _Taken):
            return None
        changes: list[Effect] = []
        async with self._turn:
            for root, before in zip(self._roots, taken.looks, strict=True):
                after = await self._snapshot(root) if before else None
                if before and after:
                    changes += await self._work(lambda r=root, b=before, a=after: self._between(r, b, a), [])
        return await self.record(changes)

    async def look(self, path: Path) -> Entry | None:
        """What a path is now."""
        root = self._root_of(path)
        return await self._work(lambda: self._looking(root).one(root.name(path), root.known), None)

    async def keep(self, data: bytes, mode: int) -> Entry:
        """Keep a content that is not on disk."""
        wanted = hashlib.sha256(data).hexdigest()

        def work() -> str:
            self._store(self._roots[0]).add([(wanted, len(data), pack(data))])
            return wanted

        return Entry("file", mode, await self._work(work, ""), len(data))

    async def record(self, changes: Sequence[Effect]) -> Effects | None:
        """Keep what is known to have changed."""
        real = tuple(change for change in changes if change.before != change.after)
        if not real or not self._settings.enabled:
            return None
        effects = Effects(f"effects-{uuid4().hex[:12]}", real)

        def work() -> bool:
            for root in self._roots:
                own: list[Change] = [
                    (root.name(e.path), e.before, e.after) for e in real if self._root_of(e.path) is root
                ]
                if own:
                    self._store(root).record(effects.effects_id, self._session_id, own)
            return True

        return effects if await self._work(work, default=False) else None

    async def read(self, effects_id: str) -> tuple[Effect, ...] | None:
        """What was recorded."""

        def work() -> tuple[Effect, ...] | None:
            found: list[Effect] = []
            for root in self._roots:
                for name, before, after in self._store(root).recorded(effects_id) or ():
                    found.append(Effect(root.path / name, before, after))
            return tuple(found) or None

        return await self._work(work, None)

    async def has(self, entry: Entry) -> bool:
        """Whether a file's bytes are kept."""
        wanted = [entry.hash]
        return await self._work(lambda: any(self._store(root).has(wanted) for root in self._roots), default=False)

    async def content(self, entry: Entry) -> bytes | None:
        """A file's bytes as they were."""

        def work() -> bytes | None:
            found = (self._store(root).get(entry.hash) for root in self._roots)
            return next((data for data in found if data is not None), None)

        return await self._work(work, None) if entry.hash else None

    async def put(self, path: Path, now: Entry | None, wanted: Entry | None) -> None:
        """Make a path on disk what it was."""

        def work() -> ToolError | None:
            root = self._root_of(path)
            store = self._store(root)
            if wanted and wanted.hash and not store.has([wanted.hash]):
                store = next((s for s in map(self._store, self._roots) if s.has([wanted.hash])), store)
            try:
                restoring.put(path, now, wanted, store)
            except ToolError as error:
                return error
            return None

        failed = await self._work(work, ToolError("what is kept of it cannot be read"))
        if failed:
            raise failed

    def news(self) -> tuple[str, ...]:
        """What the user should be told, each once."""
        fresh = tuple(text for text, told in self._news.items() if not told)
        self._news.update(dict.fromkeys(fresh, True))
        return fresh

    # --- the stores ---

    async def _snapshot(self, root: _Root) -> Snapshot | None:
        if root.given_up:
            return None
        found = await self._work(lambda: self._known_again(root), None)
        if found:
            return found
        limit = self._settings.max_files
        try:
            listed = await covered(root.path, _LIST_SECONDS, limit)
        except ToolError as error:
            listed, why = None, str(error)
        else:
            why = f"it holds more than {limit:,} files, or takes too long to list"
        if listed is None:
            root.given_up = why
            self._say(
                f"What commands do to files in {root.path} cannot be taken back with /rewind: {why}. Edits can. "
                "checkpoints.max_files sets the limit; ignored files do not count."
            )
            return None
        return await self._work(lambda: self._look_anew(root, listed), None)

    def _known_again(self, root: _Root) -> Snapshot | None:
        """A look where no path has come or gone since the last one; None where some may have."""
        found = again(root.path, root.listing) if root.listing else None
        return self._look(root, found) if found is not None else None

    def _look_anew(self, root: _Root, listed: Covered) -> Snapshot:
        own = self._folder.parent
        inside = own != root.path and own.is_relative_to(root.path)
        leave_out = frozenset({str(own.relative_to(root.path))} if inside else ())
        root.listing, found = walk(root.path, listed, leave_out)
        snapshot = self._look(root, found)
        store = self._store(root)
        store.sweep(every=0.0 if store.is_full else _SWEEP_SECONDS)
        if store.is_full:
            self._say(
                f"{self._settings.max_total_mb} MB are kept of {root.path}: what changes from now on cannot be "
                "taken back. Delete old sessions, or raise checkpoints.max_total_mb."
            )
        return snapshot

    def _look(self, root: _Root, found: Found) -> Snapshot:
        looking = self._looking(root)
        snapshot = looking.all(found, root.known)
        root.known = snapshot.seen
        return snapshot

    def _between(self, root: _Root, before: Snapshot, after: Snapshot) -> list[Effect]:
        """The difference of two looks. What only one of them has may still be there, or have been: other ignore rules
        make files come and go that nobody touched."""
        looking = self._looking(root)
        inodes = {seen.inode for seen in before.seen.values()}
        found: list[Effect] = []
        for name in before.entries.keys() | after.entries.keys():
            was, now = before.entries.get(name), after.entries.get(name)
            if was is now or was == now:
                continue
            if now is None:
                now = looking.one(name, after.seen)
                if was == now:
                    continue
            elif was is None:
                seen = after.seen.get(name)
                if seen and seen.ctime < before.began - _TICK and seen.inode not in inodes:
                    continue
            found.append(Effect(root.path / name, was, now))
        return sorted(found, key=lambda effect: effect.path)

    def _looking(self, root: _Root) -> Looking:
        return Looking(root.path, self._store(root), self._settings.max_file_mb * _MB)

    def _store(self, root: _Root) -> Contents:
        if root.contents is None:
            root.contents = Contents(self._folder / _key(root.path), self._settings.max_total_mb * _MB)
            root.known = root.contents.seen()
        return root.contents

    def _root_of(self, path: Path) -> _Root:
        return next((root for root in self._roots if path.is_relative_to(root.path)), self._roots[0])

    async def _work(self, work: Callable[[], T], default: T) -> T:
        """Run in a thread, to its end. A store that fails leaves a gap."""

        def locked() -> T:
            with self._lock:
                try:
                    return work()
                except (OSError, sqlite3.Error, ValueError) as error:
                    log.warning("checkpoints: %s", error)
                    self._say(f"What changes in files cannot be kept for /rewind just now: {_plainly(error)}.")
                    return default

        task = asyncio.ensure_future(asyncio.to_thread(locked))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    def _say(self, text: str) -> None:
        self._news.setdefault(text, False)


def forget(folder: Path, session_id: str) -> None:
    """Free what is kept for a session in any of the stores below `folder`."""
    for store in stores(folder):
        with contextlib.suppress(OSError, sqlite3.Error):
            contents = Contents(store, 1)
            try:
                contents.forget(session_id)
            finally:
                contents.close()


def stores(folder: Path) -> Iterable[Path]:
    """The stores that there are."""
    return sorted(path.parent for path in folder.glob("*/store.sqlite"))


def _key(root: Path) -> str:
    words = re.sub(r"[^A-Za-z0-9.-]+", "-", root.name).strip("-.")[:40] or "root"
    return f"{words}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}"


def _plainly(error: Exception) -> str:
    return (error.strerror or "input/output error") if isinstance(error, OSError) else str(error)
