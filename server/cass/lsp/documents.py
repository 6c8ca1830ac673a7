"""The user's files as an editor shows them: open buffers first, the disk behind them.

A buffer is changed in its editor, version checked, as one undoable step, and then saved where the editor can be told
to. A buffer that has nothing of the user's own and that the disk has overtaken counts as not open: its editor will
load the file again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

from lsprotocol import types

from cass.errors import ToolError
from cass.lsp import edits as editing
from cass.lsp import searching
from cass.lsp.editor import Editor
from cass.lsp.mirror import Document
from cass.ports import Applied, AppliedFile, FileEdit, FileText, Listing, SearchQuery, SearchResult, Workspace


class EditorWorkspace(Workspace):
    """`ports.Workspace` over an editor's buffers and another workspace for what is not open. `saves` says
    whether buffers that were changed are saved."""

    def __init__(self, editor: Editor, disk: Workspace, *, saves: bool = True) -> None:
        self._editor = editor
        self._disk = disk
        self._saves = saves

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
        if self._editor.document(path) is None:
            return await self._disk.read(path)
        try:
            proposed = await self._disk.read(path)
        except ToolError:
            return await self.actual(path)
        return proposed if proposed.source == "overlay" else await self.actual(path)

    async def actual(self, path: Path) -> FileText:
        """The open buffer, else the disk."""
        document = self._editor.document(path)
        if document is None:
            return await self._disk.actual(path)
        below = await self._below(path)
        if below and below.text == document.source:
            document.origin = below.text
            return replace(below, version=document.version)
        if not document.is_dirty:
            return below or await self._disk.actual(path)
        text = document.source
        eol = "\r\n" if "\r\n" in text else "\n"
        base = below or FileText(path=path, text="", hash="", eol=eol)
        note = "" if below is None or below.text == document.origin else "the file on disk has other changes"
        return replace(
            base, note=note, text=text, hash=_hash(text), source="buffer", version=document.version, eol=eol
        )

    async def read_bytes(self, path: Path, limit: int) -> bytes:
        """The raw bytes on disk."""
        return await self._disk.read_bytes(path, limit)

    async def files(self, folder: Path, *, glob: str = "", depth: int = 0, limit: int = 100_000) -> Listing:
        """Files on disk."""
        return await self._disk.files(folder, glob=glob, depth=depth, limit=limit)

    async def search(self, query: SearchQuery) -> SearchResult:
        """Look through open buffers, and through the files on disk that are not open."""
        unsaved: dict[Path, str] = {}
        for document in self._editor.documents:
            path = _within(document, query.path)
            if path and await self._is_unsaved(path):
                unsaved[path] = document.source
        return await searching.search(self._disk, query, unsaved)

    def propose(self, edits: Sequence[FileEdit]) -> None:
        """Put the changes into the overlay."""
        self._disk.propose(edits)

    def forget(self, paths: Sequence[Path]) -> None:
        """Take these files out of the overlay."""
        self._disk.forget(paths)

    def stamp(self, path: Path) -> object:
        """The buffer's version beside the file's stamp."""
        document = self._editor.document(path)
        return (document.version if document else None), self._disk.stamp(path)

    async def save(self, paths: Sequence[Path], touched: Container[Path]) -> dict[Path, str]:
        """Save what was touched, where the disk has not changed under it."""
        failed: dict[Path, str] = {}
        for path in paths:
            document = self._editor.document(path)
            below = await self._below(path) if document else None
            if document is None or (below and below.text == document.source):
                continue
            problem = "the user has not saved it"
            if path in touched:
                problem = await self._save(document, below)
            if problem:
                failed[path] = problem
        return failed

    async def catch_up(self) -> None:
        """Tell the editor which of its clean buffers the disk has overtaken."""
        late: list[Document] = []
        for document in self._editor.documents:
            if document.file and not document.is_dirty:
                below = await self._below(document.file)
                if below and below.text != document.source:
                    late.append(document)
        editing.reload(self._editor, late)

    def address(self, path: Path) -> str:
        """The URI that the editor knows the file by."""
        return self._editor.address(path)

    async def apply(self, edits: Sequence[FileEdit]) -> Applied:
        """Change files on disk, all or none, then open buffers, one by one."""
        opened = [edit for edit in edits if await self._in_editor(edit)]
        if opened and not self._editor.abilities.apply_edit:
            raise ToolError(f"{opened[0].path} is open in an editor that takes no edits. Ask the user to close it.")
        for edit in opened:
            self._check(edit)
        closed = [edit for edit in edits if edit not in opened]
        done = list((await self._disk.apply(closed)).files)
        editing.reload(self._editor, [document for edit in closed for document in self._editor.views(edit.path)])
        failed: list[tuple[FileEdit, str]] = []
        for edit in opened:
            try:
                done.append(await self._apply(edit))
            except ToolError as error:
                if not done and len(edits) == 1:
                    raise
                failed.append((edit, str(error)))
        self.forget([path for edit in opened for path in (edit.path, edit.move_to) if path])
        return Applied(tuple(done), tuple(failed))

    async def _in_editor(self, edit: FileEdit) -> bool:
        """Whether this change is the editor's to make."""
        document = self._editor.document(edit.path)
        if document is None:
            return False
        if len({view.source for view in self._editor.views(edit.path) if view.is_dirty}) > 1:
            raise ToolError(
                f"{edit.path} is open twice in the editor, with different unsaved changes. Ask the user to save one "
                "of them and to close the other."
            )
        below = await self._below_text(edit.path)
        if below != document.source and not document.is_dirty:
            return False
        if edit.op in ("delete", "move"):
            can = edit.op in _operations(self._editor)
            if below != document.source and (edit.op == "delete" or not can):
                raise ToolError(f"{edit.path} has unsaved changes in the editor. Ask the user to save it first.")
            return can
        return True

    def _check(self, edit: FileEdit) -> None:
        document = self._editor.document(edit.path)
        if document is None or document.source != (edit.base.text if edit.base else ""):
            raise ToolError(f"{edit.path} changed in the editor meanwhile. Read it again.", kind="stale")

    async def _apply(self, edit: FileEdit) -> AppliedFile:
        self._check(edit)
        document = self._editor.document(edit.path)
        assert document is not None
        if edit.op == "delete":
            await self._operate(edit, types.DeleteFile(uri=document.uri))
            return AppliedFile(edit.path, None)
        unsaved = ""
        if edit.new_text is not None:
            unsaved = await self._change(document, edit, edit.new_text)
        if edit.move_to:
            await self._operate(edit, types.RenameFile(old_uri=document.uri, new_uri=edit.move_to.as_uri()))
        text = edit.new_text if edit.new_text is not None else document.source
        now = self._editor.document(edit.move_to or edit.path)
        return AppliedFile(edit.move_to or edit.path, now.source if now else text, unsaved)

    async def _change(self, document: Document, edit: FileEdit, new: str) -> str:
        """Change the buffer and save it; why it was not saved, in words."""
        below = await self._below(edit.path)
        before = edit.base.text if edit.base else ""
        if not await editing.put(self._editor, document, before, new, f"cass: {edit.path.name}"):
            raise ToolError(
                f"The editor did not take the change to {edit.path}. Nothing was changed in it. Read it again.",
                kind="stale",
            )
        now = self._editor.document(edit.path)
        if now is None:
            return "the editor closed it"
        return await self._save(now, below)

    async def _save(self, document: Document, below: FileText | None) -> str:
        """Save unless the disk holds something that the buffer never had; why not, in words."""
        if not self._saves:
            return "saving is switched off"
        if below and below.text not in (document.origin, document.source) and document.origin is not None:
            return "the file has other changes on disk, which saving would overwrite"
        return await editing.save(self._editor, document)

    async def _operate(self, edit: FileEdit, operation: types.RenameFile | types.DeleteFile) -> None:
        path, word = edit.path, "rename" if edit.move_to else "delete"
        taken = await editing.operate(self._editor, operation, f"cass: {word} {path.name}")
        if not taken or path.exists():
            raise ToolError(f"The editor did not {word} {path}.", kind="stale")

    async def _is_unsaved(self, path: Path) -> bool:
        try:
            return (await self.actual(path)).source == "buffer"
        except ToolError:
            return False

    async def _below(self, path: Path) -> FileText | None:
        """What the disk holds; None where it holds nothing that can be read."""
        try:
            return await self._disk.actual(path)
        except ToolError:
            return None

    async def _below_text(self, path: Path) -> str | None:
        below = await self._below(path)
        return below.text if below else None


def _within(document: Document, folder: Path) -> Path | None:
    """The path of a document's file at or below a folder, as one sees it from there; None when it lies elsewhere."""
    if document.file is None or document.real is None:
        return None
    if document.file.is_relative_to(folder):
        return document.file
    real = Path(os.path.realpath(folder))
    return folder / document.real.relative_to(real) if document.real.is_relative_to(real) else None


def _operations(editor: Editor) -> set[str]:
    return {"move" if word == "rename" else word for word in editor.abilities.resources}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
