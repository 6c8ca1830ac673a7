"""/rename, /tag, /untag, /archive, /fork and /export: what the session is kept as."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cass.protocol.keeping import ExportParams, ForkParams, SetInfoParams
from cass.sessions import exchanging, keeping
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session


async def rename(session: Session, argument: str) -> Reply:
    """Give the session a title, which stays; without one, show it."""
    if not argument:
        return Reply(text=f"Title: {session.stream.state.title or '(none yet)'}.")
    now = keeping.rename(session, SetInfoParams(session_id=session.session_id, title=argument[:200]))
    return Reply(text=f"Title: {now.title}.")


async def tag(session: Session, argument: str) -> Reply:
    """Add tags, parted by spaces; without one, show them."""
    return _tags(session, SetInfoParams(session_id=session.session_id, add_tags=tuple(argument.split()[:50])))


async def untag(session: Session, argument: str) -> Reply:
    """Take tags away; without one, all."""
    gone = tuple(argument.split()[:50]) or session.stream.state.tags
    return _tags(session, SetInfoParams(session_id=session.session_id, remove_tags=gone))


async def archive(session: Session, argument: str) -> Reply:
    """Leave the session out of lists; `undo` puts it back."""
    undo = argument == "undo"
    keeping.rename(session, SetInfoParams(session_id=session.session_id, archived=not undo))
    if undo:
        return Reply(text="The session is listed again.")
    return Reply(
        text="The session is archived: lists leave it out, searches find it. `/archive undo` takes that back."
    )


async def fork(session: Session, argument: str) -> Reply:
    """A new session with what was said up to the end of a turn."""
    is_number = argument.removeprefix("-").isdecimal()
    params = ForkParams(
        session_id=session.session_id,
        turn=int(argument) if is_number else None,
        turn_id=argument if argument and not is_number else None,
    )
    session_id = await asyncio.to_thread(keeping.make_fork, session.house, params)
    return Reply(
        text=f"Forked: `{session_id}`. `/sessions` picks it here, `cass -r {session_id}` in another terminal."
    )


async def export(session: Session, argument: str) -> Reply:
    """Write the session to a file: Markdown, HTML or JSON, as the file's name ends."""
    name = argument or f"{session.session_id}.md"
    path = Path(session.cwd, name)
    form = {".html": "html", ".htm": "html", ".json": "json"}.get(path.suffix.lower(), "markdown")
    params = ExportParams(session_id=session.session_id, format=form, path=str(path))
    await exchanging.export_of(session.house, params, session.stream.state.title)
    return Reply(text=f"Written to `{path}`.")


def _tags(session: Session, params: SetInfoParams) -> Reply:
    now = keeping.rename(session, params)
    return Reply(text=f"Tags: {', '.join(now.tags) or '(none)'}.")


COMMANDS = (
    Command("rename", "Give the session a title.", rename, hint="[title]"),
    Command("tag", "Tag the session.", tag, hint="[tags]"),
    Command("untag", "Take tags away.", untag, hint="[tags]"),
    Command("archive", "Leave the session out of lists.", archive, hint="[undo]"),
    Command("fork", "Go on in a new session from here, or from the end of a turn.", fork, hint="[turn]"),
    Command("export", "Write the session to a file (.md, .html, .json).", export, hint="[file]"),
)
