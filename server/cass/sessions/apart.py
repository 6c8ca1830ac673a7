"""Copies of the files for sub-agents that work apart: made, looked at, offered as changes, and always taken away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cass import private
from cass.agent.gate import Rules
from cass.agent.permissions import Rule
from cass.errors import CassError, ToolError
from cass.git import apart as copies
from cass.git import repository
from cass.git.index import Change, Index
from cass.ports import FileEdit, FileText
from cass.workspace.encoding import decode, dominant_eol, text_hash

if TYPE_CHECKING:
    from cass.sessions.session import Session

_FILE_BYTES = 5_000_000


@dataclass(frozen=True)
class Copy:
    """`folder` is where the sub-agent works: in the copy what the session's folder is in the repository. `patch` is where
    its changes are kept as a patch, if they need to be."""

    copy: copies.Copy
    folder: Path
    patch: Path

    def rules(self, rules: Rules) -> Rules:
        """Rules that forbid or ask about files by their whole path mean those of the copy, too."""
        return Rules(ask=self._moved(rules.ask), deny=self._moved(rules.deny))

    def _moved(self, rules: Sequence[Rule]) -> tuple[Rule, ...]:
        source, found = str(self.copy.source), list[Rule]()
        for rule in rules:
            pattern = str(Path(rule.pattern).expanduser()) if rule.pattern else ""
            if pattern == source or pattern.startswith(f"{source}/"):
                found.append(replace(rule, pattern=str(self.copy.top) + pattern[len(source) :]))
        return tuple(found)


@dataclass(frozen=True)
class Result:
    """What a sub-agent changed in its copy. `edits` are on the files as they were when it began, `plain` names what is no
    text, or another kind of change. `patch` is where all of it is kept; empty where nothing is."""

    edits: tuple[FileEdit, ...] = ()
    plain: tuple[str, ...] = ()
    patch: str = ""
    problem: str = ""

    @property
    def files(self) -> int:
        """How many files."""
        return len(self.edits) + len(self.plain)

    def summary(self, name: str) -> str:
        """In words."""
        if self.problem:
            return self.problem
        if not self.files:
            return "It changed no files."
        kept = f", kept as a patch in {self.patch}" if self.patch else ""
        return f"It changed {count(self.files)} in its copy{kept}. task_result {name!r} offers them to the user."


@contextlib.asynccontextmanager
async def copy(session: Session, agent_id: str, name: str) -> AsyncGenerator[Copy]:
    """A copy of the session's files, until this ends. ToolError where none can be made."""
    place = folder_of(session.house.data_dir)
    try:
        source = await repository.find(session.cwd, os.environ)
        await session.workspace.save(session.ledger.paths, session.changed_paths)
        await asyncio.to_thread(private.make_folder, place)
        lock = _lock(place / f"{agent_id}.lock")
    except OSError as error:
        raise ToolError(f"No copy of the files can be made in {place}: {error.strerror}") from None
    box = place / agent_id
    patch = session.settings.spill_dir / f"{name}.patch"
    try:
        box.mkdir(mode=0o700)
        note = {"patch": str(patch)}
        private.write(box / "for.json", json.dumps(note).encode())
        made = await copies.make(source, box / source.top.name)
        yield Copy(made, made.top / session.cwd.resolve().relative_to(source.top.resolve()), patch)
    finally:
        await _away(box, lock)


async def result(session: Session, copy: Copy) -> Result:
    """What was changed in it. What cannot be told is said; then the folder's changes are kept as they are."""
    try:
        _, index, changed = await copies.changes(copy.copy.top)
        if not changed:
            return Result()
        patch = await copies.patch(index)
        kept = await asyncio.to_thread(_keep, copy.patch, patch)
        edits: list[FileEdit] = []
        plain: list[str] = []
        for change in changed:
            edit = await _edit(copy, index, change)
            if edit is None:
                plain.append(change.shown)
            else:
                edits.append(edit)
        return Result(tuple(edits), tuple(plain), kept)
    except (CassError, OSError) as error:
        return Result(problem=f"What it changed in its copy cannot be told, and is lost: {error}")


async def _edit(copy: Copy, index: Index, change: Change) -> FileEdit | None:
    """The change of a text, on the file that the copy was made from; None for any other change."""
    if any(entry and entry.mode not in ("100644", "100755") for entry in (change.old, change.new)):
        return None
    if change.old and change.new and change.old.mode != change.new.mode:
        return None
    path = copy.copy.source / change.name
    old = await _read(index, change.old.id, path) if change.old else None
    new = await _read(index, change.new.id, path) if change.new else None
    if (change.old and old is None) or (change.new and new is None):
        return None
    if old is None:
        return FileEdit(path, "add", None, new.text if new else "")
    if new is not None and (new.encoding, new.bom) != (old.encoding, old.bom):
        return None
    return FileEdit(path, "modify" if new else "delete", old, new.text if new else None)


async def _read(index: Index, id: str, path: Path) -> FileText | None:
    data = await copies.blob(index, id, _FILE_BYTES)
    if data is None:
        return None
    try:
        found = decode(data, path.name)
    except ToolError:
        return None
    text = found.text
    return FileText(path, text, text_hash(text), encoding=found.encoding, bom=found.bom, eol=dominant_eol(text))


def folder_of(data_dir: Path) -> Path:
    """Where copies lie."""
    return data_dir / "worktrees"


async def sweep(data_dir: Path) -> list[str]:
    """Take away copies whose process is gone. What had been changed in them is kept as a patch before: where."""
    place, kept = folder_of(data_dir), list[str]()
    for box in await asyncio.to_thread(_folders, place) if place.is_dir() else ():
        try:
            lock = _lock(place / f"{box.name}.lock")
        except OSError:
            continue  # somebody works in it
        try:
            kept += [found] if (found := await _salvaged(box)) else []
        finally:
            await _away(box, lock)
    return kept


async def _salvaged(box: Path) -> str:
    try:
        note = cast("dict[str, object]", json.loads((box / "for.json").read_bytes()))
        top = next(path for path in await asyncio.to_thread(_folders, box) if (path / ".git").is_dir())
        _, index, changed = await copies.changes(top)
        return _keep(Path(str(note["patch"])), await copies.patch(index)) if changed else ""
    except (CassError, OSError, ValueError, KeyError, StopIteration):
        return ""


def _folders(box: Path) -> list[Path]:
    return sorted(path for path in box.iterdir() if path.is_dir())


async def _away(box: Path, lock: int) -> None:
    """Remove it to the end, also when cancelled meanwhile."""
    task = asyncio.ensure_future(asyncio.to_thread(copies.remove, box))
    try:
        await asyncio.shield(task)
    finally:
        with contextlib.suppress(OSError):
            box.with_name(f"{box.name}.lock").unlink()
        os.close(lock)


def _lock(path: Path) -> int:
    """Own this for as long as the process lives. OSError where another one does."""
    import fcntl  # not on Windows

    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def _keep(path: Path, patch: bytes) -> str:
    """Where the patch is kept; why it is not, where it cannot be."""
    try:
        private.write(path, patch)
    except OSError as error:
        return f"(nowhere: {error.strerror})"
    return str(path)


def count(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
