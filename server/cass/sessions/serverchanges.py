"""Tools of servers whose words are not those that were agreed to: shown, and asked about, before they are offered again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cass.mcp.server import Server
from cass.ports import Question
from cass.protocol.events import StateUpdate

if TYPE_CHECKING:
    from cass.sessions.session import Session

_DIFF_CHARS = 4_000

AGREE = "Agree: offer these tools again"
LEAVE = "Leave them out"


async def settle(session: Session, turn_id: str) -> None:
    """Before a prompt: each change is shown and asked about once, where somebody is there to be asked."""
    for server in list(session.servers.all.values()):
        stamp = frozenset(tool.pin for tool in server.kept.changed)
        if server.state != "changed" or not session.can_decide or not session.servers.is_news(server, stamp):
            continue
        session.emit(StateUpdate(turn_id=turn_id, state="requires_action"))
        try:
            await ask(session, server)
        finally:
            session.emit(StateUpdate(turn_id=turn_id, state="running"))


async def ask(session: Session, server: Server) -> bool:
    """Show what changed, and have the user decide; whether they agreed."""
    stamp = frozenset(tool.pin for tool in server.kept.changed)
    text = (
        f"The MCP server {server.name} says something else of its tools than what was agreed to. A model reads these "
        f"words.\n{difference(server)}"
    )
    answer = await session.ask(Question(text, (AGREE, LEAVE)))
    if answer == AGREE and stamp == frozenset(tool.pin for tool in server.kept.changed):
        server.accept()
        return True
    return False


def difference(server: Server) -> str:
    """All that changed, bounded."""
    parts = [f"{tool.name}\n{server.kept.difference(tool)}" for tool in server.kept.changed]
    text = "\n\n".join(parts)
    return (
        text
        if len(text) <= _DIFF_CHARS
        else f"{text[:_DIFF_CHARS]}\n[… {len(text) - _DIFF_CHARS:,} more characters]"
    )
