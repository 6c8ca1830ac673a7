"""The user's files as an editor shows them: open buffers first, the disk behind them.

A buffer without unsaved changes is changed on disk, where its editor picks it up; one with unsaved changes is
changed in the editor, version checked, and never overwritten on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lsprotocol import types
from pygls.workspace import TextDocument

from cass.errors import ToolError
from cass.hunks import make_hunks, split_lines
from cass.lsp.editor import Editor
from cass.ports import FileEdit, FileText, Listing, SearchQuery, SearchResult, Workspace


class EditorWorkspace(Workspace):
    """`ports.Workspace` over an editor's buffers and another workspace for what is not open."""

    def __init__(self, editor: Editor, disk: Workspace) -> None:
        self._editor = editor
        self._disk = disk

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
        """What was proposed, else the open buffer, else the disk."""
        document = self._editor.document(path)
        if document is None:
            return await self._disk.read(path)
        below = await self._below(path)
        if below and (below.source == "overlay" or below.text == document.source):
            return below if below.source == "overlay" else replace(below, version=document.version)
        text = document.source
        eol = "\r\n" if "\r\n" in text else "\n"
        base = below or FileText(path=path, text="", hash="", eol=eol)
        return replace(base, text=text, hash=_hash(text), source="buffer", version=document.version, eol=eol)

    async def read_bytes(self, path: Path, limit: int) -> bytes:
        """The raw bytes on disk."""
        return await self._disk.read_bytes(path, limit)

    async def files(self, folder: Path, *, glob: str = "", depth: int = 0, limit: int = 100_000) -> Listing:
        """Files on disk."""
        return await self._disk.files(folder, glob=glob, depth=depth, limit=limit)

    async def search(self, query: SearchQuery) -> SearchResult:
        """Look through the files on disk."""
        return await self._disk.search(query)

    async def apply(self, edits: Sequence[FileEdit]) -> None:
        """Change files on disk, all or none, then buffers with unsaved changes, one by one."""
        unsaved = [edit for edit in edits if edit.base and edit.base.source == "buffer"]
        for edit in unsaved:
            if not self._editor.can_edit or edit.op != "modify" or edit.new_text is None:
                raise ToolError(f"{edit.path} has unsaved changes in the editor. Ask the user to save it first.")
        for edit in edits:
            if edit not in unsaved and (await self._newer(edit)):
                raise ToolError(f"{edit.path} changed in the editor meanwhile. Read it again.")
        await self._disk.apply([edit for edit in edits if edit not in unsaved])
        for edit in unsaved:
            await self._apply_open(edit)

    def propose(self, edits: Sequence[FileEdit]) -> None:
        """Put the changes into the overlay."""
        self._disk.propose(edits)

    def forget(self, paths: Sequence[Path]) -> None:
        """Take these files out of the overlay."""
        self._disk.forget(paths)

    async def _below(self, path: Path) -> FileText | None:
        """What the disk holds; None where it holds nothing that can be read."""
        try:
            return await self._disk.read(path)
        except ToolError:
            return None

    async def _newer(self, edit: FileEdit) -> bool:
        """Whether the user typed into an open file since the edit was made."""
        document = self._editor.document(edit.path)
        return document is not None and edit.base is not None and _hash(document.source) != edit.base.hash

    async def _apply_open(self, edit: FileEdit) -> None:
        document = self._editor.document(edit.path)
        if (
            document is None
            or edit.base is None
            or edit.new_text is None
            or _hash(document.source) != edit.base.hash
        ):
            raise ToolError(f"{edit.path} changed in the editor meanwhile. Read it again.")
        if not await self._editor.replace(document, self._edits(document, edit.new_text), edit.new_text, "cass"):
            raise ToolError(f"The editor did not take the change to {edit.path}. Read it again.")

    def _edits(self, document: TextDocument, new: str) -> list[types.TextEdit]:
        old = document.source
        lines = split_lines(old)
        return [
            types.TextEdit(
                range=types.Range(
                    start=self._place(lines, hunk.old_start - 1),
                    end=self._place(lines, hunk.old_start - 1 + hunk.old_lines),
                ),
                new_text=hunk.new_text,
            )
            for hunk in make_hunks(old, new)
        ]

    def _place(self, lines: Sequence[str], line: int) -> types.Position:
        """The beginning of a line; the end of the text for the one after the last."""
        if line < len(lines) or not lines or lines[-1].endswith(("\n", "\r")):
            return types.Position(line=line, character=0)
        return types.Position(line=len(lines) - 1, character=self._editor.units(lines[-1]))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
