"""/todos: the to-do list, for the user to change as well."""

from __future__ import annotations

from cass.protocol.events import PlanEntry
from cass.sessions import planning
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_USAGE = "`/todos`, `/todos add TEXT`, `/todos start N`, `/todos done N`, `/todos open N`, `/todos drop N`, `/todos clear`."
_STATES = {"start": "in_progress", "done": "completed", "open": "pending"}
_MARKS = {"pending": " ", "in_progress": "~", "completed": "x"}


async def todos(session: Session, argument: str) -> Reply:
    """Show the list, or change it. The model is told of a change with its next request."""
    word, _, rest = argument.partition(" ")
    rest = rest.strip()
    entries = list(session.plan)
    if word == "add" and rest:
        entries.append(PlanEntry(content=rest[:500]))
    elif word == "clear" and not rest:
        entries = []
    elif word in (*_STATES, "drop"):
        number = int(rest) if rest.isdecimal() else 0
        if not 1 <= number <= len(entries):
            return Reply(text=f"There is no to-do {rest or 'without a number'}. There are {len(entries)}.")
        if word == "drop":
            del entries[number - 1]
        else:
            entries[number - 1] = entries[number - 1].model_copy(update={"status": _STATES[word]})
    elif argument:
        return Reply(text=f"That is not a way to change the to-dos. There is {_USAGE}")
    if argument:
        planning.set_plan(session, entries, session.emit)
    lines = [f"{n}. [{_MARKS[entry.status]}] {entry.content}" for n, entry in enumerate(entries, 1)]
    return Reply(text="\n".join(lines) or f"There are no to-dos. {_USAGE}")


COMMANDS = (
    Command(
        "todos",
        "Show or change the to-do list.",
        todos,
        hint="[add TEXT | start N | done N | open N | drop N | clear]",
    ),
)
