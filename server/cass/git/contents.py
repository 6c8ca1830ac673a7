"""Which paths of a session a commit takes, and with what content each."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.errors import ToolError
from cass.git.index import Entry, Index, parts
from cass.git.repository import Repository
from cass.git.separating import session_part
from cass.ports.checkpoints import Entry as Was
from cass.ports.touched import Content, Touched

_LINK, _FILE, _PROGRAM, _REPOSITORY = "120000", "100644", "100755", "160000"


@dataclass(frozen=True)
class Skipped:
    """A path that the commit does not take."""

    name: str
    why: str


@dataclass(frozen=True)
class Selected:
    """What goes into the index, None for what is taken out of it."""

    entries: Mapping[str, Entry | None]
    left_out: tuple[Skipped, ...]
    kept: tuple[str, ...]


@dataclass
class _Choice:
    """One path at a time: what the repository has, what is there now, what the session did."""

    repository: Repository
    index: Index
    content: Content
    folder: Path
    ignored: frozenset[str]
    filtered: Mapping[str, str]
    tracked: Mapping[str, Entry]

    async def of(self, name: str, touched: Touched) -> tuple[Entry | None, bool]:
        """The entry to commit, and whether changes of the user stay behind. ToolError says why it is left out."""
        path = self.repository.top / name
        old, now = self.tracked.get(name), _look(path)
        before, after = touched.steps[0][0], touched.steps[-1][1]
        if old is not None and old.mode == _REPOSITORY:
            raise ToolError("it is another repository (a submodule)")
        if old is None and now is None:
            return None, False
        if old is None and name in self.ignored:
            raise ToolError("git ignores it")
        driver = self.filtered.get(name)
        if driver and now is not None:
            raise ToolError(
                f"it goes through the filter {driver!r}, which this repository itself defines and cass does not run"
            )
        is_whole = await self._was_committed(name, before, old) and self._is(path, after, now)
        if is_whole or now is None:
            if now is None and after is not None:
                raise ToolError("it was deleted after this session changed it")
            return (None if now is None else await self._entry_of(name, path, now)), False
        return await self._separated(name, path, touched, old, now)

    async def _separated(
        self, name: str, path: Path, touched: Touched, old: Entry | None, now: os.stat_result
    ) -> tuple[Entry | None, bool]:
        whole = await self._entry_of(name, path, now)
        if old == whole:
            return old, False
        if old is None and touched.steps[0][0] is not None:
            raise ToolError("it was there before this session and never committed; `git add` it to commit it whole")
        mixed = ToolError(
            "your own changes and this session's are in the same lines; stage what you want (git add -p) and commit again"
        )
        if not stat.S_ISREG(now.st_mode) or (old is not None and old.mode == _LINK):
            raise mixed
        head = "" if old is None else self._text(await self.index.ask("cat-file", "blob", old.id))
        here = self._text(await asyncio.to_thread(path.read_bytes))
        if head is None or here is None:
            raise mixed
        plain = "\r" not in head and "\r\n" in here and old is not None
        texts: list[tuple[str, str]] = []
        for pair in touched.steps:
            read = [await self._was(entry) for entry in pair]
            if read[0] is None or read[1] is None:
                raise mixed
            texts.append((_ends(read[0], plain=plain), _ends(read[1], plain=plain)))
        wanted = session_part(head, texts, _ends(here, plain=plain))
        if wanted is None:
            raise mixed
        mode = self._mode(touched, old, whole)
        if wanted == _ends(here, plain=plain):
            return Entry(mode, whole.id), mode != whole.mode
        if old is not None and wanted == head and mode == old.mode:
            return old, False
        made = self.folder / "made"
        made.write_bytes(wanted.encode("utf-8"))
        # It was brought to the form of the repository above; a filter of the user's own would not be.
        if not plain and await self._hash(name, path) != await self._hash(None, path):
            raise mixed
        return Entry(mode, await self._hash(None, made)), True

    def _mode(self, touched: Touched, old: Entry | None, whole: Entry) -> str:
        """The session's own change of the mode, else what is committed."""
        before, after = touched.steps[0][0], touched.steps[-1][1]
        same = before is not None and after is not None and bool(before.mode & 0o100) == bool(after.mode & 0o100)
        return old.mode if old is not None and same else whole.mode

    async def _was_committed(self, name: str, before: Was | None, old: Entry | None) -> bool:
        """Whether the path was as it is committed when the session first touched it."""
        if before is None or old is None or before.kind == "folder":
            return old is None and (before is None or before.kind == "folder")
        if before.kind == "link":
            return old.mode == _LINK and await self._hash_of(None, os.fsencode(before.target)) == old.id
        data = await self.content(before)
        if data is None or old.mode == _LINK or (old.mode == _PROGRAM) != bool(before.mode & 0o100):
            return False
        return await self._hash_of(name, data) == old.id

    def _is(self, path: Path, was: Was | None, now: os.stat_result | None) -> bool:
        """Whether the path is still as the session left it."""
        if was is None or now is None:
            return was is None and now is None
        if was.kind == "link":
            return stat.S_ISLNK(now.st_mode) and os.readlink(path) == was.target  # noqa: PTH115 - bytes as they are
        if was.kind != "file" or not stat.S_ISREG(now.st_mode):
            return False
        import hashlib

        same_mode = bool(was.mode & 0o100) == bool(now.st_mode & 0o100)
        return same_mode and hashlib.sha256(path.read_bytes()).hexdigest() == was.hash

    async def _entry_of(self, name: str, path: Path, now: os.stat_result) -> Entry:
        if stat.S_ISLNK(now.st_mode):
            return Entry(_LINK, await self._hash_of(None, os.fsencode(os.readlink(path))))  # noqa: PTH115
        if not stat.S_ISREG(now.st_mode):
            raise ToolError("it is no file")
        keeps_mode = self.repository.settings.own("core.filemode") != "false"
        old = self.tracked.get(name)
        mode = _PROGRAM if now.st_mode & 0o100 else _FILE
        if not keeps_mode:
            mode = old.mode if old is not None and old.mode in (_FILE, _PROGRAM) else _FILE
        return Entry(mode, await self._hash(name, path))

    async def _hash_of(self, name: str | None, data: bytes) -> str:
        file = self.folder / "blob"
        file.write_bytes(data)
        return await self._hash(name, file)

    async def _hash(self, name: str | None, file: Path) -> str:
        """The id of the file's content as git would take it for this path; None: as it is. The object is written."""
        how = ["--no-filters"] if name is None else [f"--path={name}"]
        return (await self.index.ask("hash-object", "-w", *how, "--", str(file))).decode().strip()

    async def _was(self, entry: Was | None) -> str | None:
        if entry is None:
            return ""
        data = await self.content(entry) if entry.kind == "file" else None
        return None if data is None else self._text(data)

    def _text(self, data: bytes) -> str | None:
        try:
            return None if b"\0" in data else data.decode("utf-8")
        except UnicodeDecodeError:
            return None


