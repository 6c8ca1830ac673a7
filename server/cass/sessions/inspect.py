"""Looking at a session: where its window goes, what was said last; and the user's own `!cmd`."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

from cass.errors import CassError
from cass.ports import Model
from cass.protocol.events import (
    AgentMessage,
    Notice,
    TextContent,
    ToolCallContentChunk,
    ToolCallUpdate,
    UserMessage,
)
from cass.protocol.looking import ContextGetResult, ContextPart
from cass.protocol.messages import Image, Message, Text
from cass.protocol.methods import ShellResult
from cass.sessions.session import Session

_IMAGE_TOKENS = 1_000
"""A rough figure for a picture: providers count 85 to 1,600, by its size."""


async def context(session: Session) -> ContextGetResult:
    """Where the model's window goes. The parts are estimates; the sum is the provider's where it reported one."""
    model = _model(session)
    tools = json.dumps([{"n": s.name, "d": s.description, "p": s.parameters} for s in session.house.specs])
    sizes = {"system prompt": _count(model, session.system_prompt()), "tools": _count(model, tools)}
    for message in session.messages:
        name = {"user": "your messages", "assistant": "answers", "tool": "tool results"}[message.role]
        sizes[name] = sizes.get(name, 0) + _size(model, message)
    reported = session.stream.state.used
    return ContextGetResult(
        used=reported or sum(sizes.values()),
        size=model.window.tokens if model else 0,
        estimated=not reported,
        parts=tuple(ContextPart(name=name, tokens=tokens) for name, tokens in sizes.items()),
    )


def last_text(session: Session, turn_id: str) -> str:
    """The text that a turn ended with: the last answer's, or what a command said."""
    for event in reversed(session.stream.recent(AgentMessage)):
        if event.turn_id == turn_id:
            text = "".join(block.text for block in event.content if isinstance(block, Text))
            if text:
                return text
    notices = session.stream.recent(Notice)
    return next((n.text for n in reversed(notices) if n.turn_id == turn_id), "")


async def shell(session: Session, command: str) -> ShellResult:
    """Run the user's own command and tell the model of it with the next request."""
    call_id = f"user-{uuid4().hex[:12]}"
    session.emit(ToolCallUpdate(tool_call_id=call_id, status="in_progress", title=f"!{command}", kind="execute"))

    def progress(text: str) -> None:
        content = TextContent(content=Text(text=text))
        session.emit(ToolCallContentChunk(tool_call_id=call_id, content=content))

    timeout = session.config.tools.shell_timeout_max
    try:
        report = await session.jobs.run(command, cwd=session.cwd, timeout=timeout, on_output=progress)
    except asyncio.CancelledError:
        session.emit(ToolCallUpdate(tool_call_id=call_id, status="cancelled"))
        raise
    session.emit(
        ToolCallUpdate(
            tool_call_id=call_id,
            status="completed" if report.exit_code == 0 else "failed",
            result=(Text(text=report.output),),
            exit_code=report.exit_code,
            elapsed_ms=round(report.elapsed * 1000),
        )
    )
    ended = f"exit code {report.exit_code}" if report.exit_code is not None else report.state
    told = f"I ran `{command}` myself ({ended}):\n\n{report.output}"
    session.work.say(UserMessage(message_id=f"msg-{uuid4().hex[:12]}", content=(Text(text=told),), steering=True))
    return ShellResult(exit_code=report.exit_code, output=report.output)


def _model(session: Session) -> Model | None:
    try:
        return session.house.models.get(session.model_name) if session.model_name else None
    except CassError:
        return None


def _size(model: Model | None, message: Message) -> int:
    text = json.dumps([block.model_dump(exclude={"data"}) for block in message.content], default=str)
    pictures = sum(isinstance(block, Image) for block in message.content)
    return _count(model, text) + pictures * _IMAGE_TOKENS


def _count(model: Model | None, text: str) -> int:
    return model.estimate(text) if model else len(text) // 4


def transcript(session: Session) -> str:
    """The conversation as Markdown: what was said, and what was done in a line each."""
    parts: list[str] = []
    for event in session.stream.durable():
        if isinstance(event, UserMessage) and event.source == "user":
            parts.append("## You\n\n" + "".join(b.text for b in event.content if isinstance(b, Text)))
        elif isinstance(event, AgentMessage):
            words = "".join(block.text for block in event.content if isinstance(block, Text))
            parts += [f"## cass\n\n{words}"] if words else []
        elif isinstance(event, ToolCallUpdate) and event.title:
            parts.append(f"- {event.title}")
    return "\n\n".join(parts) + "\n"
