"""/mode and /model: switch what the session runs with."""

from __future__ import annotations

from cass.sessions.command import Command, Reply
from cass.sessions.session import Session


async def mode(session: Session, argument: str) -> Reply:
    """`plan` or one of the approvals of active mode."""
    if argument == "plan":
        session.set_option("mode", "plan")
    elif argument in ("ask", "edits", "auto"):
        session.set_option("mode", "active")
        session.set_option("approval", argument)
    elif argument:
        return Reply(text=f"There is no mode `{argument}`. It is one of: plan, ask, edits, auto.")
    waiting = len(session.stream.state.pending_proposals())
    note = f" {waiting} proposal(s) wait: `/apply` applies them." if waiting else ""
    return Reply(text=f"Mode: {session.mode if session.mode == 'plan' else session.approval}.{note}")


async def model(session: Session, argument: str) -> Reply:
    """Name the model, or switch to another."""
    if argument:
        session.set_option("model", argument)
    return Reply(text=f"Model: {session.model_name or 'none chosen yet; the first prompt looks for one'}.")


COMMANDS = (
    Command("mode", "Show or switch the mode.", mode, hint="[plan|ask|edits|auto]"),
    Command("model", "Show or switch the model.", model, hint="[provider/model]"),
)
