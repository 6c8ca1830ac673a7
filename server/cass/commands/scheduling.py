"""/schedule: work at a time that goes on without this session."""

from __future__ import annotations

from cass.sessions.command import Command, Reply
from cass.sessions.session import Session


async def schedule(session: Session, argument: str) -> Reply:
    """List, make and change schedules."""
    from cass.sessions import scheduling  # with the triggers: only for those who ask

    return await scheduling.schedule(session, argument)


COMMANDS = (
    Command(
        "schedule",
        "Work at a time, without this session: list, make and change it.",
        schedule,
        hint="[add WHEN PROMPT|show|history|pause|resume|run|remove NAME]",
    ),
)
