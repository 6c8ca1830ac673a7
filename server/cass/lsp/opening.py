"""Opens the house to an editor: documents, features, commands. Loaded only for a client that has documents."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from cass.app import App
from cass.errors import CassError
from cass.lsp import answers
from cass.lsp.abilities import Abilities
from cass.lsp.client import WireClient
from cass.lsp.commands import Commands, folder_of
from cass.lsp.completion import Completions
from cass.lsp.documents import EditorWorkspace
from cass.lsp.editor import Editor
from cass.lsp.features import Features
from cass.lsp.findings import Findings
from cass.lsp.ide import EditorIde
from cass.lsp.mirror import Document
from cass.lsp.plain import PlainClient
from cass.protocol.wire import JsonObject, as_list, as_object
from cass.rpc.endpoint import Endpoint
from cass.rpc.transport import Transport
from cass.sessions.addresses import file_of

_QUIET_SECONDS = 0.1


async def open_editor(
    app: App,
    endpoint: Endpoint,
    transport: Transport,
    client: WireClient,
    params: JsonObject,
    abilities: Abilities,
    root: Path | None,
) -> JsonObject:
    """Serve an editor; the capabilities to answer its `initialize` with."""
    editor = Editor(endpoint, abilities)
    client.editor = editor
    client.findings = findings = Findings(editor)
    Features(app, editor)
    Watch(app, editor)
    Completions(app, editor)
    app.completing.folders = folders_of(params, root)
    served = await editor.initialize(params)
    endpoint.other = editor.take
    saves = app.config.editor.save == "touched"
    app.wrap_workspace = lambda disk: EditorWorkspace(editor, disk, saves=saves)
    app.ide = EditorIde(editor)
    plain = PlainClient(app, editor, transport, folder_of(params) or root, findings)
    if not abilities.commands:
        commands = Commands(app, editor, plain)
        endpoint.serve_raw("workspace/executeCommand", commands.execute)
        served["executeCommandProvider"] = {"commands": commands.names}
    editor.on_cancel = plain.cancelled

    async def content(params: JsonObject) -> object:
        return {"text": await answers.content(app.library, str(params.get("uri")))}

    endpoint.serve_raw("workspace/textDocumentContent", content)
    served["workspace"] = {**as_object(served.get("workspace")), "textDocumentContent": answers.served()}
    return served


def folders_of(params: JsonObject, root: Path | None) -> tuple[Path, ...]:
    """The real paths of all folders that the editor has open."""
    named = [as_object(folder).get("uri") for folder in as_list(params.get("workspaceFolders"))]
    found = [*(file_of(uri) for uri in named if isinstance(uri, str)), root]
    return tuple(dict.fromkeys(Path(os.path.realpath(path)) for path in found if path))


class Watch:
    """Tells the sessions, once the user has stopped typing for a moment, that a file of theirs changed."""

    def __init__(self, app: App, editor: Editor) -> None:
        self._app = app
        self._timers: dict[Path, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        editor.on_change.append(self._changed)

    def _changed(self, document: Document) -> None:
        path = document.file
        if path is None or not any(session.reviews.knows(path) for session in self._app.sessions):
            return
        waiting = self._timers.pop(path, None)
        if waiting:
            waiting.cancel()
        self._timers[path] = asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._tell, path)

    def _tell(self, path: Path) -> None:
        self._timers.pop(path, None)
        task = asyncio.get_running_loop().create_task(self._touch(path))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _touch(self, path: Path) -> None:
        for session in self._app.sessions:
            if session.reviews.knows(path):
                try:
                    await session.reviews.touched(path)
                except CassError:
                    continue
