"""The tool `cass`: a task for the agent itself, in a session of its own that can be gone on with."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, ConfigDict, Field

from cass.app import App
from cass.errors import CassError
from cass.mcp_server.calls import Content
from cass.mcp_server.client import McpClient
from cass.protocol.events import AgentMessage
from cass.protocol.messages import Text
from cass.protocol.methods import PromptParams, Rules, SessionNewParams, SessionResumeParams
from cass.protocol.wire import JsonObject
from cass.sessions.session import Session

NAME = "cass"
DESCRIPTION = (
    "Give cass a task: it works on it as an agent of its own, with its own model, tools and permissions, in the folder that "
    "it serves, and answers. Its answer names a session; with that one it goes on with what it knows."
)


class Task(BaseModel):
    """What cass is to do."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(description="The task, whole: cass sees nothing of this conversation.", min_length=1)
    session_id: str | None = Field(None, description="The session to go on with; a new one without it.")


class Agent:
    """cass's agent, for the callers of one server."""

    def __init__(self, app: App, client: McpClient, cwd: str, options: dict[str, str], rules: Rules) -> None:
        self._app = app
        self._client = client
        self._cwd = cwd
        self._options = options
        self._rules = rules

    async def run(self, arguments: JsonObject) -> Content:
        """Do the task. Errors come as an answer that says what is wrong."""
        task = Task.model_validate(arguments)
        session = await self._session(task.session_id)
        asked = PromptParams(session_id=session.session_id, prompt=(Text(text=task.prompt),), mode="start")
        turn_id, _ = session.work.prompt(asked)
        try:
            end = await session.work.finished(turn_id)
        except asyncio.CancelledError:
            session.work.cancel(turn_id)
            raise
        text = _answer(session, turn_id)
        if end.error is not None:
            hint = f"\n{end.error.hint}" if end.error.hint else ""
            text = f"{text}\n\n{end.error.message}{hint}".strip()
        data: JsonObject = {"sessionId": session.session_id, "stopReason": end.stop_reason, "answer": text}
        if end.usage is not None:
            data["usage"] = end.usage.wire()
        told = f"{text or '(no answer)'}\n\n[session {session.session_id}, {end.stop_reason}]"
        return Content(({"type": "text", "text": told},), end.stop_reason == "error", data)

    async def _session(self, session_id: str | None) -> Session:
        if session_id is None:
            params = SessionNewParams(cwd=self._cwd, config_options=self._options, rules=self._rules)
            return self._app.library.new(params, self._client)
        try:
            return self._app.library.get(session_id)
        except CassError:
            again = SessionResumeParams(session_id=session_id, cwd=self._cwd, rules=self._rules)
            return await self._app.library.resume(again, self._client)


def _answer(session: Session, turn_id: str) -> str:
    said = [event for event in session.stream.recent(AgentMessage) if event.turn_id == turn_id]
    blocks = said[-1].content if said else ()
    return session.masker.text("\n".join(block.text for block in blocks if isinstance(block, Text)))
