"""Changing an open document through its editor, and believing only what the text says afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lsprotocol import types

from cass.hunks import changes, split_lines
from cass.lsp.editor import Editor
from cass.lsp.mirror import Document
from cass.protocol.editing import DOCUMENT_SAVE, DocumentSaveResult, DocumentsParams
from cass.protocol.wire import as_object
from cass.rpc.endpoint import RpcError

_ANSWER_SECONDS = 120.0
"""How long an editor may take: some ask their user first."""

_TOLD_SECONDS = 1.0
"""How long an editor has to tell of a change that it said it made."""

_REFUSED_SECONDS = 0.2
_SAVE_SECONDS = 30.0


async def put(editor: Editor, document: Document, before: str, new: str, label: str) -> bool:
    """Have the editor make `new` of the text `before`, in one edit of its present version; whether it did. A
    document that holds another text by now is left alone. What the editor answers is not believed: some say yes to
    edits they refused. A user who types meanwhile is no reason to call it undone."""
    uri = document.uri
    if document.source != before:
        return False  # nothing may be awaited between this look and the sending
    edits = document.edits(new)
    if not edits:
        return True
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=document.version)
    change = types.TextDocumentEdit(text_document=identifier, edits=list(edits))
    document.awaited, document.reached = new, False
    seconds = _TOLD_SECONDS
    if not await _ask(editor, types.WorkspaceEdit(document_changes=[change]), label):
        seconds = _REFUSED_SECONDS
    try:
        async with asyncio.timeout(seconds):
            while not (document.reached or _is_there(before, new, _text(editor, uri))):
                await editor.changed()
    except TimeoutError:
        return document.reached or _is_there(before, new, _text(editor, uri))
    finally:
        document.awaited = None
    return True


async def operate(editor: Editor, operation: types.RenameFile | types.DeleteFile, label: str) -> bool:
    """Have the editor rename or delete a file; whether it says that it did."""
    return await _ask(editor, types.WorkspaceEdit(document_changes=[operation]), label)


async def save(editor: Editor, document: Document) -> str:
    """Have the editor save a document: empty when it did, else why it did not, in words."""
    if not editor.abilities.save:
        return "this editor cannot be told to save"
    try:
        async with asyncio.timeout(_SAVE_SECONDS):
            answer = await editor.endpoint.request(DOCUMENT_SAVE.name, DocumentsParams(uris=(document.uri,)).wire())
        result = DocumentSaveResult.model_validate(answer)
    except TimeoutError:
        return f"the editor did not save within {_SAVE_SECONDS:g} s"
    except (RpcError, ValueError) as error:
        return f"the editor could not save: {error}"
    return next((failed.message or "the editor could not save it" for failed in result.failed), "")


def reload(editor: Editor, documents: Sequence[Document]) -> None:
    """Tell the editor that the files of these documents changed on disk."""
    if editor.abilities.reload and documents:
        params = DocumentsParams(uris=tuple(document.uri for document in documents))
        editor.endpoint.notify("cass/document/reload", params.wire_json())


async def _ask(editor: Editor, edit: types.WorkspaceEdit, label: str) -> bool:
    try:
        answer = await editor.ask(
            "workspace/applyEdit", types.ApplyWorkspaceEditParams(edit=edit, label=label), _ANSWER_SECONDS
        )
    except (RpcError, TimeoutError):
        return False
    return as_object(answer).get("applied") is True


def _text(editor: Editor, uri: str) -> str | None:
    document = editor.at(uri)
    return document.source if document else None


def _is_there(before: str, new: str, now: str | None) -> bool:
    """Whether the text is nearer to the change made than to the change not made."""
    if now is None or now == before:
        return False
    return now == new or _distance(new, now) < _distance(before, now)


def _distance(one: str, other: str) -> int:
    spans = changes(split_lines(one), split_lines(other))
    return sum(span[1] - span[0] + span[3] - span[2] for span in spans)
