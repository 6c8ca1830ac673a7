"""What language servers say before and after an edit: the difference is told with the edit's result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cass.errors import ToolError
from cass.ports import FileEdit
from cass.ports.ide import Ide
from cass.protocol.editing import Diagnostic

_SETTLE_MS = 1_500
_SETTLE_UNUSED_MS = 250
_SHOWN = 10
_WORST = 2
_WORDS = {1: "error", 2: "warning"}


async def of(ide: Ide, edits: Sequence[FileEdit]) -> tuple[Diagnostic, ...] | None:
    """Errors and warnings of the files that edits touch; None where the editor does not say."""
    if "diagnostics" not in ide.can or not edits:
        return None
    try:
        return await ide.diagnostics(_paths(edits))
    except ToolError:
        return None


async def difference(ide: Ide, edits: Sequence[FileEdit], before: Sequence[Diagnostic] | None) -> str:
    """What is new and what is gone, in words for the model; empty when nothing changed. Waits a moment for the
    language servers, a short one where they said nothing before of any file."""
    if before is None:
        return ""
    try:
        used = bool(before) or bool(await ide.diagnostics([]))
        after = await ide.diagnostics(_paths(edits), _SETTLE_MS if used else _SETTLE_UNUSED_MS)
    except ToolError:
        return ""
    old, new = Counter(map(_key, _bad(before))), Counter(map(_key, _bad(after)))
    left = new - old
    lines: list[str] = []
    for found in sorted(_bad(after), key=lambda d: (d.severity, d.uri, d.range.start.line)):
        if left[_key(found)] > 0:
            left[_key(found)] -= 1
            where = Path(unquote(urlsplit(found.uri).path)).name
            lines.append(f"- {where}:{found.range.start.line + 1}: {_WORDS[found.severity]}: {found.message}")
    gone = (old - new).total()
    if len(lines) > _SHOWN:
        lines = [*lines[:_SHOWN], f"- and {len(lines) - _SHOWN} more"]
    head = ["Problems that this change brought, by the editor:"] if lines else []
    return "\n".join([*head, *lines, *([f"Problems that are gone now: {gone}."] if gone else [])])


def _paths(edits: Sequence[FileEdit]) -> list[Path]:
    return [edit.move_to or edit.path for edit in edits if edit.op != "delete"]


def _bad(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [diagnostic for diagnostic in found if diagnostic.severity <= _WORST]


def _key(found: Diagnostic) -> tuple[str, str, int, str | None]:
    return found.uri, found.message, found.severity, found.source
