"""Finds the files of commands and keeps what lists need of them: read once, and again where a file changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cass.brought import Source
from cass.customs import reading
from cass.customs.definition import Definition
from cass.errors import ConfigError

MAX_FILES = 500
MAX_DEPTH = 5
_PART = re.compile(r"[\w?-][\w?.-]*")

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """A command's file. `definition` holds what lists need of it; it is None where the file cannot be read, and `problem`
    says why."""

    name: str
    path: Path
    source: Source
    stamp: Stamp
    definition: Definition | None = None
    problem: ConfigError | None = None


def whole(entry: Entry) -> Definition:
    """All that the file says, as it is now. ConfigError."""
    return reading.load(entry.path, entry.name, entry.source.origin, entry.source.dialect)


def found(entries: Mapping[str, Entry], name: str) -> Definition | None:
    """A command that another one calls; None for none, or one that cannot be read."""
    try:
        return whole(entries[name]) if name in entries else None
    except ConfigError:
        return None


class Index:
    """The commands of some folders. To be used in one thread at a time, any."""

    def __init__(self) -> None:
        self._known: Mapping[Path, Entry] = {}

    def look(self, sources: Sequence[Source]) -> list[Entry]:
        """All files as they are now, those of weaker folders first; of two with one name in a folder the cass one
        counts. Never raises."""
        there: list[Entry] = []
        for source in sources:
            for path, stamp in files(source.folder):
                known = self._known.get(path)
                same = known is not None and known.stamp == stamp and known.source == source
                there.append(known if known and same else _read(path, source, stamp))
                if len(there) >= MAX_FILES:
                    break
        self._known = {entry.path: entry for entry in there}
        return there


def named(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The entries by name: what comes later counts, but a file that cannot be read never hides one that can."""
    by_name: dict[str, Entry] = {}
    for entry in entries:
        if entry.problem is None or entry.name not in by_name:
            by_name[entry.name] = entry
    return by_name


def files(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    """The Markdown files below a folder, in order of name, each with what tells whether it changed. Hidden ones, and
    links that lead out of the folder, are left out."""
    top = os.path.realpath(folder)
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        try:
            with os.scandir(place) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in inside:
            try:
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink() and not os.path.realpath(entry.path).startswith(top + os.sep):
                    continue
                if entry.is_dir():
                    if depth < MAX_DEPTH:
                        waiting.append((Path(entry.path), depth + 1))
                elif entry.name.lower().endswith(".md") and entry.is_file():
                    stat = entry.stat()
                    yield Path(entry.path), (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            except OSError:
                continue


def name_of(path: Path, folder: Path) -> str:
    """`db/migrate.md` is `db:migrate`; empty where that is no name for a command."""
    parts = path.relative_to(folder).with_suffix("").parts
    return ":".join(parts) if all(_PART.fullmatch(part) for part in parts) else ""


def _read(path: Path, source: Source, stamp: Stamp) -> Entry:
    name = name_of(path, source.folder)
    if not name:
        shown = ":".join(path.relative_to(source.folder).with_suffix("").parts)
        problem = ConfigError(
            f"{shown!r} is no name for a command",
            where=f"{path}:1",
            hint="Letters, digits, _, -, ? and, not first, dots, in the names of folders too.",
        )
        return Entry(shown, path, source, stamp, problem=problem)
    entry = Entry(name, path, source, stamp)
    try:
        return replace(entry, definition=reading.glance(path, name, source.origin, source.dialect))
    except ConfigError as error:
        return replace(entry, problem=error)
    except Exception as error:  # one strange file must not take all commands away
        return replace(
            entry, problem=ConfigError(f"the file cannot be read: {type(error).__name__}", where=f"{path}:1")
        )
