"""`/summary edit`: the summary of what was left out, in the user's own editor."""

from __future__ import annotations

from cass_cli.client import CassClient, ServerError
from cass_cli.conversation import Conversation
from cass_cli.fields import get_text
from cass_cli.terminal import Terminal
from cass_cli.words import CONTEXT_GET

_LIMIT = 60


async def edit_summary(client: CassClient, terminal: Terminal, talk: Conversation) -> None:
    """Open it in $VISUAL or $EDITOR; what was saved is what the model reads from then on. Nothing is sent when it was
    not changed, or emptied."""
    if talk.status.running:
        terminal.write("A turn is running; Ctrl-C cancels it.\n")
        return
    try:
        found = await client.request(CONTEXT_GET, {"sessionId": talk.status.session_id}, limit=_LIMIT)
    except ServerError as error:
        talk.complain(error)
        return
    before = get_text(found, "summary")
    if not before:
        terminal.write("There is no summary: nothing but results of tools was left out, if anything.\n")
        return
    async with terminal.question():
        written = await terminal.edit(before + "\n", ".md")
    text = (written or "").strip()
    if text in ("", before.strip()):
        terminal.write("The summary stays as it is.\n")
        return
    await talk.say(f"/summary {text}")