async def selected(
    repository: Repository, index: Index, touched: Sequence[Touched], content: Content, folder: Path, born: bool
) -> Selected:
    """What of the session's files goes into a commit."""
    names, left_out = names_of(repository, touched)
    listed = list(names)
    choice = _Choice(
        repository,
        index,
        content,
        folder,
        await _ignored(repository, listed),
        await _filters(repository, listed),
        await index.entries(listed),
    )
    entries: dict[str, Entry | None] = {}
    kept: list[str] = []
    for name, one in names.items():
        try:
            entry, stays = await choice.of(name, one)
        except (ToolError, OSError) as error:
            left_out.append(Skipped(name, error.message if isinstance(error, ToolError) else str(error.strerror)))
            continue
        if entry != choice.tracked.get(name):
            entries[name] = entry
            kept += [name] if stays else []
    return Selected(entries, tuple(left_out), tuple(kept))


def names_of(repository: Repository, touched: Sequence[Touched]) -> tuple[dict[str, Touched], list[Skipped]]:
    """The session's files by their name in the repository."""
    names: dict[str, Touched] = {}
    left_out: list[Skipped] = []
    top = Path(os.path.realpath(repository.top))
    for one in touched:
        path = Path(os.path.realpath(one.path.parent)) / one.path.name
        if not path.is_relative_to(top) or ".git" in path.relative_to(top).parts:
            continue
        name = path.relative_to(top).as_posix()
        other = next(
            (p for p in path.parents if p != top and p.is_relative_to(top) and (p / ".git").exists()), None
        )
        if other is not None:
            left_out.append(Skipped(name, f"it belongs to the repository {other.relative_to(top).as_posix()}"))
        else:
            names[name] = one
    return names, left_out


async def unfit(repository: Repository, names: Sequence[str], tracked: Mapping[str, Entry]) -> frozenset[str]:
    """Those that no commit of cass takes: ignored and new, another repository, or through a filter of the repository's own."""
    ignored = {name for name in await _ignored(repository, names) if name not in tracked}
    others = {name for name, entry in tracked.items() if entry.mode == _REPOSITORY}
    return frozenset(ignored | others | set(await _filters(repository, names)))


async def _ignored(repository: Repository, names: Sequence[str]) -> frozenset[str]:
    options = ["--others", "--ignored", "--exclude-standard", "-z"]
    found = [await repository.ask("ls-files", *options, "--", *some) for some in parts(names)]
    return frozenset(os.fsdecode(name) for printed in found for name in printed.split(b"\0") if name)


async def _filters(repository: Repository, names: Sequence[str]) -> dict[str, str]:
    """Those of the files that a filter of the repository's own would change."""
    own = repository.settings.own_filters
    if not own or not names:
        return {}
    drivers: dict[str, str] = {}
    for some in parts(names):
        printed = (await repository.ask("check-attr", "-z", "filter", "--", *some)).split(b"\0")
        drivers |= {
            os.fsdecode(n): os.fsdecode(value) for n, value in zip(printed[0::3], printed[2::3], strict=False)
        }
    return {name: driver for name, driver in drivers.items() if driver in own}


def _look(path: Path) -> os.stat_result | None:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if stat.S_ISDIR(found.st_mode) else found


def _ends(text: str, *, plain: bool) -> str:
    return text.replace("\r\n", "\n") if plain else text
