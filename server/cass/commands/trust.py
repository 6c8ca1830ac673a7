"""/trust: what the folder brings that could act, and whether it may."""

from __future__ import annotations

import asyncio
from typing import Literal

from cass.sessions import trusting
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_WORDS: dict[str, Literal["trust", "refuse", "forget"]] = {"yes": "trust", "no": "refuse", "forget": "forget"}


async def trust(session: Session, argument: str) -> Reply:
    """Show everything; `yes` trusts what was shown last, `no` leaves it out, `forget` takes the decision back."""
    found = await trusting.tell(session)
    word = _WORDS.get(argument)
    if argument and word is None:
        return Reply(
            text=f"There is no `/trust {argument}`. It is `/trust`, `/trust yes`, `/trust no` or `/trust forget`."
        )
    seen = session.brought.asked
    if word == "forget" or (word and seen == found.digest):
        now = await asyncio.to_thread(session.brought.trust.decide, word, found.digest)
        await trusting.tell(session)
        session.brought.begin()
        if word == "forget":
            session.brought.asked = ""
        return Reply(text=f"{now.folder}: {now.state}. It brings {trusting.counted(now.items)}.")
    found = await asyncio.to_thread(session.brought.trust.look)
    session.brought.asked = found.digest
    hint = "`/trust yes` lets this act, as it is now; `/trust no` leaves it out."
    if word:
        hint = f"This was not shown to you yet. {hint}"
    return Reply(text=f"{trusting.whole(found)}\n\n{hint}")


COMMANDS = (
    Command(
        "trust", "Show what this folder brings that could act, and decide about it.", trust, hint="[yes|no|forget]"
    ),
)
