"""The user's files as an ACP client's editor has them: its unsaved text first, the disk behind it.

ACP v1 has no versions and does not say which files are open. So every read of a file in the project asks the editor,
and a text that is not the disk's is an unsaved buffer. Editors give text with their own line ends; the file's are
put back, so that no line end of the user's is changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from pathlib import Path

from cass.acp.client import AcpClient
from cass.errors import ToolError
from cass.ports import Applied, AppliedFile, FileEdit, FileText, Listing, SearchQuery, SearchResult, Workspace

_WATCHED = 30
"""How many files the editor is asked for again before each request of the model."""


class ClientWorkspace(Workspace):
    """`ports.Workspace` over an ACP client's files and the disk. `session_of` says which session it belongs to; it is
    asked only when a file is."""

    def __init__(self, client: AcpClient, disk: Workspace, session_of: Callable[[Workspace], str | None]) -> None:
        self._client = client
        self._disk = disk
        self._session_of = session_of
        self._watched: dict[Path, None] = {}

    @property
    def roots(self) -> tuple[Path, ...]:
        """Absolute, real paths."""
        return self._disk.roots

    def resolve(self, path: str) -> Path:
        """The absolute path that words mean."""
        return self._disk.resolve(path)

    def inside(self, path: Path) -> bool:
        """Whether the path lies in a root."""
        return self._disk.inside(path)

    async def read(self, path: Path) -> FileText:
        """What was proposed, else what the editor has, else the disk."""
        found = await self._disk.read(path)
        return found if found.source == "overlay" else await self._newest(path, found)

    async def actual(self, path: Path) -> FileText:
        """What the editor has, else the disk. The editor is asked for files that are on disk only."""
        return await self._newest(path, await self._disk.actual(path))

    async def _newest(self, path: Path, below: FileText) -> FileText:
        if not self.inside(path):
            return below
        theirs = await self._theirs(path)
        if theirs is None:
            return below
        self._watch(path)
        if _plain(theirs) == _plain(below.text):
            return below
        text = _with_ends(theirs, below.eol)
        return replace(below, text=text, hash=_hash(text), source="buffer")

    async def read_bytes(self, path: Path, limit: int) -> bytes:
        """The raw bytes on disk."""
        return await self._disk.read_bytes(path, limit)

    async def files(self, folder: Path, *, glob: str = "", depth: int = 0, limit: int = 100_000) -> Listing:
        """Files on disk."""
        return await self._disk.files(folder, glob=glob, depth=depth, limit=limit)

    async def search(self, query: SearchQuery) -> SearchResult:
        """Look through the files on disk."""
        return await self._disk.search(query)

    async def apply(self, edits: Sequence[FileEdit]) -> Applied:
        """Change what the editor may write through the editor, all else on disk. Every file is looked at before the
        first one changes; those on disk change all or none."""
        through = [edit for edit in edits if self._goes_through_editor(edit)]
        for edit in edits:
            if edit.base and edit.base.source != "overlay":
                await self._check(edit, edit.base, through)
        done = list((await self._disk.apply([edit for edit in edits if edit not in through])).files)
        failed: list[tuple[FileEdit, str]] = []
        for edit in through:
            try:
                done.append(await self._write(edit, edit.new_text or ""))
            except ToolError as error:
                if not done and len(edits) == 1:
                    raise
                failed.append((edit, str(error)))
        self.forget([edit.path for edit in through])
        return Applied(tuple(done), tuple(failed))

    def address(self, path: Path) -> str:
        """The file's URI."""
        return self._disk.address(path)

    def stamp(self, path: Path) -> object:
        """The file's stamp on disk. This protocol tells nothing of buffers unasked, so the files that the editor was
        asked for last never have the same stamp twice: it is asked again."""
        return object() if path in self._watched else self._disk.stamp(path)

    async def catch_up(self) -> None:
        """The protocol has no word for it: the client watches its files itself."""

    async def save(self, paths: Sequence[Path], touched: Container[Path]) -> dict[Path, str]:
        """The protocol has no word for saving, and writing a buffer's text back could undo what is being typed. So
        unsaved files are only named."""
        failed: dict[Path, str] = {}
        for path in paths:
            try:
                if (await self.actual(path)).source == "buffer":
                    failed[path] = "the editor has not saved it"
            except ToolError:
                continue
        return failed

    def propose(self, edits: Sequence[FileEdit]) -> None:
        """Put the changes into the overlay."""
        self._disk.propose(edits)

    def forget(self, paths: Sequence[Path]) -> None:
        """Take these files out of the overlay."""
        self._disk.forget(paths)

    def _goes_through_editor(self, edit: FileEdit) -> bool:
        """Text in UTF-8 that is changed, in a client that can write and be read back. New, moved and deleted files,
        and other encodings, are ours to do: the protocol has no words for them."""
        can = self._client.reads_files and self._client.abilities.write_files
        base = edit.base
        if not can or edit.op != "modify" or base is None or edit.new_text is None:
            return False
        return base.encoding == "utf-8" and not base.bom and base.source != "overlay" and self.inside(edit.path)

    async def _check(self, edit: FileEdit, base: FileText, through: Sequence[FileEdit]) -> None:
        now = await self.actual(edit.path)
        if now.hash != base.hash:
            raise ToolError(f"{edit.path} changed meanwhile. Read it again.", kind="stale")
        if now.source == "buffer" and edit not in through:
            raise ToolError(f"{edit.path} has unsaved changes in the editor. Ask the user to save it first.")

    async def _write(self, edit: FileEdit, wanted: str) -> AppliedFile:
        """Write one file through the editor and look at what came of it. What the editor answers is not believed."""
        session_id = self._session_of(self)
        if session_id is not None:
            await self._client.write_file(session_id, edit.path, wanted)
        theirs = await self._theirs(edit.path)
        if theirs is None or (edit.base and _plain(theirs) == _plain(edit.base.text) != _plain(wanted)):
            raise ToolError(
                f"The editor did not take the change to {edit.path}. Nothing was changed in it. Read it again.",
                kind="stale",
            )
        below = await self._disk.actual(edit.path)
        if _plain(below.text) == _plain(theirs):
            return AppliedFile(edit.path, below.text)
        return AppliedFile(edit.path, _with_ends(theirs, below.eol), "the editor has not saved it")

    def _watch(self, path: Path) -> None:
        self._watched.pop(path, None)
        self._watched[path] = None
        if len(self._watched) > _WATCHED:
            del self._watched[next(iter(self._watched))]

    async def _theirs(self, path: Path) -> str | None:
        session_id = self._session_of(self)
        return await self._client.read_file(session_id, path) if session_id else None


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _with_ends(text: str, eol: str) -> str:
    return text if eol == "\n" or "\r" in text else text.replace("\n", eol)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
