"""The handlers: one method of the protocol each, one line of work each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from cass import __version__
from cass.app import App
from cass.lsp import rewinding
from cass.lsp.abilities import read as read_abilities
from cass.lsp.agents import serve_agents
from cass.lsp.client import WireClient
from cass.lsp.deciding import serve_deciding
from cass.lsp.keeping import serve_keeping
from cass.protocol import editing
from cass.protocol import methods as m
from cass.protocol.edits import EditProposal
from cass.protocol.events import StateUpdate
from cass.protocol.wire import JsonObject, Wire, as_object
from cass.rpc.endpoint import Endpoint, RpcError
from cass.rpc.parent import alive
from cass.rpc.transport import Transport
from cass.sessions import context, inspect, review, settled
from cass.sessions.addresses import file_of
from cass.sessions.session import Session

_SESSIONS = ("list", "resume", "delete", "shell", "search", "fork", "setInfo", "export", "import", "prune")


class Server:
    """Serves one client."""

    def __init__(self, app: App, endpoint: Endpoint, transport: Transport, exit: Callable[[int], None]) -> None:
        self._app = app
        self._endpoint = endpoint
        self._transport = transport
        self._client = WireClient(endpoint, transport)
        self._exit = exit
        self.parent: int | None = None
        endpoint.serve_raw("initialize", self._initialize)
        endpoint.serve_raw("initialized", self._nothing)
        endpoint.serve_raw("shutdown", self._shutdown)
        endpoint.serve_raw("exit", self._leave)
        for method, handler in (
            (m.SESSION_NEW, self._new),
            (m.SESSION_RESUME, self._resume),
            (m.SESSION_LIST, self._list),
            (m.SESSION_CLOSE, self._close),
            (m.SESSION_DELETE, self._delete),
            (m.SESSION_PROMPT, self._prompt),
            (m.SESSION_CANCEL, self._cancel),
            (m.SET_CONFIG_OPTION, self._set_option),
            (m.SESSION_SHELL, self._shell),
            (m.EDIT_GET, self._edit_get),
            (m.EDIT_RESOLVE, self._edit_resolve),
            (m.CONTEXT_GET, self._context),
            (m.COMMAND_LIST, self._commands),
            (m.MODELS_LIST, self._models),
            (m.STATUS, self._status),
            (editing.REVIEW_LIST, self._review_list),
            (editing.REVIEW_RESOLVE, self._review_resolve),
            (editing.COMPLETION_GET, self._completion_get),
            (editing.COMPLETION_SET, self._completion_set),
        ):
            endpoint.serve(method, handler)  # pyright: ignore[reportArgumentType]  # each takes its method's params
        rewinding.serve(app, endpoint)
        serve_keeping(app, endpoint)
        serve_deciding(app, endpoint)
        serve_agents(app, endpoint)

    # --- lifecycle ---

    async def close(self) -> None:
        """Stop everything."""
        await self._app.close()

    async def _initialize(self, params: JsonObject) -> object:
        options = as_object(params.get("initializationOptions"))
        self._app.configure(
            editor=as_object(options.get("settings")),
            flags=as_object(options.get("flags")),
            trust="no" if options.get("trust") == "no" else "ask",
        )
        asked = as_object(as_object(as_object(params.get("capabilities")).get("experimental")).get("cass"))
        versions = asked.get("protocolVersions")
        if isinstance(versions, list) and m.PROTOCOL_VERSION not in versions:
            raise RpcError(-32602, f"this server speaks version {m.PROTOCOL_VERSION} of the cass protocol only")
        abilities = read_abilities(params)
        self._client.permission = abilities.permission
        self._client.elicitation = abilities.elicitation
        parent = params.get("processId")
        if isinstance(parent, int) and not isinstance(parent, bool) and parent > 0 and alive(parent):
            self.parent = parent  # one that cannot be seen from here (another container) is not watched
        served: JsonObject = {"positionEncoding": "utf-16"}
        if abilities.is_editor:
            from cass.lsp.opening import open_editor  # only for a client that opens documents: pygls is heavy

            transport, root = self._transport, _root(params)
            served = await open_editor(self._app, self._endpoint, transport, self._client, params, abilities, root)
        self._app.present = _root(params) or self._app.present
        config = self._app.load(_root(params)).config
        shown = {"ui": config.ui.model_dump(mode="json"), "model": config.model, "mode": config.mode}
        cass: JsonObject = {
            "protocolVersion": m.PROTOCOL_VERSION,
            "session": {name: {} for name in _SESSIONS},
            "edit": {"proposals": {}},
            "config": {**shown, "approval": config.approval},
        }
        return {
            "capabilities": {**served, "experimental": {"cass": cass}},
            "serverInfo": {"name": "cass", "version": __version__},
        }

    async def _nothing(self, params: JsonObject) -> object:
        return None

    async def _shutdown(self, params: JsonObject) -> object:
        await self._app.library.close_all()
        self._endpoint.state = "shutdown"
        return None

    async def _leave(self, params: JsonObject) -> object:
        self._exit(0 if self._endpoint.state == "shutdown" else 1)
        return None

    # --- sessions ---

    async def _new(self, params: m.SessionNewParams) -> Wire:
        session = self._app.library.new(params, self._client)
        self._app.warm(session.model_name)
        return m.SessionNewResult(
            session_id=session.session_id,
            config_options=session.config_options(),
            commands=self._app.library.commands(),
        )

    async def _resume(self, params: m.SessionResumeParams) -> Wire:
        session = await self._app.library.resume(params, self._client)
        self._app.warm(session.model_name)
        return m.SessionResumeResult(
            session_id=session.session_id,
            seq=session.stream.seq,
            state=session.stream.state.state,
            cwd=str(session.cwd),
            config_options=session.config_options(),
            commands=self._app.library.commands(),
        )

    async def _list(self, params: m.SessionListParams) -> Wire:
        return await asyncio.to_thread(self._app.library.list, params)

    async def _close(self, params: m.SessionParams) -> Wire:
        await self._app.library.close(params.session_id)
        return m.Empty()

    async def _delete(self, params: m.SessionParams) -> Wire:
        await self._app.library.delete(params.session_id)
        return m.Empty()

    async def _prompt(self, params: m.PromptParams) -> Wire:
        session = self._session(params.session_id)
        turn_id, message_id = session.work.prompt(params)
        if not params.wait:
            return m.PromptResult(turn_id=turn_id, message_id=message_id)
        try:
            end = await session.work.finished(turn_id)
        except asyncio.CancelledError:
            session.work.cancel(turn_id)
            end = await session.work.finished(turn_id)
        return _ended(session, end, turn_id, message_id)

    async def _cancel(self, params: m.CancelParams) -> None:
        self._session(params.session_id).work.cancel(params.turn_id)

    async def _set_option(self, params: m.SetConfigOptionParams) -> Wire:
        session = self._session(params.session_id)
        session.set_option(params.config_id, params.value)
        return m.ConfigOptionsResult(config_options=session.config_options())

    async def _shell(self, params: m.ShellParams) -> Wire:
        return await inspect.shell(self._session(params.session_id), params.command)

    # --- edits and questions ---

    async def _edit_get(self, params: m.EditGetParams) -> Wire:
        return m.EditGetResult(proposal=self._owner(params.proposal_id)[1])

    async def _edit_resolve(self, params: m.EditResolveParams) -> Wire:
        return await review.resolve(self._owner(params.proposal_id)[0], params)

    async def _review_list(self, params: editing.ReviewListParams) -> Wire:
        return await self._session(params.session_id).reviews.list(params.uri)

    async def _review_resolve(self, params: editing.ReviewResolveParams) -> Wire:
        return await self._session(params.session_id).reviews.resolve(params)

    async def _completion_get(self, params: editing.CompletionGetParams) -> Wire:
        completing = self._app.completing
        return await completing.status(params.language_id, completing.place(params.session_id, params.cwd))

    async def _completion_set(self, params: editing.CompletionSetParams) -> Wire:
        place = self._app.completing.set(params)
        return await self._app.completing.status(params.language_id, place)

    async def _context(self, params: m.SessionParams) -> Wire:
        return await context.context(self._session(params.session_id))

    async def _commands(self, params: m.CommandListParams) -> Wire:
        if params.session_id is None:
            return m.CommandListResult(commands=self._app.library.commands())
        found = await self._session(params.session_id).brought.commands()
        return m.CommandListResult(commands=tuple(c.available() for _, c in sorted(found.items()) if c.offered))

    async def _models(self, params: m.Empty) -> Wire:
        return await self._app.list_models()

    async def _status(self, params: m.Empty) -> Wire:
        return await self._app.status(os.getpid())

    def _session(self, session_id: str) -> Session:
        return self._app.library.get(session_id)

    def _owner(self, proposal_id: str) -> tuple[Session, EditProposal]:
        for session in self._app.library.sessions:
            if proposal := settled.find(session.stream, proposal_id):
                return session, proposal
        raise RpcError(-32803, f"there is no proposal {proposal_id[:80]}", {"kind": "proposal_not_found"})


def _ended(session: Session, end: StateUpdate, turn_id: str, message_id: str) -> m.PromptResult:
    return m.PromptResult(
        turn_id=turn_id,
        message_id=message_id,
        stop_reason=end.stop_reason,
        text=inspect.last_text(session, turn_id),
        usage=end.usage,
        error=end.error.wire() if end.error else None,
    )


def _root(params: JsonObject) -> Path | None:
    """The folder that the client works in; None when it names none here."""
    path = file_of(str(params.get("rootUri") or ""))
    return path if path and path.is_dir() else None
