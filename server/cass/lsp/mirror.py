"""The exact mirror of an editor's document: LSP's line ends and no others, in any position encoding.

A line ends with \\n, \\r\\n or \\r. A form feed, U+2028 and the like are ordinary characters, whatever Python's
`str.splitlines` says.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from cass.hunks import line_end, make_hunks, split_lines
from cass.protocol.editing import Range
from cass.sessions.addresses import file_of


class Document(TextDocument):
    """An open document. `origin` is the text that its file had when buffer and file were last the same; None while
    they never were. `awaited` is a text that somebody wants to know of, `reached` whether it was held since, however
    briefly: the user may have typed on before anybody could look."""

    origin: str | None = None
    awaited: str | None = None
    reached: bool = False
    _rows: list[str] | None = None

    @cached_property
    def file(self) -> Path | None:
        """The file that it shows, as the editor names it; None for what is no file: an untitled document, an old
        version, a cell of a notebook."""
        return file_of(self.uri)

    @cached_property
    def real(self) -> Path | None:
        """The same with every link followed, as it was when somebody first asked."""
        return Path(os.path.realpath(self.file)) if self.file else None

    @property
    def shown(self) -> str:
        """What to call it."""
        return str(self.file or self.uri)

    @property
    def is_dirty(self) -> bool:
        """Whether it holds something that was never in its file, as far as the editor told."""
        return self.origin != self.source

    @property
    def source(self) -> str:
        """The whole text, every line end as the editor sent it."""
        if self._source is None:
            self._source = "".join(self.rows)
        return self._source

    @property
    def rows(self) -> list[str]:
        """The lines with their ends."""
        if self._rows is None:
            self._rows = split_lines(self._source or "")
        return self._rows

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends."""
        return tuple(self.rows)

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        """One change that the editor told of: of a range, or the whole text."""
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            self._source, self._rows = change.text, split_lines(change.text)
        else:
            start, end = change.range.start, change.range.end
            self._put((start.line, start.character), (end.line, end.character), change.text)
        self.reached = self.reached or (self.awaited is not None and self.source == self.awaited)

    def replace(self, range: Range, text: str) -> None:
        """Put a text in the place of a range, in the editor's units."""
        start, end = range.start, range.end
        self._put((start.line, start.character), (end.line, end.character), text)

    def _put(self, start: tuple[int, int], end: tuple[int, int], put: str) -> None:
        rows = self.rows
        first, left = self._place(*start)
        last, right = self._place(*end)
        before = rows[first][:left] if first < len(rows) else ""
        after = rows[last][right:] if last < len(rows) else ""
        text = before + put + after
        last = min(last + 1, len(rows))
        if first and text.startswith("\n") and rows[first - 1].endswith("\r"):
            first -= 1
            text = rows[first] + text
        if last < len(rows) and text.endswith("\r") and rows[last].startswith("\n"):
            text += rows[last]
            last += 1
        rows[first:last] = split_lines(text)
        self._source = None

    def units(self, text: str) -> int:
        """The length of a piece of a line in the editor's units."""
        return len(text) if text.isascii() else self.position_codec.client_num_units(text)

    def around(self, position: types.Position) -> tuple[str, str]:
        """The text before a position and the text behind it."""
        rows = self.rows
        line, at = self._place(position.line, position.character)
        row = rows[line] if line < len(rows) else ""
        return "".join(rows[:line]) + row[:at], row[at:] + "".join(rows[line + 1 :])

    def edits(self, new: str) -> list[types.TextEdit]:
        """The edits, line by line, that make `new` of the text. No two of them touch."""
        return [
            types.TextEdit(
                range=types.Range(
                    start=self.beginning(hunk.old_start - 1),
                    end=self.beginning(hunk.old_start - 1 + hunk.old_lines),
                ),
                new_text=hunk.new_text,
            )
            for hunk in make_hunks(self.source, new)
        ]

    def beginning(self, line: int) -> types.Position:
        """Where a line begins; for the one after the last, where the text ends."""
        rows = self.rows
        if line < len(rows) or not rows or line_end(rows[-1]):
            return types.Position(line=min(line, len(rows)), character=0)
        return types.Position(line=len(rows) - 1, character=self.units(rows[-1]))

    def _place(self, line: int, character: int) -> tuple[int, int]:
        """Line and character of a position; what lies behind a line's or the text's end means that end."""
        rows = self.rows
        if line >= len(rows):
            if not rows or line_end(rows[-1]):
                return len(rows), 0
            return len(rows) - 1, len(rows[-1])
        row = rows[line]
        content = row[: len(row) - len(line_end(row))]
        if content.isascii() or character == 0:
            return line, min(character, len(content))
        at = 0
        for index, char in enumerate(content):
            at += self.units(char)
            if at > character:
                return line, index
        return line, len(content)


class Mirror(Workspace):
    """pygls' workspace, with our documents in it, by addresses whose bytes are all kept: pygls takes two names that
    are no UTF-8 for the same."""

    def __init__(
        self,
        root_uri: str | None,
        sync_kind: types.TextDocumentSyncKind,
        workspace_folders: Sequence[types.WorkspaceFolder] | None,
        position_encoding: types.PositionEncodingKind | str | None,
    ) -> None:
        super().__init__(root_uri, sync_kind, workspace_folders, position_encoding)
        self._by_file: dict[Path, list[Document]] = {}

    @property
    def has_files(self) -> bool:
        """Whether any open document shows a file."""
        return bool(self._by_file)

    def views(self, real: Path) -> Sequence[Document]:
        """The open documents that show a file, in the order in which they were opened. A path without links."""
        return self._by_file.get(real, ())

    def get_text_document(self, doc_uri: str) -> Document:
        """The open document, or an empty one that nobody has open."""
        found = self._text_documents.get(_key(doc_uri))
        return found if isinstance(found, Document) else self._create_text_document(doc_uri)

    def put_text_document(self, text_document: types.TextDocumentItem, notebook_uri: str | None = None) -> None:
        """A document was opened."""
        item = text_document
        made = self._create_text_document(item.uri, item.text, item.version, item.language_id)
        self.remove_text_document(item.uri)
        self._text_documents[_key(item.uri)] = made
        if made.real:
            self._by_file.setdefault(made.real, []).append(made)

    def remove_text_document(self, doc_uri: str) -> None:
        """A document was closed."""
        gone = self._text_documents.pop(_key(doc_uri), None)
        if isinstance(gone, Document) and gone.real:
            left = [document for document in self._by_file.pop(gone.real, []) if document is not gone]
            if left:
                self._by_file[gone.real] = left

    def update_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        change: types.TextDocumentContentChangeEvent,
    ) -> None:
        """A document was changed. KeyError for one that is not open."""
        document = self._text_documents[_key(text_doc.uri)]
        document.apply_change(change)
        document.version = text_doc.version

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Document:
        made = Document(
            doc_uri if _is_address(doc_uri) else "untitled:",  # pygls raises for what is none
            source=source if source is not None else "",
            version=version,
            language_id=language_id,
            position_codec=self._position_codec,
        )
        made.uri = doc_uri
        return made


def _is_address(uri: str) -> bool:
    try:
        urlsplit(uri)
    except ValueError:
        return False
    return True


def _key(uri: str) -> str:
    return unquote(uri, errors="surrogateescape")
