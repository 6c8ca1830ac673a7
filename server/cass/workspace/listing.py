"""Which paths of a folder are covered, found once and then known again: while no folder of them and no file of ignore
rules has changed, no path can have come or gone."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

from cass.workspace.ripgrep import Covered

RACY = 40_000_000
"""Nanoseconds within which two changes of a file or folder may bear the same time."""

RACY_COARSE = 2_100_000_000
"""The same where times are whole seconds."""

Found = list[tuple[str, os.stat_result]]
"""Paths relative to the root, with what they are."""

RULES = frozenset({".gitignore", ".ignore", ".rgignore"})
_MORE_RULES = ".git/info/exclude"


@dataclass
class Listing:
    """The paths that were found. `folders` are those that were looked into, the root as the empty name, with their
    times and inodes; `hidden` what was ignored, but for what is below it; `rules` the marks of files with ignore rules; `at` is when, in nanoseconds."""

    at: int
    names: list[str] = field(default_factory=list[str])
    folders: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    hidden: frozenset[str] = frozenset()
    rules: dict[str, tuple[int, ...] | None] = field(default_factory=dict[str, "tuple[int, ...] | None"])


def walk(root: Path, covered: Covered, leave_out: frozenset[str]) -> tuple[Listing, Found]:
    """Files that ripgrep named, links and folders that it did not ignore."""
    holding = {name.rpartition("/")[0] for name in covered.files}
    for name in list(holding):
        while name := name.rpartition("/")[0]:
            holding.add(name)
    listing, found = Listing(time.time_ns(), hidden=covered.ignored), Found()
    listing.rules[_MORE_RULES] = _rule(root, _MORE_RULES)
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with contextlib.suppress(OSError), os.scandir(root / prefix) as entries:
            if not prefix:
                listing.folders[""] = _folder(root.stat())
            for entry in entries:
                name = f"{prefix}/{entry.name}" if prefix else entry.name
                if entry.name == ".git" or name in leave_out:
                    continue
                if entry.name in RULES:
                    listing.rules[name] = _rule(root, name)
                is_ignored = not covered.knows_ignored or name in covered.ignored
                if entry.is_dir(follow_symlinks=False):
                    if is_ignored and name not in holding:
                        continue
                    waiting.append(name)
                    state = entry.stat(follow_symlinks=False)
                    listing.folders[name] = _folder(state)
                elif name in covered.files or (entry.is_symlink() and not is_ignored):
                    state = entry.stat(follow_symlinks=False)
                else:
                    continue
                found.append((name, state))
    listing.names = [name for name, _ in found]
    return listing, found


def again(root: Path, listing: Listing) -> Found | None:
    """The same paths as they are now; None when others may have come or gone."""
    found = Found()
    try:
        if not _is_known(listing, "", root.stat()):
            return None
        for name in listing.names:
            state = os.lstat(f"{root}/{name}")
            if name in listing.folders and not _is_known(listing, name, state):
                return None
            found.append((name, state))
    except OSError:
        return None
    if any(_rule(root, name) != marks for name, marks in listing.rules.items()):
        return None
    return found


def marks(state: os.stat_result) -> tuple[int, ...]:
    """What is another thing after a file has changed, but for two changes at the same time."""
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_mode


def racy(time_ns: int, other_ns: int = 1) -> int:
    """How long after a change, in nanoseconds, another one may bear the same times."""
    return RACY_COARSE if time_ns % 1_000_000_000 == 0 and other_ns % 1_000_000_000 == 0 else RACY


def _is_known(listing: Listing, name: str, state: os.stat_result) -> bool:
    newest = max(state.st_mtime_ns, state.st_ctime_ns)
    return (
        stat.S_ISDIR(state.st_mode)
        and listing.folders.get(name) == _folder(state)
        and newest < listing.at - racy(state.st_mtime_ns, state.st_ctime_ns)
    )


def _folder(state: os.stat_result) -> tuple[int, int]:
    return state.st_mtime_ns, state.st_ino


def _rule(root: Path, name: str) -> tuple[int, ...] | None:
    try:
        return marks(os.lstat(f"{root}/{name}"))
    except OSError:
        return None
