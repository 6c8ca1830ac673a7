"""The handlers: one method of ACP v1 each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from cass import __version__
from cass.acp import modes, prompts, saying, words
from cass.acp.abilities import Abilities
from cass.acp.client import AcpClient
from cass.acp.files import ClientWorkspace
from cass.app import App
from cass.errors import CassError, SessionError
from cass.layers import Tree
from cass.ports import Workspace
from cass.protocol import methods as m
from cass.protocol.events import StateUpdate
from cass.protocol.wire import JsonObject, Wire
from cass.rpc.endpoint import AUTH_REQUIRED, FAILED, INVALID_REQUEST, Dialect, Endpoint, RpcError
from cass.sessions.session import Session

_CATALOG_SECONDS = 20.0
_MODELS = 500
"""The most models that a client is given to choose from."""

RESOURCE_NOT_FOUND = -32002

DIALECT = Dialect("$/cancel_request", "requestId", INVALID_REQUEST, {"session_not_found": RESOURCE_NOT_FOUND})

SIGN_IN = "cass-setup"

log = logging.getLogger(__name__)


class Server:
    """Serves one ACP client."""

    def __init__(self, app: App, endpoint: Endpoint, client: AcpClient, flags: Tree) -> None:
        self._app = app
        self._endpoint = endpoint
        self._client = client
        self._flags = flags
        self.parent: int | None = None
        self._catalog: asyncio.Task[None] | None = None
        endpoint.serve_raw("initialize", self._initialize)
        for method, handler in (
            (words.AUTHENTICATE, self._authenticate),
            (words.NEW, self._new),
            (words.LOAD, self._load),
            (words.RESUME, self._resume),
            (words.LIST, self._list),
            (words.CLOSE, self._close),
            (words.DELETE, self._delete),
            (words.PROMPT, self._prompt),
            (words.CANCEL, self._cancel),
            (words.SET_MODE, self._set_mode),
            (words.SET_OPTION, self._set_option),
        ):
            endpoint.serve(method, handler)  # pyright: ignore[reportArgumentType]  # each takes its method's params

    async def close(self) -> None:
        """Stop everything."""
        if self._catalog:
            self._catalog.cancel()
        await self._app.close()

    async def _initialize(self, params: JsonObject) -> object:
        """Version 1 is spoken, whatever the client would like to speak besides: it may hang up."""
        try:
            asked = words.InitializeParams.model_validate(params)
        except ValueError:
            self._endpoint.state = "new"  # such a client may try again
            raise
        self._app.configure(editor={}, flags=self._flags)
        can = self._client.abilities = Abilities.of(asked.client_capabilities)
        if can.read_files:
            self._app.wrap_workspace = self._wrapped
        return {
            "protocolVersion": words.VERSION,
            "agentInfo": {"name": "cass", "title": "cass", "version": __version__},
            "agentCapabilities": {
                "loadSession": True,
                "promptCapabilities": {"image": True, "embeddedContext": True},
                "mcpCapabilities": {"http": True, "sse": True},
                "sessionCapabilities": {
                    "list": {},
                    "delete": {},
                    "resume": {},
                    "close": {},
                    "additionalDirectories": {},
                },
                "_meta": {"cass": {"hunks": {}}},
            },
            "authMethods": [_sign_in()] if can.terminal_sign_in else [],
        }

    async def _authenticate(self, params: words.AuthenticateParams) -> Wire:
        """There is nothing to sign in to but the provider. Its key is given in a terminal or the environment."""
        try:
            await self._app.models.default()
        except CassError as error:
            raise RpcError(AUTH_REQUIRED, str(error), {"kind": "auth_required"}) from None
        return words.Done()

    # --- sessions ---

    async def _new(self, params: words.NewParams) -> Wire:
        folders = params.additional_directories or ()
        asked = m.SessionNewParams(cwd=params.cwd, additional_directories=folders, mcp_servers=params.servers())
        session = self._app.library.new(asked, self._client)
        return self._opened(session, params, session.session_id)

    async def _load(self, params: words.ReopenParams) -> Wire:
        with self._client.replaying(params.session_id):
            session = await self._reopen(params, m.ReplayFromStart())
        return self._opened(session, params, None)

    async def _resume(self, params: words.ReopenParams) -> Wire:
        return self._opened(await self._reopen(params, None), params, None)

    async def _reopen(self, params: words.ReopenParams, replay: m.ReplayFromStart | None) -> Session:
        asked = m.SessionResumeParams(
            session_id=params.session_id,
            cwd=params.cwd,
            additional_directories=params.additional_directories or (),
            replay_from=replay,
            mcp_servers=params.servers(),
        )
        try:
            return await self._app.library.resume(asked, self._client)
        except CassError:
            self._client.forget(params.session_id)
            raise

    def _opened(self, session: Session, params: words.NewParams, session_id: str | None) -> Wire:
        """The answer for an open session. What happened in it is told after this answer is on the wire, which it is
        when the loop comes round."""
        values = session.config_options()
        self._client.begin(session.session_id, modes.current(values))
        asyncio.get_running_loop().call_soon(self._client.release, session.session_id)
        self._app.warm(session.model_name)
        if self._catalog is None and not session.model_name.startswith("scripted/"):
            self._catalog = asyncio.get_running_loop().create_task(self._list_models())
        shown = modes.options(values, self._client.models)
        return words.Opened(session_id=session_id, modes=modes.modes(values), config_options=shown)

    async def _list(self, params: words.ListParams) -> Wire:
        wanted = m.SessionListParams(cwd=params.cwd, cursor=params.cursor)
        found = await asyncio.to_thread(self._app.library.list, wanted)
        entries = (
            words.SessionEntry(
                session_id=info.session_id, cwd=info.cwd, title=info.title or None, updated_at=info.updated_at
            )
            for info in found.sessions
        )
        return words.Listed(sessions=tuple(entries), next_cursor=found.next_cursor)

    async def _close(self, params: words.SessionParams) -> Wire:
        await self._app.library.close(params.session_id)
        self._client.forget(params.session_id)
        return words.Done()

    async def _delete(self, params: words.SessionParams) -> Wire:
        await self._app.library.delete(params.session_id)
        self._client.forget(params.session_id)
        return words.Done()

    # --- turns ---

    async def _prompt(self, params: words.PromptParams) -> Wire:
        """Answered when the turn is over. One that comes while another turn runs waits for its end."""
        session = self._app.library.get(params.session_id)
        blocks = prompts.blocks(params.prompt)
        turn_id, _ = session.work.prompt(m.PromptParams(session_id=params.session_id, prompt=blocks))
        try:
            end = await session.work.finished(turn_id)
        except asyncio.CancelledError:
            session.work.cancel(turn_id)
            end = await session.work.finished(turn_id)
        return self._ended(session, end)

    def _ended(self, session: Session, end: StateUpdate) -> words.Ended:
        reason = end.stop_reason or "end_turn"
        if reason != "error":
            return words.Ended(stop_reason=reason)
        if end.error is None:
            raise RpcError(FAILED, "the turn failed", {"kind": "internal"})
        failure = CassError(end.error.message, hint=end.error.hint or "", kind=end.error.kind)
        said = self._endpoint.failed(failure)
        nothing_to_ask = end.error.kind == "config_error" and not session.model_name
        code = AUTH_REQUIRED if nothing_to_ask else said.code  # so that clients offer to set a model up
        raise RpcError(code, str(failure), said.data)  # clients show the message alone, so the hint is in it

    async def _cancel(self, params: words.SessionParams) -> None:
        try:
            self._app.library.get(params.session_id).work.cancel()
        except SessionError:
            log.info("a cancel for a session that is not open")

    # --- options ---

    async def _set_mode(self, params: words.ModeParams) -> Wire:
        session = self._app.library.get(params.session_id)
        for id, value in modes.settings_of(params.mode_id).items():
            session.set_option(id, value)
        return words.Done()

    async def _set_option(self, params: words.OptionParams) -> Wire:
        session = self._app.library.get(params.session_id)
        session.set_option(params.config_id, modes.value_of(params.config_id, params.value))
        return words.Options(config_options=modes.options(session.config_options(), self._client.models))

    async def _list_models(self) -> None:
        """Look up which models there are, beside everything else, and tell those who choose one."""
        try:
            async with asyncio.timeout(_CATALOG_SECONDS):
                found = await self._app.list_models()
        except (CassError, TimeoutError) as error:
            log.info("the models could not be listed: %s", error)
            return
        self._client.offer(tuple(model.name for model in found.models)[:_MODELS])
        for session in self._app.library.sessions:
            shown = modes.options(session.config_options(), self._client.models)
            self._client.say(session.session_id, (saying.OptionsNow(config_options=shown),))

    # --- files ---

    def _wrapped(self, disk: Workspace) -> Workspace:
        return ClientWorkspace(self._client, disk, self._session_of)

    def _session_of(self, workspace: Workspace) -> str | None:
        owners: Sequence[str] = [s.session_id for s in self._app.library.sessions if s.workspace is workspace]
        return owners[0] if owners else None


def _sign_in() -> JsonObject:
    return {
        "id": SIGN_IN,
        "type": "terminal",
        "name": "Set up a model",
        "description": "Choose a provider and give its key, in a terminal.",
        "args": ["--setup"],
    }
