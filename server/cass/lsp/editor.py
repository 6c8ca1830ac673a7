"""The editor behind the wire: pygls keeps the open documents and LSP's features, our endpoint keeps the wire.

Loaded only for a client that opens documents.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.workspace.position_codec import PositionCodec

from cass import __version__
from cass.errors import ToolError
from cass.lsp.abilities import Abilities
from cass.lsp.mirror import Document, Mirror
from cass.protocol.wire import JsonObject, as_object
from cass.rpc.endpoint import INTERNAL, INVALID_PARAMS, Endpoint, RpcError
from cass.workspace.disk import TEXT_LIMIT
from cass.workspace.encoding import decode
from cass.workspace.reading import read_file

_INITIALIZE = "cass-initialize"
_LED_SECONDS = 1.0
_LED_FILES = 2_000

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

    @property
    def converter(self) -> Any:
        """lsprotocol's converter; pygls offers no other way to it."""
        return self._converter


class Editor:
    """One editor: its documents, and the features of LSP that are served to it."""

    def __init__(self, endpoint: Endpoint, abilities: Abilities) -> None:
        self.endpoint = endpoint
        self.abilities = abilities
        self._server = LanguageServer(
            "cass",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=_Protocol,
        )
        self._server.report_server_error = _report  # its own tells the user of every stray message
        self._protocol = cast("_Protocol", self._server.protocol)
        self._protocol.out = self._out
        self._features: set[str] = set()
        self._initialized: asyncio.Future[JsonObject] | None = None
        self._changed = asyncio.Event()
        self._led_to: dict[Path, tuple[float, Path]] = {}
        self._asked_of: ContextVar[int | None] = ContextVar("asked_of", default=None)
        self.on_change: list[Callable[[Document], None]] = []
        self.on_cancel: Callable[[object], None] = lambda token: None
        self._listen(types.INITIALIZE, self._use_mirror)
        self._listen(types.TEXT_DOCUMENT_DID_OPEN, self._opened)
        self._listen(types.TEXT_DOCUMENT_DID_CHANGE, self._edited)
        self._listen(types.TEXT_DOCUMENT_DID_SAVE, self._saved)

    def feature(self, name: str, handler: Callable[[Any], Awaitable[object]], options: object = None) -> None:
        """Serve a request of LSP, in lsprotocol's types. Before `initialize` only."""

        async def served(params: Any) -> object:
            return await handler(params)

        self._server.feature(name, options)(served)
        self._features.add(name)

    async def initialize(self, params: JsonObject) -> JsonObject:
        """Hand the editor's `initialize` to pygls; the capabilities it answers with."""
        self._initialized = asyncio.get_running_loop().create_future()
        try:
            self._protocol.take({"jsonrpc": "2.0", "id": _INITIALIZE, "method": "initialize", "params": params})
            async with asyncio.timeout(5):
                return await self._initialized
        except (JsonRpcException, TimeoutError) as error:
            raise RpcError(INVALID_PARAMS, "these initialize parameters are not LSP's") from error

    def take(self, message: JsonObject) -> bool:
        """A message that is not cass's own: whether it was taken. Requests that nothing serves are not."""
        if message.get("method") == "window/workDoneProgress/cancel":
            self.on_cancel(cast("JsonObject", message.get("params") or {}).get("token"))
            return True
        if "id" in message and not self._serves(str(message.get("method"))):
            return False
        self._asked_of.set(self._version(message))
        try:
            self._protocol.take(message)
        except JsonRpcException as error:
            log.warning("%s was not understood: %s", message.get("method"), error)
            if "id" in message:
                self._out({"id": message["id"], "error": {"code": INVALID_PARAMS, "message": "wrong parameters"}})
        except KeyError as error:
            log.warning("%s is about a document that is not open: %s", message.get("method"), error)
        return True

    @property
    def asked_of(self) -> int | None:
        """In a request: the version that its document had when the request came. What the editor said after it may
        have been heard by the time that the request is looked at."""
        return self._asked_of.get()

    @property
    def documents(self) -> Iterable[Document]:
        """The open ones."""
        return tuple(cast("dict[str, Document]", self._server.workspace.text_documents).values())

    def document(self, path: Path) -> Document | None:
        """The open document for a file, also where the editor knows it by another way through links. Of several the
        one with unsaved changes, then the one that has this very name."""
        shown = self.views(path)
        if len(shown) < 2:
            return shown[0] if shown else None
        return min(shown, key=lambda document: (not document.is_dirty, document.file != path))

    def views(self, path: Path) -> Sequence[Document]:
        """All open documents that show a file: usually one, more where the editor has it open by several names."""
        mirror = self._server.workspace
        return mirror.views(self._real(path)) if isinstance(mirror, Mirror) and mirror.has_files else ()

    def address(self, path: Path) -> str:
        """The URI that the editor knows a file by."""
        document = self.document(path)
        return document.uri if document else path.as_uri()

    def _real(self, path: Path) -> Path:
        """Links followed. Looked up again after a moment only: this is asked of every file that a model knows."""
        now = time.monotonic()
        known = self._led_to.get(path)
        if known is None or now - known[0] > _LED_SECONDS:
            if len(self._led_to) >= _LED_FILES:
                self._led_to.clear()
            known = self._led_to[path] = now, Path(os.path.realpath(path))
        return known[1]

    def at(self, uri: str) -> Document | None:
        """The open document with this address."""
        found = self._server.workspace.get_text_document(uri)
        return found if isinstance(found, Document) and any(d is found for d in self.documents) else None

    @property
    def codec(self) -> PositionCodec:
        """The editor's position encoding."""
        return self._server.workspace.position_codec

    async def changed(self) -> None:
        """Wait until the editor tells of a change."""
        await self._changed.wait()

    async def ask(self, method: str, params: object, seconds: float) -> object:
        """Put a request of LSP, `params` in lsprotocol's types. RpcError for a refusal; TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self.endpoint.request(
                method, cast("JsonObject", self._protocol.converter.unstructure(params))
            )

    def tell(self, method: str, params: object) -> None:
        """Send a notification of LSP."""
        self.endpoint.notify(method, json.dumps(self._protocol.converter.unstructure(params)))

    def _listen(self, name: str, listener: Callable[[Any], None]) -> None:
        def told(params: Any) -> None:
            listener(params)

        self._server.feature(name)(told)

    def _version(self, message: JsonObject) -> int | None:
        uri = as_object(as_object(message.get("params")).get("textDocument")).get("uri")
        return next((d.version for d in self.documents if d.uri == uri), None) if "id" in message else None

    def _serves(self, method: str) -> bool:
        return method in self._features

    def _use_mirror(self, params: types.InitializeParams) -> None:
        made = self._server.workspace
        self._protocol._workspace = Mirror(  # pyright: ignore[reportPrivateUsage]  # pygls has no way to give one
            made.root_uri,
            types.TextDocumentSyncKind.Incremental,
            tuple(made.folders.values()),
            made.position_encoding,
        )

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        document = self.at(params.text_document.uri)
        if document and document.file:
            document.origin = _on_disk(document.file)
        self._wake()

    def _edited(self, params: types.DidChangeTextDocumentParams) -> None:
        document = self.at(params.text_document.uri)
        if document:
            document.version = params.text_document.version  # pygls overlooks the one of an empty list of changes
        for listener in self.on_change if document else ():
            listener(cast("Document", document))
        self._wake()

    def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        document = self.at(params.text_document.uri)
        if document:
            document.origin = document.source
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _out(self, message: JsonObject) -> None:
        """What pygls sends: the answer to `initialize` is ours, other answers are the editor's."""
        if message.get("id") == _INITIALIZE:
            self._settle(message.get("result"))
        elif "method" not in message:
            error = message.get("error")
            if isinstance(error, dict) and cast("JsonObject", error).get("code") == INTERNAL:
                message = {**message, "error": {"code": INTERNAL, "message": "cass met a fault of its own"}}
            self.endpoint.send({"jsonrpc": "2.0", **message})
        elif "id" not in message:
            self.endpoint.send(message)

    def _settle(self, result: object) -> None:
        if self._initialized is None or self._initialized.done():
            return
        if isinstance(result, dict):
            self._initialized.set_result(cast("JsonObject", cast("JsonObject", result).get("capabilities") or {}))
        else:
            self._initialized.set_exception(RpcError(INVALID_PARAMS, "these initialize parameters are not LSP's"))


def _on_disk(path: Path) -> str | None:
    """What the file holds at this moment; None where it holds no text."""
    try:
        data, _ = read_file(path, path.name, TEXT_LIMIT)
        return decode(data, path.name).text
    except ToolError:
        return None


def _report(error: Exception, source: object) -> None:
    log.error("pygls: %s", error)
