"""Findings of a review as diagnostics: any editor shows them where they are, without a plug-in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from cass.lsp.editor import Editor
from cass.protocol.custom import Finding, FindingsUpdate

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}
_BIGGEST = 5_000_000
"""Bytes of a file that is looked into for the length of a line."""


class Findings:
    """What one editor was told. Diagnostics replace each other file by file, so that those of all sessions and sources
    are told together."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._told: dict[tuple[str, str], tuple[Finding, ...]] = {}

    def take(self, session_id: str, event: FindingsUpdate) -> None:
        """Tell what is there now, for every file that it changes for."""
        before = self._told.pop((session_id, event.source), ())
        if event.findings:
            self._told[session_id, event.source] = event.findings
        for path in dict.fromkeys(finding.path for finding in (*before, *event.findings)):
            uri = self._editor.address(Path(path))
            rows = self._rows(uri, Path(path))
            shown = [
                _diagnostic(finding, source, rows)
                for (_, source), findings in self._told.items()
                for finding in findings
                if finding.path == path
            ]
            params = types.PublishDiagnosticsParams(uri=uri, diagnostics=shown)
            self._editor.tell("textDocument/publishDiagnostics", params)

    def _rows(self, uri: str, path: Path) -> Sequence[str]:
        document = self._editor.at(uri)
        if document is not None:
            return document.rows
        try:
            return path.read_text("utf-8").splitlines() if path.stat().st_size <= _BIGGEST else ()
        except (OSError, UnicodeDecodeError):
            return ()


def _diagnostic(finding: Finding, source: str, rows: Sequence[str]) -> types.Diagnostic:
    first, last = finding.line - 1, finding.end_line - 1
    begin = rows[first] if first < len(rows) else ""
    end = rows[last].rstrip("\r\n") if last < len(rows) else ""
    place = types.Range(
        start=types.Position(line=first, character=len(begin) - len(begin.lstrip())),
        end=types.Position(line=last, character=len(end.encode("utf-16-le")) // 2),
    )
    return types.Diagnostic(
        range=place,
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        source=f"cass {source}",
        code=finding.code or None,
    )
