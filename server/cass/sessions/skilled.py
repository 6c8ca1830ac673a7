"""The skills of a session: listed for the model, opened when it asks, and offered as slash commands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cass import brought, skills
from cass.errors import SessionError, ToolError
from cass.ports import SkillText
from cass.sessions.command import Command, Reply

if TYPE_CHECKING:
    from cass.sessions.session import Session

ABILITY = "skills"
"""What the tool needs that opens them: that there are some."""


class SessionSkills:
    """`ports.Skills`. What lies in a folder that its user has not trusted is as if it were not there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found = skills.Found({})
        self._is_read = False
        self._known: skills.Known = {}
        self._told: set[str] = set()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders of the user's own skills."""
        return tuple(skill.folder for skill in self._found.skills.values() if skill.origin == "user")

    @property
    def are_there(self) -> bool:
        """Whether the model may be offered any."""
        return any(skill.is_for_model for skill in self._now().skills.values())

    def listed(self) -> str:
        """The list for the system prompt; empty for none."""
        return skills.listed([skill for skill in self._now().skills.values() if skill.is_for_model])

    async def read(self) -> None:
        """Look again what there is, without holding up anything else."""
        self._found, self._is_read = await asyncio.to_thread(self._find), True

    def problems(self) -> list[str]:
        """What is wrong in them, each thing once."""
        new = [problem for problem in self._found.problems if problem not in self._told]
        self._told.update(new)
        return new

    async def open(self, name: str) -> SkillText:
        """One skill, freshly read."""
        await self.read()
        skill = self._found.skills.get(name)
        if skill is None or not skill.is_for_model:
            known = [one.name for one in self._found.skills.values() if one.is_for_model]
            raise ToolError(f"There is no skill {name!r}. The skills are: {', '.join(sorted(known)) or 'none'}.")
        try:
            return await asyncio.to_thread(_text, skill)
        except OSError as error:
            raise ToolError(f"The skill {name} cannot be read: {(error.strerror or 'error').lower()}.") from None

    def commands(self) -> Mapping[str, Command]:
        """The skills that the user may call, as slash commands. The arguments stand where the skill has
        `$ARGUMENTS`, else behind it."""
        return {
            skill.name: Command(skill.name, skill.description, partial(self._call, skill), hint=skill.hint)
            for skill in self._found.skills.values()
            if skill.is_for_user
        }

    async def _call(self, skill: skills.Skill, session: Session, argument: str) -> Reply:
        if not self._may(skill):
            raise SessionError(
                f"{skill.file} is brought by this folder, which is not trusted", hint="/trust shows it."
            )
        try:
            found = await asyncio.to_thread(_text, skill)
        except OSError as error:
            raise SessionError(
                f"the skill {skill.name} cannot be read: {(error.strerror or 'error').lower()}"
            ) from None
        text = found.body.replace("$ARGUMENTS", argument)
        if argument and "$ARGUMENTS" not in found.body:
            text = f"{text}\n\nARGUMENTS: {argument}"
        return Reply(prompt=f"[skill {skill.name}, in {skill.folder}]\n\n{text}")

    def _now(self) -> skills.Found:
        if not self._is_read:
            self._found, self._is_read = self._find(), True
        return self._found

    def _find(self) -> skills.Found:
        house = self._session.house
        sources = brought.sources("skills", self._session.brought.folder, house.config_dir, house.home_dir)
        return skills.find(sources, self._may_file, self._known)

    def _may(self, skill: skills.Skill) -> bool:
        return self._may_file(skill.file, skill.origin)

    def _may_file(self, file: Path, origin: str) -> bool:
        return origin == "user" or self._session.brought.trust.allows(file)


def _text(skill: skills.Skill) -> SkillText:
    body, files = skills.body(skill)
    return SkillText(skill.name, body, skill.folder, files)
