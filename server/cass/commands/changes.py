"""/diff, /apply and /clear: what this session changed, what it proposes, and a fresh start."""

from __future__ import annotations

import contextlib

from cass.errors import ToolError
from cass.hunks import unified
from cass.protocol.events import HistoryCleared
from cass.sessions import review
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session


async def diff(session: Session, argument: str) -> Reply:
    """Everything the session's tools changed, against what was there before; proposals included."""
    shown: list[str] = []
    for path in session.changed_paths:
        now = ""
        with contextlib.suppress(ToolError):
            now = (await session.workspace.read(path)).text
        before = session.baseline(path) or ""
        if before != now:
            name = str(path.relative_to(session.cwd)) if path.is_relative_to(session.cwd) else str(path)
            shown.append(unified(name, before, now))
    waiting = session.stream.state.pending_proposals()
    for proposal in waiting:
        shown += [f"proposed: {proposal.title}\n"]
        shown += ["".join(f"-{h.old_text}+{h.new_text}" for h in file.hunks) for file in proposal.files]
    return Reply(text=f"```diff\n{''.join(shown)}```" if shown else "Nothing was changed.")


async def apply(session: Session, argument: str) -> Reply:
    """Apply what plan mode kept, oldest first; `discard` drops it instead."""
    waiting = session.stream.state.pending_proposals()
    if not waiting:
        return Reply(text="There are no proposals.")
    lines: list[str] = []
    for proposal in waiting:
        decide = review.discard if argument == "discard" else review.apply
        result = await decide(session, proposal)
        lines.append(f"- {result.state}: {proposal.title}" + "".join(f"\n  {c}" for c in result.conflicts[-1:]))
    return Reply(text="\n".join(lines))


async def clear(session: Session, argument: str) -> Reply:
    """The model forgets; the journal does not."""
    session.emit(HistoryCleared())
    return Reply(text="The model starts afresh. What was said stays in the session's journal.")


COMMANDS = (
    Command("diff", "Show what this session changed.", diff),
    Command("apply", "Apply the proposals of plan mode.", apply, hint="[discard]"),
    Command("clear", "Start with an empty conversation.", clear),
)
