"""An index in a place of our own: what it would commit, and putting files into it by their content alone."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.git.repository import Repository

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_EMPTY_TREE_256 = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
_AT_ONCE = 100
_UNPLAIN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Entry:
    """What an index or tree holds at a path: `mode` in octal, as git writes it."""

    mode: str
    id: str


@dataclass(frozen=True)
class Change:
    """One path of a commit. `letter` is git's: A, M, D, T."""

    name: str
    letter: str
    old: Entry | None
    new: Entry | None

    @property
    def shown(self) -> str:
        """For a person, in a line."""
        word = {"A": "new", "M": "changed", "D": "deleted", "T": "another kind"}.get(self.letter, self.letter)
        mode = ""
        if self.old and self.new and self.old.mode != self.new.mode and self.letter == "M":
            mode = f", mode {self.old.mode[-3:]} → {self.new.mode[-3:]}"
        return f"{word}: {name_of(os.fsencode(self.name))}{mode}"


@dataclass(frozen=True)
class Index:
    """An index file, with the variables by which new objects go elsewhere."""

    repository: Repository
    path: Path
    objects: Mapping[str, str]

    @property
    def env(self) -> dict[str, str]:
        """What has git use it."""
        return {**self.objects, "GIT_INDEX_FILE": str(self.path)}

    async def ask(self, *args: str) -> bytes:
        """What git prints about it."""
        return await self.repository.ask(*args, env=self.env)

    async def tree(self) -> str:
        """The tree that it would commit."""
        return (await self.ask("write-tree")).decode().strip()

    async def changes(self, head: str) -> tuple[Change, ...]:
        """What it would commit on top of `head` (empty: as the first commit)."""
        base = head or await self.empty_tree()
        return read_raw(
            await self.ask(
                "diff-index",
                "--cached",
                "--ita-invisible-in-index",
                "--raw",
                "-z",
                "--no-renames",
                "--abbrev=64",
                base,
            )
        )

    async def empty_tree(self) -> str:
        """The id of the tree that holds nothing."""
        form = await self.repository.line("rev-parse", "--show-object-format")
        return _EMPTY_TREE_256 if form == "sha256" else _EMPTY_TREE

    async def update(self, entries: Mapping[str, Entry | None]) -> None:
        """Put these into it, None to take them out."""
        gone = [name for name, entry in entries.items() if entry is None]
        for some in parts(gone):
            await self.ask("update-index", "--force-remove", "--", *some)
        words = [f"{e.mode},{e.id},{name}" for name, e in entries.items() if e is not None]
        for some in parts(words):
            await self.ask(
                "update-index", "--add", "--replace", *[w for word in some for w in ("--cacheinfo", word)]
            )

    async def entries(self, names: Sequence[str]) -> dict[str, Entry]:
        """What it holds at these paths."""
        found: dict[str, Entry] = {}
        for some in parts(names):
            for record in (await self.ask("ls-files", "--stage", "-z", "--", *some)).split(b"\0"):
                head, tab, name = record.partition(b"\t")
                if tab:
                    mode, id, _ = head.decode().split(" ")
                    found[os.fsdecode(name)] = Entry(mode, id)
        return found


def parts(items: Sequence[str]) -> list[Sequence[str]]:
    """As many at once as a command line takes."""
    return [items[at : at + _AT_ONCE] for at in range(0, len(items), _AT_ONCE)]


def read_raw(printed: bytes) -> tuple[Change, ...]:
    """What `--raw -z` prints of differences."""
    parts = printed.split(b"\0")
    found: list[Change] = []
    for head, name in zip(parts[0::2], parts[1::2], strict=False):
        old_mode, new_mode, old, new, letter = head.decode().removeprefix(":").split(" ")
        found.append(Change(os.fsdecode(name), letter[:1], _entry(old_mode, old), _entry(new_mode, new)))
    return tuple(found)


def _entry(mode: str, id: str) -> Entry | None:
    return None if set(mode) == {"0"} else Entry(mode, id)


def name_of(raw: bytes) -> str:
    """A path as a person can read it: what is no plain letter is written as an escape."""
    text = raw.decode("utf-8", "surrogateescape")
    return _UNPLAIN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
