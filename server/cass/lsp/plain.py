"""An editor without a plug-in as a client: progress, messages and documents are all that it needs to show."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from pathlib import Path

from lsprotocol import types

from cass.app import App
from cass.errors import SessionError
from cass.lsp import answers, asking
from cass.lsp.editor import Editor
from cass.lsp.findings import Findings
from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.custom import FindingsUpdate
from cass.protocol.events import AgentMessage, Event, Notice, StateUpdate, ToolCallUpdate
from cass.protocol.methods import SessionListParams, SessionNewParams, SessionResumeParams
from cass.protocol.reviewing import ReviewUpdate
from cass.rpc.endpoint import RpcError
from cass.rpc.transport import Transport
from cass.sessions import inspect
from cass.sessions.addresses import file_of
from cass.sessions.session import Session

_LEVELS = {
    "info": types.MessageType.Info,
    "warning": types.MessageType.Warning,
    "error": types.MessageType.Error,
}


class PlainClient:
    """`ports.Client` for an editor that knows nothing of cass, and the one session that it works in."""

    def __init__(
        self, app: App, editor: Editor, transport: Transport, root: Path | None, findings: Findings
    ) -> None:
        self._app = app
        self._editor = editor
        self._transport = transport
        self._findings = findings
        self._root = root
        self._session: Session | None = None
        self._opening = asyncio.Lock()
        self._tokens = (f"cass-{number}" for number in itertools.count(1))
        self._token: str | None = None
        self._begun = False
        self._doing = ""
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the session ---

    @property
    def current(self) -> Session | None:
        """The session, once there is one."""
        return self._session

    async def session(self, uri: str | None) -> Session:
        """The session: the newest of this folder, where no other process has it, else a new one."""
        async with self._opening:
            if self._session is None or self._session not in tuple(self._app.library.sessions):
                cwd = self._root or _folder(uri)
                self._session = await self._resumed(cwd) or self._app.library.new(
                    SessionNewParams(cwd=str(cwd)), self
                )
            return self._session

    async def fresh(self, uri: str | None) -> Session:
        """A new session in the place of the present one."""
        old = self._session
        made = self._session = self._app.library.new(SessionNewParams(cwd=str(self._root or _folder(uri))), self)
        if old and old in tuple(self._app.library.sessions):
            await self._app.library.close(old.session_id)
        return made

    async def _resumed(self, cwd: Path) -> Session | None:
        listed = await asyncio.to_thread(self._app.library.list, SessionListParams(cwd=str(cwd), limit=5))
        for known in listed.sessions:
            try:
                return await self._app.library.resume(SessionResumeParams(session_id=known.session_id), self)
            except SessionError:
                continue  # another window works in it
        return None

    # --- what the core tells and asks (ports.Client) ---

    @property
    def can_decide(self) -> bool:
        """Any editor can show a message with buttons."""
        return True

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """Tell about an event, as far as LSP has words for it."""
        match event:
            case StateUpdate(state="running") if event.turn_id and self._token is None:
                self._token, self._begun, self._doing = next(self._tokens), False, "working"
                self._start(self._begin(self._token))
            case StateUpdate(state="idle"):
                self._end(event)
            case ToolCallUpdate(status="in_progress") if event.title:
                self._report(event.title)
            case AgentMessage():
                self._report("thinking")
            case Notice(level="warning" | "error"):
                asking.message(self._editor, f"cass: {event.text}", _LEVELS[event.level])
            case FindingsUpdate():
                self._findings.take(session_id, event)
            case ReviewUpdate():
                self.refresh()
            case _:
                pass

    async def drain(self) -> None:
        """Wait while the editor is far behind."""
        await self._transport.drain()

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask with a message."""
        return await asking.permission(self._editor, ask)

    async def elicit(self, question: ElicitationParams) -> ElicitationResult | None:
        """Put a question that has fixed answers."""
        return await asking.elicit(self._editor, question)

    def refresh(self) -> None:
        """Have the lenses asked for again."""
        if self._editor.abilities.lens_refresh:
            self._start(self._refresh())

    async def show(self, name: str, words: str) -> None:
        """Open a document; say where it is where the editor cannot be told to open one."""
        session = self._session
        if session is None:
            return
        path = answers.write(self._app.places.data, session, name, words)
        if not await asking.show(self._editor, path):
            short = words if len(words) <= 1_000 else f"{words[:1_000]} ..."
            asking.message(self._editor, f"{short}\n\n(all of it: {path})")

    # --- progress ---

    async def _begin(self, token: str) -> None:
        if not self._editor.abilities.progress:
            return
        try:
            await self._editor.ask(
                "window/workDoneProgress/create", types.WorkDoneProgressCreateParams(token=token), 10
            )
        except (RpcError, TimeoutError):
            return
        if self._token == token:
            self._begun = True
            begin = types.WorkDoneProgressBegin(title="cass", message=self._doing, cancellable=True)
            self._progress(token, begin)

    def _report(self, words: str) -> None:
        self._doing = words[:200]
        if self._token and self._begun:
            self._progress(self._token, types.WorkDoneProgressReport(message=self._doing))

    def _end(self, event: StateUpdate) -> None:
        if self._token and self._begun:
            self._progress(self._token, types.WorkDoneProgressEnd(message=event.stop_reason))
        self._token = None
        if event.error:
            hint = f" {event.error.hint}" if event.error.hint else ""
            asking.message(self._editor, f"cass: {event.error.message}{hint}", types.MessageType.Error)
        self._start(self._answered(event))

    def cancelled(self, token: object) -> None:
        """The user stopped the progress: the turn is cancelled."""
        if token == self._token and self._session:
            self._session.work.cancel()

    async def _answered(self, event: StateUpdate) -> None:
        session = self._session
        words = inspect.last_text(session, event.turn_id or "") if session else ""
        if session and session.mode == "plan" and session.stream.state.pending_proposals():
            words += "\n\n" + await answers.text(session, "plan")
        if words.strip():
            await self.show(f"answer-{event.turn_id}", words)

    def _progress(self, token: str, value: object) -> None:
        self._editor.tell("$/progress", types.ProgressParams(token=token, value=value))

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(10):
                await self._editor.endpoint.request("workspace/codeLens/refresh", {})
        except (RpcError, TimeoutError):
            return

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _folder(uri: str | None) -> Path:
    path = file_of(uri or "") or Path.cwd()
    return path if path.is_dir() else path.parent
