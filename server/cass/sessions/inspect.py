"""Looking at a session: what was said last, the whole of it; and the user's own `!cmd`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.protocol.events import (
    AgentMessage,
    Notice,
    TextContent,
    ToolCallContentChunk,
    ToolCallUpdate,
    UserMessage,
)
from cass.protocol.messages import Text
from cass.protocol.methods import ShellResult

if TYPE_CHECKING:
    from cass.sessions.session import Session


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
