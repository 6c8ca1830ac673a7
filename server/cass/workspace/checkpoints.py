"""Undo of what happened to files: looks before and after, the difference kept, and each path put back on request.

Each root folder has a store of its own. Nothing of the user's is touched to keep something: no git, no index, no
file in the project. Whatever goes wrong with a store leaves a gap in what can be taken back, and is said; it never
stops a call.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from cass.config import CheckpointConfig
from cass.errors import ToolError
from cass.ports import Begun, Effect, Effects, Entry, Unfinished
from cass.workspace import restoring
from cass.workspace.begun import Before
from cass.workspace.contents import Change, pack
from cass.workspace.differences import between, stood, until
from cass.workspace.listing import walk
from cass.workspace.ripgrep import Covered, covered
from cass.workspace.roots import Root
from cass.workspace.snapshots import Snapshot

_LIST_SECONDS = 10.0
_SWEEP_SECONDS = 86_400.0
_BEAT_SECONDS = 1.0
_MB = 1_000_000

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Taken:
    looks: tuple[Snapshot | None, ...]
    call: Begun | None = None


class DiskCheckpoints:
    """`ports.Checkpoints` of one session, over the stores in `folder`."""

    def __init__(self, session_id: str, roots: Sequence[Path], folder: Path, settings: CheckpointConfig) -> None:
        self._session_id = session_id
        self._folder = folder
        self._settings = settings
        real = [Path(os.path.realpath(root)) for root in roots]
        outer = [r for r in real if not any(r != o and r.is_relative_to(o) for o in real)]
        self._roots = [Root(root, folder, settings) for root in dict.fromkeys(outer)]
        self._news: dict[str, bool] = {}
        self._turn = asyncio.Lock()
        self._lock = threading.Lock()
        self._beating: dict[str, asyncio.Task[None] | None] = {}

    async def take(self, call: Begun | None = None) -> object:
        """Look at all that the folders hold."""
        if not self._settings.enabled:
            return None
        async with self._turn:
            looks = [await self._snapshot(root) for root in self._roots]
            for root, look in zip(self._roots, looks, strict=True):
                if call and look:
                    more = {name: e for name, e in look.entries.items() if name not in look.seen}
                    await self._begin(root, call, look.began, more, named=False)
            return _Taken(tuple(looks), call)

    async def begin(self, call: Begun, were: Mapping[Path, Entry | None]) -> None:
        """Only these paths can change."""
        if self._settings.enabled:
            for root in self._roots:
                own = {root.name(p): entry for p, entry in were.items() if self._root_of(p) is root}
                if own:
                    await self._begin(root, call, time.time_ns(), own, named=True)

    async def ended(self, call: Begun) -> None:
        """It is known what was done."""
        if call.effects_id not in self._beating:
            return
        beating = self._beating.pop(call.effects_id)
        if beating:
            beating.cancel()
        for root in self._roots:
            await self._work(lambda r=root: r.store().begins.end(call.effects_id), None)

    async def unfinished(self) -> Sequence[Unfinished]:
        """What a process left that died."""
        found: dict[str, Unfinished] = {}
        if not self._settings.enabled:
            return ()
        async with self._turn:
            for root in self._roots:
                for before in await self._work(lambda r=root: r.store().begins.of(self._session_id), []):
                    id = before.call.effects_id
                    self._beating.setdefault(id, None)
                    changes = found[id].changes if id in found else ()
                    found[id] = Unfinished(before.call, (*changes, *await self._since_died(root, before)))
        return tuple(found.values())

    async def since(self, taken: object) -> Effects | None:
        """Look again and keep the difference."""
        if not isinstance(taken, _Taken):
            return None
        changes: list[Effect] = []
        async with self._turn:
            for root, before in zip(self._roots, taken.looks, strict=True):
                after = await self._snapshot(root) if before else None
                if before and after:
                    changes += await self._work(lambda r=root, b=before, a=after: between(r.looking(), b, a), [])
        return await self.record(changes, taken.call)

    async def look(self, path: Path) -> Entry | None:
        """What a path is now."""
        root = self._root_of(path)
        return await self._work(lambda: root.looking().one(root.name(path), root.known), None)

    async def keep(self, data: bytes, mode: int) -> Entry:
        """Keep a content that is not on disk."""
        wanted = hashlib.sha256(data).hexdigest()

        def work() -> str:
            self._roots[0].store().add([(wanted, len(data), pack(data))])
            return wanted

        return Entry("file", mode, await self._work(work, ""), len(data))

    async def record(self, changes: Sequence[Effect], call: Begun | None = None) -> Effects | None:
        """Keep what is known to have changed."""
        real = tuple(change for change in changes if change.before != change.after)
        if not real or not self._settings.enabled:
            return None
        effects = Effects(call.effects_id if call else f"effects-{uuid4().hex[:12]}", real)

        def work() -> bool:
            for root in self._roots:
                own: list[Change] = [
                    (root.name(e.path), e.before, e.after) for e in real if self._root_of(e.path) is root
                ]
                if own:
                    root.store().record(effects.effects_id, self._session_id, own)
            return True

        return effects if await self._work(work, default=False) else None

    async def read(self, effects_id: str) -> tuple[Effect, ...] | None:
        """What was recorded."""

        def work() -> tuple[Effect, ...] | None:
            found: list[Effect] = []
            for root in self._roots:
                for name, before, after in root.store().recorded(effects_id) or ():
                    found.append(Effect(root.path / name, before, after))
            return tuple(found) or None

        return await self._work(work, None)

    async def has(self, entry: Entry) -> bool:
        """Whether a file's bytes are kept."""
        wanted = [entry.hash]
        return await self._work(lambda: any(root.store().has(wanted) for root in self._roots), default=False)

    async def content(self, entry: Entry) -> bytes | None:
        """A file's bytes as they were."""

        def work() -> bytes | None:
            found = (root.store().get(entry.hash) for root in self._roots)
            return next((data for data in found if data is not None), None)

        return await self._work(work, None) if entry.hash else None

    async def put(self, path: Path, now: Entry | None, wanted: Entry | None) -> None:
        """Make a path on disk what it was."""

        def work() -> ToolError | None:
            root = self._root_of(path)
            store = root.store()
            if wanted and wanted.hash and not store.has([wanted.hash]):
                store = next((s for s in (root.store() for root in self._roots) if s.has([wanted.hash])), store)
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

    # --- calls under way ---

    async def _begin(
        self, root: Root, call: Begun, at: int, were: Mapping[str, Entry | None], *, named: bool
    ) -> None:
        await self._work(lambda: root.store().begins.add(call, self._session_id, at, were, named=named), None)
        if call.effects_id not in self._beating:
            self._beating[call.effects_id] = asyncio.get_running_loop().create_task(self._beat(call))

    async def _beat(self, call: Begun) -> None:
        """Note each second that cass lives: what is changed later than it did is not the call's doing."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            for root in self._roots:
                if root.contents:
                    root.contents.begins.beat(call.effects_id)

    async def _since_died(self, root: Root, before: Before) -> list[Effect]:
        now = await self._snapshot(root) if before.named is None else None

        def work() -> list[Effect]:
            looking = root.looking()
            if before.named is not None:
                names = before.named.items()
                found = [Effect(root.path / name, was, looking.one(name, root.known)) for name, was in names]
            elif now:
                found = between(looking, stood(root.store(), before), now)
            else:
                found = []
            return list(until(before.alive, before.at, found))

        return await self._work(work, [])

    # --- the stores ---

    async def _snapshot(self, root: Root) -> Snapshot | None:
        if root.given_up:
            return None
        found = await self._work(lambda: root.known_again(), None)
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

    def _look_anew(self, root: Root, listed: Covered) -> Snapshot:
        own = self._folder.parent
        inside = own != root.path and own.is_relative_to(root.path)
        leave_out = frozenset({str(own.relative_to(root.path))} if inside else ())
        root.listing, found = walk(root.path, listed, leave_out)
        snapshot = root.look(found)
        store = root.store()
        store.sweep(every=0.0 if store.is_full else _SWEEP_SECONDS)
        if store.is_full:
            self._say(
                f"{self._settings.max_total_mb} MB are kept of {root.path}: what changes from now on cannot be "
                "taken back. Delete old sessions, or raise checkpoints.max_total_mb."
            )
        return snapshot

    def _root_of(self, path: Path) -> Root:
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


def _plainly(error: Exception) -> str:
    return (error.strerror or "input/output error") if isinstance(error, OSError) else str(error)
