"""The seam to what an editor knows of the code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cass.errors import ToolError
from cass.ports.files import FileText
from cass.protocol.editing import Diagnostic, EditorContextResult, Location, Symbol


class Ide(Protocol):
    """An editor's language services. Every question is a ToolError where the editor does not answer in time.
    Lines are counted from 1; a place is the first occurrence of `name` in its line."""

    @property
    def can(self) -> frozenset[str]:
        """The questions that the editor answers: diagnostics, definition, references, documentSymbols,
        workspaceSymbols, rename, context."""
        ...

    async def diagnostics(self, paths: Sequence[Path], settle_ms: int = 0) -> tuple[Diagnostic, ...]:
        """What language servers say of these files, of all for none; see `DiagnosticsParams`."""
        ...

    async def definition(self, file: FileText, line: int, name: str) -> tuple[Location, ...]:
        """Where a name is defined."""
        ...

    async def references(self, file: FileText, line: int, name: str) -> tuple[Location, ...]:
        """Where it is used."""
        ...

    async def symbols(self, path: Path | None, query: str) -> tuple[Symbol, ...]:
        """The symbols of a file, or those of the workspace that fit the words."""
        ...

    async def rename(self, file: FileText, line: int, name: str, new_name: str) -> dict[Path, str]:
        """What the files would hold after a rename. Nothing is changed."""
        ...

    async def context(self) -> EditorContextResult:
        """What the user is looking at."""
        ...


class NoIde:
    """No editor: nothing can be asked."""

    @property
    def can(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    async def diagnostics(self, paths: Sequence[Path], settle_ms: int = 0) -> tuple[Diagnostic, ...]:
        """Always a ToolError, as all that follow."""
        raise _nobody()

    async def definition(self, file: FileText, line: int, name: str) -> tuple[Location, ...]:
        """A ToolError."""
        raise _nobody()

    async def references(self, file: FileText, line: int, name: str) -> tuple[Location, ...]:
        """A ToolError."""
        raise _nobody()

    async def symbols(self, path: Path | None, query: str) -> tuple[Symbol, ...]:
        """A ToolError."""
        raise _nobody()

    async def rename(self, file: FileText, line: int, name: str, new_name: str) -> dict[Path, str]:
        """A ToolError."""
        raise _nobody()

    async def context(self) -> EditorContextResult:
        """A ToolError."""
        raise _nobody()


def _nobody() -> ToolError:
    return ToolError("No editor is there that could be asked.")
