"""One open session as the interactive terminal uses it: prompts, steering, modes, the user's own commands."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

from cass_cli.approve import Asker, decide
from cass_cli.client import CassClient, ServerError, ServerGone
from cass_cli.completion import mentioned_files
from cass_cli.elicit import elicit
from cass_cli.escape import escape
from cass_cli.fields import Json, get_list, get_object, get_text
from cass_cli.opening import OpenSession
from cass_cli.paint import Paint
from cass_cli.render import Renderer
from cass_cli.status import Status
from cass_cli.words import (
    ELICITATION,
    REQUEST_PERMISSION,
    SESSION_CANCEL,
    SESSION_PROMPT,
    SESSION_SHELL,
    SESSION_UPDATE,
    SET_CONFIG_OPTION,
)


class Conversation:
    """Feeds updates to the renderer and the status line, and says to the server what the user wants. `changed` is
    called after everything that may show in the prompt's own lines."""

    def __init__(
        self, client: CassClient, renderer: Renderer, asker: Asker, paint: Paint, changed: Callable[[], None]
    ) -> None:
        self.status = Status()
        self.idle = asyncio.Event()
        self.idle.set()
        self.last_exit_code: int | None = None
        self.stop_reason = ""
        self.error_kind = ""
        self._client = client
        self._renderer = renderer
        self._asker = asker
        self._paint = paint
        self._changed = changed
        self.cwd = ""
        self._replaying = False
        client.on_notification = self._notified
        client.on_request = self._asked

    @contextlib.contextmanager
    def replaying(self) -> Generator[None]:
        """While a session is resumed: the updates that come are told again from its journal. When it cannot be
        resumed, the session before it stays."""
        before = self.status
        self.status = Status()
        self._replaying = True
        try:
            yield
        except BaseException:
            self.status = before
            raise
        finally:
            self._renderer.finish()
            self._replaying = False

    def attach(self, session: OpenSession) -> None:
        """Talk to this session from now on."""
        if not session.resumed:
            self.status = Status()
        self.status.session_id = session.session_id
        self.status.running = session.running
        self.status.take_config(session.config_options)
        self.status.take_commands(session.commands)
        self.cwd = session.cwd
        self._changed()

    async def say(self, text: str) -> None:
        """A prompt: begins a turn, or reaches the one that is running. Files mentioned with `@` go along by name."""
        key = uuid.uuid4().hex
        self._renderer.own_keys.add(key)
        links = [
            {"type": "resource_link", "uri": path.as_uri(), "name": path.name}
            for path in mentioned_files(text, Path(self.cwd))
        ]
        params: Json = {
            "sessionId": self.status.session_id,
            "prompt": [{"type": "text", "text": text}, *links],
            "clientKey": key,
        }
        if not self.status.running:
            self.idle.clear()
        steers = self.status.running and bool(self.status.turn_id) and not text.startswith("/")
        try:
            if steers:
                try:
                    steering: Json = {"mode": "steer", "expectedTurnId": self.status.turn_id}
                    await self._client.request(SESSION_PROMPT, params | steering)
                    return
                except ServerError as error:
                    if error.kind != "turn_mismatch":
                        raise
            await self._client.request(SESSION_PROMPT, params)
        except ServerGone:
            raise
        except ServerError as error:
            self.idle.set()
            self.complain(error)

    async def run_command(self, command: str) -> None:
        """The user's own command; its output comes as updates. Cancelling this stops the command."""
        try:
            await self._client.request(SESSION_SHELL, {"sessionId": self.status.session_id, "command": command})
        except asyncio.CancelledError:
            self._renderer.tools.clear()
            self._renderer.say(self._paint.yellow("Stopped."))
            raise
        except ServerError as error:
            self.complain(error)

    def cancel(self) -> None:
        """Stop the running turn."""
        self._client.notify(SESSION_CANCEL, {"sessionId": self.status.session_id})

    async def next_mode(self) -> None:
        """One further in plan, ask, edits, auto."""
        mode, approval = self.status.next_mode()
        await self._switch("mode", mode)
        if approval:
            await self._switch("approval", approval)
        self._changed()

    def complain(self, error: Exception) -> None:
        """Show what did not work."""
        self._renderer.say(self._paint.red(self._renderer.wrapped(escape(str(error)))))

    async def _switch(self, option: str, value: str) -> None:
        try:
            answer = await self._client.request(
                SET_CONFIG_OPTION,
                {"sessionId": self.status.session_id, "configId": option, "value": value},
                limit=10,
            )
            self.status.take_config(get_list(answer, "configOptions"))
        except ServerError as error:
            self.complain(error)

    def _notified(self, method: str, params: Json) -> None:
        if method != SESSION_UPDATE:
            return
        update = get_object(params, "update")
        self.status.update(update)
        self._renderer.update(update, replay=self._replaying)
        kind = get_text(update, "sessionUpdate")
        if kind == "state_update" and not self._replaying:
            if self.status.running:
                self.idle.clear()
            else:
                self.stop_reason = get_text(update, "stopReason")
                self.error_kind = get_text(get_object(update, "error"), "kind")
                self.idle.set()
        elif kind == "tool_call_update" and isinstance(update.get("exitCode"), int):
            self.last_exit_code = int(str(update["exitCode"]))
        self._changed()

    async def _asked(self, method: str, params: Json) -> Json:
        if method == ELICITATION:
            self._renderer.finish()
            return await elicit(params, self._asker, self._paint)
        if method != REQUEST_PERMISSION:
            raise NotImplementedError(method)
        self._renderer.finish()
        call_id = get_text(get_object(params, "subject"), "toolCallId")
        verdict = await decide(params, self._asker, self._paint, self.cwd)
        self._renderer.tools.seen.add(call_id)
        if verdict.stop:
            self.cancel()
        return {"outcome": verdict.outcome}
