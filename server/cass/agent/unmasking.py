"""Calls of a model that read masked text: in edits the secrets are put back, and a placeholder goes nowhere else.

The model never held the secret, so it can only name its placeholder. In an edit of a file each placeholder stands for
what it stood for in that file; a command or a search is refused, for nothing could come of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from cass.agent.context import CallContext
from cass.agent.desk import Desk
from cass.errors import ToolError
from cass.ports import Action, FileEdit, Files, FileText, Listing, SearchQuery, SearchResult, Tool
from cass.protocol.messages import ToolCall
from cass.protocol.secrets import PLACEHOLDER, Masker
from cass.protocol.wire import as_list, as_object

_EDITS = ("edit", "delete", "move")


async def prepare(desk: Desk, tool: Tool, params: BaseModel, call: ToolCall, turn_id: str) -> Action:
    """What the call would do. Where its arguments hold placeholders, the tool works on the masked text of the files,
    as the model does, and the secrets are put back into what comes out. ToolError where that cannot be."""
    given = _strings(call.arguments)
    if not any(PLACEHOLDER.search(text) for text in given):
        return await tool.prepare(params, CallContext(desk, call.id, turn_id))
    if tool.kind in ("execute", "search", "fetch"):
        raise ToolError(
            f"{_first(given)} is a placeholder: the secret itself was masked before you read it. "
            "Let the program read the secret on its own, from its variable or file."
        )
    if tool.kind not in _EDITS:
        return await tool.prepare(params, CallContext(desk, call.id, turn_id))
    view = _Masked(desk.ledger.view, desk.masker)
    masked = tool.params.model_validate(desk.masker.tree(call.arguments))
    action = await tool.prepare(masked, CallContext(desk, call.id, turn_id, view))
    edits = [_with_secrets(desk.masker, edit, view.real.get(edit.path), given) for edit in action.edits]
    return replace(action, edits=tuple(edits))


def whole(masker: Masker, edits: Sequence[FileEdit]) -> tuple[FileEdit, ...]:
    """The edits that a user decided about, with all secrets put back. ToolError for one that would write a
    placeholder."""
    out: list[FileEdit] = []
    for edit in edits:
        text, left = masker.recall(edit.new_text or "", edit.base.text if edit.base else "")
        if left:
            raise _refused(edit, left)
        out.append(edit if edit.new_text is None else replace(edit, new_text=text))
    return tuple(out)


def _with_secrets(masker: Masker, edit: FileEdit, base: FileText | None, given: Sequence[str]) -> FileEdit:
    if edit.new_text is None:
        return replace(edit, base=base)
    text, left = masker.restore(edit.new_text, base.text if base else "", *given)
    if left:
        raise _refused(edit, left)
    return replace(edit, base=base, new_text=text)


def _refused(edit: FileEdit, left: Sequence[str]) -> ToolError:
    return ToolError(
        f"{left[0]} stands for a secret that {edit.path} does not hold, so it cannot be written there. "
        "Leave it out and tell the user which value belongs where."
    )


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = list(as_object(value).values()) or as_list(value)
    return [text for item in inner for text in _strings(item)]


def _first(given: Sequence[str]) -> str:
    return next(match[0] for text in given if (match := PLACEHOLDER.search(text)))


class _Masked(Files):
    """The files as the model read them: masked. `real` are those that were read, as they are."""

    def __init__(self, files: Files, masker: Masker) -> None:
        self._files = files
        self._masker = masker
        self.real: dict[Path, FileText] = {}

    @property
    def roots(self) -> tuple[Path, ...]:
        return self._files.roots

    def resolve(self, path: str) -> Path:
        return self._files.resolve(path)

    def inside(self, path: Path) -> bool:
        return self._files.inside(path)

    async def read(self, path: Path) -> FileText:
        found = await self._files.read(path)
        self.real[found.path] = self.real[path] = found
        return replace(found, text=self._masker.text(found.text))

    async def read_bytes(self, path: Path, limit: int) -> bytes:
        return await self._files.read_bytes(path, limit)

    async def files(self, folder: Path, *, glob: str = "", depth: int = 0, limit: int = 100_000) -> Listing:
        return await self._files.files(folder, glob=glob, depth=depth, limit=limit)

    async def search(self, query: SearchQuery) -> SearchResult:
        return await self._files.search(query)
