"""What tools of a session may need, as it is this moment: a tool whose need is not met is not offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cass.ports.agents import ABILITY
from cass.sessions import allowed, skilled

if TYPE_CHECKING:
    from cass.sessions.session import Session


class Offers:
    """Belongs to one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lent: tuple[str | None, str] | None = None

    @property
    def now(self) -> frozenset[str]:
        """What the editor can, what the settings allow, `results` once some were left out, `skills` where there are some, `web` where it is on,
        `agents` where it may have some, what servers have, and what was lent."""
        session = self._session
        found = {"", *session.ide.can, *allowed.abilities(session.config, session.model_name)}
        found |= {"results"} if session.stream.state.history.compaction else set()
        found |= {skilled.ABILITY} if session.brought.skills.are_there else set()
        found |= {ABILITY} if session.agents.offered else set()
        me = session.agents.me
        found |= {"findings"} if me and "report_findings" in me.profile.tools else set()
        found |= {"web"} if session.config.web.enabled else set()
        found |= {self._lent[1]} if self._lent and self._lent[0] == session.turn_id else set()
        return frozenset(found | session.toolbox.needs)

    def lend(self, need: str) -> None:
        """Offer the tools that need this until the running turn ends."""
        self._lent = self._session.turn_id, need
