"""What the model is told before the first word, as this process first found it: rules, skills, MCP servers, the date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from cass.agent.prompt import Instructions, find_instructions, system_prompt
from cass.sessions.serverfind import listed

if TYPE_CHECKING:
    from cass.sessions.session import Session


class Preamble:
    """One session's. `role` is what it is to be, where it works for another one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.role = ""
        self._text: str | None = None
        self._instructions: Sequence[Instructions] | None = None

    def instructions(self) -> Sequence[Instructions]:
        """The files with rules."""
        if self._instructions is None:
            session, settings = self._session, self._session.config.instructions
            self._instructions = find_instructions(
                session.cwd, session.house.config_dir, settings.files, settings.max_chars
            )
        return self._instructions

    def text(self) -> str:
        """The system prompt: the same, byte for byte, each time."""
        if self._text is None:
            session = self._session
            trusted = session.brought.is_trusted
            git = session.knowing.git
            rules = system_prompt(session.cwd, self.instructions(), date.today(), git, trusted=trusted)
            skills = session.brought.skills.listed()
            agents, servers = session.agents.listed(), listed(session.servers.all)
            parts = [part for part in (rules, agents, skills, servers, self.role) if part]
            self._text = session.masker.text("\n\n".join(parts))
        return self._text

    def renew(self) -> None:
        """It is made anew: what the folder may say has changed."""
        self._text = None
