"""The editor behind the wire: pygls keeps the open documents, our endpoint keeps the wire.

Loaded only for a client that opens documents. Whole-document sync is asked for, so that no line end is ever guessed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.workspace import TextDocument

from cass import __version__
from cass.protocol.wire import JsonObject
from cass.rpc.endpoint import INVALID_PARAMS, Endpoint, RpcError

_CHANGE_SECONDS = 1.0
"""How long an editor has to tell of a change that it said it made."""

log = logging.getLogger(__name__)


class _Protocol(LanguageServerProtocol):
    """pygls, fed by our endpoint: it structures what it is given and sends through us."""

    out: Callable[[JsonObject], None]

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Leave nested objects alone; the whole message is structured by `take`."""
        return data

    def take(self, message: JsonObject) -> None:
        """One message for pygls."""
        self.handle_message(cast("Any", super().structure_message(message)))

    def _send_data(self, data: Any) -> None:
        self.out(json.loads(json.dumps(data, default=self._serialize_message)))


class Editor:
    """One editor's documents."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._server = LanguageServer(
            "cass", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full, protocol_cls=_Protocol
        )
        self._server.report_server_error = _report  # its own tells the user of every stray message
        self._protocol = cast("_Protocol", self._server.protocol)
        self._protocol.out = self._out
        self._initialized: asyncio.Future[JsonObject] | None = None
        self._changed = asyncio.Event()
        self.can_edit = False

    async def initialize(self, params: JsonObject) -> JsonObject:
        """Hand the editor's `initialize` to pygls; the capabilities it answers with."""
        self._initialized = asyncio.get_running_loop().create_future()
        workspace = cast("JsonObject", cast("JsonObject", params.get("capabilities") or {}).get("workspace") or {})
        self.can_edit = bool(workspace.get("applyEdit"))
        try:
            self._protocol.take({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
            async with asyncio.timeout(5):
                return await self._initialized
        except JsonRpcException as error:
            raise RpcError(INVALID_PARAMS, "these initialize parameters are not LSP's") from error

    def take(self, message: JsonObject) -> bool:
        """A message that is not cass's own: whether it was taken. Requests of LSP that cass does not serve are not."""
        if "id" in message:
            return False
        try:
            self._protocol.take(message)
        except JsonRpcException as error:
            log.warning("%s was not understood: %s", message.get("method"), error)
        self._changed.set()
        self._changed = asyncio.Event()
        return True

    def document(self, path: Path) -> TextDocument | None:
        """The open document for a file."""
        for document in self._server.workspace.text_documents.values():
            if document.path and Path(document.path) == path:
                return document
        return None

    async def replace(self, document: TextDocument, edits: list[types.TextEdit], expected: str, label: str) -> bool:
        """Have the editor change an open document: whether it holds the expected text afterwards. What the editor
        answers is not believed: some say yes to edits they refused."""
        version = document.version
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=version)
        change = types.TextDocumentEdit(text_document=identifier, edits=list(edits))
        params = types.ApplyWorkspaceEditParams(edit=types.WorkspaceEdit(document_changes=[change]), label=label)
        converter = self._protocol._converter  # pyright: ignore[reportPrivateUsage]  # pygls offers no other
        try:
            await self._endpoint.request("workspace/applyEdit", cast("JsonObject", converter.unstructure(params)))
            async with asyncio.timeout(_CHANGE_SECONDS):
                while self._text(document.uri) != expected:
                    await self._changed.wait()
        except (RpcError, TimeoutError):
            return self._text(document.uri) == expected
        return True

    def units(self, text: str) -> int:
        """The length of a line's text in the editor's units."""
        return self._server.workspace.position_codec.client_num_units(text)

    def _text(self, uri: str) -> str | None:
        document = self._server.workspace.text_documents.get(uri)
        return document.source if document else None

    def _out(self, message: JsonObject) -> None:
        if self._initialized and message.get("id") == 0 and "method" not in message:
            result = message.get("result")
            if isinstance(result, dict):
                self._initialized.set_result(
                    cast("JsonObject", cast("JsonObject", result).get("capabilities") or {})
                )
            else:
                self._initialized.set_exception(
                    RpcError(INVALID_PARAMS, "these initialize parameters are not LSP's")
                )
        elif "method" in message and "id" not in message:
            self._endpoint.send(message)


def _report(error: Exception, source: object) -> None:
    log.error("pygls: %s", error)
