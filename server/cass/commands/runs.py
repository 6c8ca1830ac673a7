"""/resume-run: goes on with a command of several steps that was cut off."""

from __future__ import annotations

from functools import partial

from cass.protocol.events import StateUpdate
from cass.sessions.command import Command, Prompt, Reply
from cass.sessions.session import Session


async def resume_run(session: Session, argument: str) -> Reply:
    """Take it up at its first step that is not done."""
    return Reply(flow=partial(_go_on, session, argument))


async def _go_on(session: Session, argument: str, prompt: Prompt) -> StateUpdate:
    return await session.brought.customs.take_up(prompt, argument)


COMMANDS = (
    Command("resume-run", "Go on with a command of several steps that was cut off.", resume_run, hint="[anyway]"),
)
