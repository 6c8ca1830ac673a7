"""`ports.Ide` for an editor that declared what it can tell."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pygls.workspace.position_codec import PositionCodec

from cass.errors import CassError, ToolError
from cass.hunks import split_lines
from cass.lsp.editor import Editor
from cass.lsp.mirror import Document
from cass.ports import FileText
from cass.ports.ide import Ide
from cass.protocol import editing as e
from cass.protocol.wire import Method, Wire
from cass.rpc.endpoint import RpcError
from cass.sessions.addresses import path_of

_SECONDS = 15.0
_DIAGNOSTICS_SECONDS = 5.0

R = TypeVar("R", bound=Wire)


class EditorIde(Ide):
    """Asks the editor."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    @property
    def can(self) -> frozenset[str]:
        """The questions that the editor answers."""
        return self._editor.abilities.ide

    async def diagnostics(self, paths: Sequence[Path], settle_ms: int = 0) -> tuple[e.Diagnostic, ...]:
        """What language servers say."""
        params = e.DiagnosticsParams(uris=tuple(map(self._editor.address, paths)), settle_ms=settle_ms)
        return (await self._ask(e.IDE_DIAGNOSTICS, params, e.DiagnosticsResult, _DIAGNOSTICS_SECONDS)).diagnostics

    async def definition(self, file: FileText, line: int, name: str) -> tuple[e.Location, ...]:
        """Where a name is defined."""
        return (await self._ask(e.IDE_DEFINITION, self._place(file, line, name), e.LocationsResult)).locations

    async def references(self, file: FileText, line: int, name: str) -> tuple[e.Location, ...]:
        """Where it is used."""
        return (await self._ask(e.IDE_REFERENCES, self._place(file, line, name), e.LocationsResult)).locations

    async def symbols(self, path: Path | None, query: str) -> tuple[e.Symbol, ...]:
        """Symbols of a file or of the workspace."""
        if path is not None:
            asked = e.DocumentParams(uri=self._editor.address(path))
            return (await self._ask(e.IDE_DOCUMENT_SYMBOLS, asked, e.SymbolsResult)).symbols
        return (await self._ask(e.IDE_WORKSPACE_SYMBOLS, e.QueryParams(query=query), e.SymbolsResult)).symbols

    async def rename(self, file: FileText, line: int, name: str, new_name: str) -> dict[Path, str]:
        """What the files would hold."""
        place = self._place(file, line, name)
        params = e.RenameParams(uri=place.uri, position=place.position, new_name=new_name)
        found = await self._ask(e.IDE_RENAME, params, e.RenameResult)
        out: dict[Path, str] = {}
        for uri, edits in found.changes.items():
            try:
                path = path_of(uri)
            except CassError as error:
                raise ToolError(f"The rename touches {uri[:80]}, which is no file.") from error
            out[path] = await self._edited(path, edits)
        return out

    async def context(self) -> e.EditorContextResult:
        """What the user is looking at."""
        return await self._ask(e.IDE_CONTEXT, e.Nothing(), e.EditorContextResult)

    async def _edited(self, path: Path, edits: Sequence[e.TextEdit]) -> str:
        document = self._editor.document(path)
        text = document.source if document else await asyncio.to_thread(_on_disk, path)
        mirror = Document(path.as_uri(), source=text, version=0, position_codec=self._codec)
        for edit in sorted(edits, key=lambda x: (x.range.start.line, x.range.start.character), reverse=True):
            mirror.replace(edit.range, edit.new_text)
        return mirror.source

    @property
    def _codec(self) -> PositionCodec:
        return self._editor.codec

    def _place(self, file: FileText, line: int, name: str) -> e.PlaceParams:
        rows = split_lines(file.text)
        row = rows[line - 1] if 1 <= line <= len(rows) else ""
        at = row.find(name)
        if at < 0 or not name:
            raise ToolError(f"{name!r} does not stand in line {line} of {file.path}. Read the file for its place.")
        position = e.Position(line=line - 1, character=self._codec.client_num_units(row[:at]))
        return e.PlaceParams(uri=self._editor.address(file.path), position=position)

    async def _ask(self, method: Method, params: Wire, result: type[R], seconds: float = _SECONDS) -> R:
        try:
            async with asyncio.timeout(seconds):
                answer = await self._editor.endpoint.request(method.name, params.wire())
            return result.model_validate(answer or {})
        except TimeoutError:
            raise ToolError(f"The editor did not answer within {seconds:g} s.") from None
        except (RpcError, ValueError) as error:
            raise ToolError(f"The editor could not answer: {str(error)[:300]}") from None


def _on_disk(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"{path} could not be read: {error}") from None
