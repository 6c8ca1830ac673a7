"""/help and /context: what can be said, and what the model sees."""

from __future__ import annotations

from cass.sessions import inspect
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session


async def help(session: Session, argument: str) -> Reply:
    """The commands, a line each."""
    commands = sorted(session.house.commands.values(), key=lambda c: c.name)
    lines = [f"- `/{c.name}{f' {c.hint}' if c.hint else ''}` {c.description}" for c in commands]
    return Reply(text="\n".join(lines))


async def context(session: Session, argument: str) -> Reply:
    """A line for each part of the window."""
    found = await inspect.context(session)
    mark = "~" if found.estimated else ""
    size = f" of {found.size:,}" if found.size else " (the model's window is not known)"
    lines = [f"{mark}{found.used:,} tokens{size}", ""]
    lines += [f"- {part.name}: ~{part.tokens:,}" for part in found.parts]
    return Reply(text="\n".join(lines))


COMMANDS = (
    Command("help", "List the commands.", help),
    Command("context", "Show where the model's window goes.", context),
)
