"""What became of a folder between two looks; and what of it came after cass had died."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path, PurePath

from cass.ports import Effect, Entry
from cass.workspace.begun import Before
from cass.workspace.birth import born
from cass.workspace.contents import Contents, as_seen
from cass.workspace.listing import RULES
from cass.workspace.snapshots import Looking, Snapshot

_TICK = 20_000_000
"""Nanoseconds that a file system's clock may be behind."""

_GOES_ON = 5_000_000_000
"""Nanoseconds for which a command may go on after cass was last known to live: a second until that is noted again, and
what the guard gives it to end."""

_UNKNOWN = "unknown"


def between(looking: Looking, before: Snapshot, after: Snapshot) -> list[Effect]:
    """The difference of two looks. What only one of them has may still be there, or have been: other ignore rules
    make files come and go that nobody touched."""
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
        elif was is None and _was_there(looking.root, name, before, after, inodes):
            continue
        found.append(Effect(looking.root / name, was, now))
    return sorted(found, key=lambda effect: effect.path)


def _was_there(root: Path, name: str, before: Snapshot, after: Snapshot, inodes: AbstractSet[int]) -> bool:
    """Whether a path that only the later look has was there already, ignored or elsewhere: then it is somebody's, and
    is not to go."""
    if before.hidden and (name in before.hidden or any(str(p) in before.hidden for p in PurePath(name).parents)):
        return True
    seen = after.seen.get(name)
    if seen is None or seen.inode in inodes:
        return False
    return (born(root / name) or seen.ctime) < before.began - _TICK


def stood(contents: Contents, before: Before) -> Snapshot:
    """The folder as it was when a call was begun. The present look must have been taken already."""
    seen = contents.seen()
    for name, row in contents.begins.was(before.call.effects_id).items():
        if row is None:
            seen.pop(name, None)
        else:
            seen[name] = as_seen(row)
    entries = {name: one.entry for name, one in seen.items()}
    return Snapshot(before.at, entries | {n: e for n, e in before.more.items() if e}, seen)


def until(alive: int, began: int, changes: Sequence[Effect]) -> Iterator[Effect]:
    """Those of these changes that may have been made before cass died, which it did after `alive`. What is there was
    made later when its time says so: a new file then is somebody else's, and of another one it is not known what the
    call had left. What is gone has no time, and counts."""
    has_rules = any(change.path.name in RULES for change in changes)
    for change in changes:
        made = _changed(change.path) if change.after else 0
        unkept = change.before is None and change.after and not change.after.is_kept
        if unkept and made < began - _TICK:
            continue  # too big to be noted as seen: it may have stood there before
        if change.before is None and has_rules and change.path.name not in RULES:
            continue  # it may have been there, and ignored
        if change.after is None or change.after.kind == "folder" or made <= alive + _GOES_ON:
            yield change
        elif change.before is not None:
            yield replace(change, after=Entry(change.after.kind, hash=_UNKNOWN))


def _changed(path: Path) -> int:
    try:
        return os.lstat(path).st_ctime_ns
    except OSError:
        return 0
