"""/compact, /uncompact, /summary and /window: what the model is sent of a long conversation, in the user's hand."""

from __future__ import annotations

from cass.errors import SessionError
from cass.sessions import compacting
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session


async def compact(session: Session, argument: str) -> Reply:
    """Make the conversation shorter now; what follows the name says what the notes should keep."""
    await compacting.compact(session, argument)
    return Reply()


async def uncompact(session: Session, argument: str) -> Reply:
    """Take the latest compaction back."""
    void = compacting.uncompact(session)
    budget = compacting.fitting_of(session).budget if session.model_name else 0
    again = (
        " It will be made shorter again with the next message, unless a model with a bigger window is chosen (/model)."
        if 0 < budget < void.before
        else ""
    )
    return Reply(text=f"The model reads the whole conversation again, ~{void.before:,} tokens.{again}")


async def summary(session: Session, argument: str) -> Reply:
    """Show the summary, or put another one in its place."""
    if argument == "edit":
        raise SessionError(
            "this client opens no editor for the summary", hint="/summary followed by words puts them in its place."
        )
    if argument:
        compacting.edit_summary(session, argument)
        return Reply(text="The model reads your summary from now on.")
    found = compacting.summary(session)
    return Reply(text=found or "There is no summary: nothing but results of tools was left out, if anything.")


async def window(session: Session, argument: str) -> Reply:
    """Say how big the model's window is and how that is known, or ask the server for another size."""
    return Reply(text=await compacting.window(session, argument))


COMMANDS = (
    Command("compact", "Make the conversation shorter now.", compact, hint="[what to keep]"),
    Command("uncompact", "Give the model back what the latest compaction left out.", uncompact),
    Command("summary", "Show or rewrite the summary of what was left out.", summary, hint="[new summary]"),
    Command("window", "Show the model's window, or set it where the server can.", window, hint="[tokens]"),
)
