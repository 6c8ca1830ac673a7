"""The workspace on disk: one object that reads, proposes and applies."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cass.errors import ToolError
from cass.ports import Applied, AppliedFile, FileEdit, FileText, Listing, SearchQuery, SearchResult
from cass.workspace import encoding, paths, ripgrep
from cass.workspace.reading import read_file
from cass.workspace.writing import Step, apply_steps

TEXT_LIMIT = 20_000_000
"""Bytes of the biggest file that is read as text."""

_NOTES = 4_096

T = TypeVar("T")


@dataclass(frozen=True)
class _OnDisk:
    text: FileText
    raw: bytes
    found: os.stat_result


class DiskWorkspace:
    """`ports.Workspace` over the file system. An editor's open buffers are laid over it by wrapping it.

    It remembers where a path led, links followed, when it was judged by `inside`, else when it was first read; a
    change is refused once when the path leads elsewhere by then."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(Path(os.path.realpath(root)) for root in roots)
        self._overlay: dict[Path, FileText | None] = {}
        self._led_to: dict[Path, Path] = {}

    @property
    def roots(self) -> tuple[Path, ...]:
        """Absolute, real paths."""
        return self._roots

    def resolve(self, path: str) -> Path:
        """The absolute path that these words mean; links are not followed."""
        return paths.resolve(path, self._roots[0])

    def inside(self, path: Path) -> bool:
        """Whether the path, with every link followed, lies in a root."""
        return self._is_inside(self._follow(path))

    async def read(self, path: Path) -> FileText:
        """The text: the overlay, else the disk."""
        if path in self._overlay:
            proposed = self._overlay[path]
            if proposed is None:
                raise ToolError(f"{self._name(path)} is deleted by a proposed change.", kind="not_found")
            return proposed
        return await self.actual(path)

    async def actual(self, path: Path) -> FileText:
        """The text on disk, whatever is proposed."""
        return (await asyncio.to_thread(self._load, path)).text

    async def read_bytes(self, path: Path, limit: int) -> bytes:
        """The raw bytes on disk."""
        data, _ = await asyncio.to_thread(read_file, path, self._name(path), limit)
        return data

    async def files(self, folder: Path, *, glob: str = "", depth: int = 0, limit: int = 100_000) -> Listing:
        """Files on disk that are not ignored, with what is proposed."""
        added = [path for path, text in self._overlay.items() if text is not None]
        removed = {path for path, text in self._overlay.items() if text is None}
        found = await ripgrep.files(folder, self._name(folder), glob, limit, added, removed)
        if not depth:
            return found
        return replace(found, bare_folders=await ripgrep.bare_folders(folder, found.paths, depth))

    async def search(self, query: SearchQuery) -> SearchResult:
        """Look through the files on disk."""
        return await ripgrep.search(query, self._name(query.path))

    async def apply(self, edits: Sequence[FileEdit]) -> Applied:
        """Make all these changes, or none. What was proposed for these files is forgotten."""
        await _to_the_end(lambda: self._apply(edits))
        self.forget([path for edit in edits for path in (edit.path, edit.move_to) if path])
        return Applied(tuple(AppliedFile(edit.move_to or edit.path, text_after(edit)) for edit in edits))

    def address(self, path: Path) -> str:
        """The file's URI."""
        return path.as_uri()

    def stamp(self, path: Path) -> object:
        """What the file system says of the file's last change, links followed; None when there is no file."""
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    async def save(self, paths: Sequence[Path], touched: Container[Path]) -> dict[Path, str]:
        """Everything is on disk already."""
        return {}

    async def catch_up(self) -> None:
        """There are no buffers."""

    def propose(self, edits: Sequence[FileEdit]) -> None:
        """Put the changes into the overlay."""
        for edit in edits:
            target = edit.move_to or edit.path
            if edit.move_to or edit.op == "delete":
                self._overlay[edit.path] = None
            if edit.op != "delete":
                self._overlay[target] = _proposed(target, edit)

    def forget(self, paths: Sequence[Path]) -> None:
        """Take these files out of the overlay."""
        for path in paths:
            self._overlay.pop(path, None)

    def _apply(self, edits: Sequence[FileEdit]) -> None:
        steps: list[Step] = []
        for edit in edits:
            steps += self._steps(edit)
        named = [step.real for step in steps]
        if len(set(named)) != len(named):
            raise ToolError("Two of these changes are to the same file. Nothing was changed. Make them one change.")
        apply_steps(steps)

    def _steps(self, edit: FileEdit) -> list[Step]:
        real, name = self._leads_to(edit.path), self._name(edit.path)
        if edit.base is None:
            return [self._addition(edit.path, edit.new_text or "", "utf-8", b"")]
        disk = self._current(edit, edit.base)
        if edit.op == "delete":
            return [Step(_link_itself(edit.path), name, disk.raw, None)]
        kept = disk.text
        text = kept.text if edit.new_text is None else edit.new_text
        raw = encoding.encode(text, kept.encoding, kept.bom, name)
        if edit.move_to is None:
            return [Step(real, name, disk.raw, raw)]
        target = self._leads_to(edit.move_to)
        added = Step(target, self._name(edit.move_to), None, raw, not self._is_inside(target), disk.found)
        return [added, Step(_link_itself(edit.path), name, disk.raw, None)]

    def _addition(self, path: Path, text: str, codec: str, bom: bytes) -> Step:
        real, name = self._leads_to(path), self._name(path)
        return Step(real, name, None, encoding.encode(text, codec, bom, name), not self._is_inside(real))

    def _current(self, edit: FileEdit, base: FileText) -> _OnDisk:
        name = self._name(edit.path)
        try:
            disk = self._load(edit.path)
        except ToolError as error:
            if error.kind != "not_found":
                raise
            raise ToolError(f"{name} does not exist any more. Nothing was changed.", kind="stale") from None
        if disk.text.hash != base.hash:
            raise ToolError(
                f"{name} has changed since it was read. Nothing was changed. Read it again and repeat the edit.",
                kind="stale",
            )
        return disk

    def _load(self, path: Path) -> _OnDisk:
        name = self._name(path)
        if path not in self._led_to:
            self._follow(path)
        raw, found = read_file(path, name, TEXT_LIMIT)
        decoded = encoding.decode(raw, name)
        text = FileText(
            path,
            decoded.text,
            encoding.text_hash(decoded.text),
            encoding=decoded.encoding,
            bom=decoded.bom,
            eol=encoding.dominant_eol(decoded.text),
        )
        return _OnDisk(text, raw, found)

    def _follow(self, path: Path) -> Path:
        real = Path(os.path.realpath(path))
        self._led_to[path] = real
        if len(self._led_to) > _NOTES:
            self._led_to.pop(next(iter(self._led_to)))
        return real

    def _leads_to(self, path: Path) -> Path:
        real = Path(os.path.realpath(path))
        if self._led_to.pop(path, real) != real:
            raise ToolError(
                f"{self._name(path)} leads to another place than before: a link has changed. Nothing was changed.",
                kind="conflict",  # never tried again by itself: the new place was not judged
            )
        return real

    def _is_inside(self, real: Path) -> bool:
        return any(real.is_relative_to(root) for root in self._roots)

    def _name(self, path: Path) -> str:
        return paths.shown(path, self._roots)


def text_after(edit: FileEdit) -> str | None:
    """What a file holds once the edit is made; None when it is gone."""
    if edit.op == "delete":
        return None
    return edit.new_text if edit.new_text is not None else edit.base.text if edit.base else ""


def _link_itself(path: Path) -> Path:
    """The real place of the name, not of what a link of that name leads to."""
    return Path(os.path.realpath(path.parent)) / path.name


def _proposed(path: Path, edit: FileEdit) -> FileText:
    base = edit.base
    text = edit.new_text if edit.new_text is not None else base.text if base else ""
    return FileText(
        path,
        text,
        encoding.text_hash(text),
        source="overlay",
        encoding=base.encoding if base else "utf-8",
        bom=base.bom if base else b"",
        eol=encoding.dominant_eol(text),
    )


async def _to_the_end(work: Callable[[], T]) -> T:
    """Run in a thread and, when cancelled, wait for its end all the same: files are never left half-way."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
