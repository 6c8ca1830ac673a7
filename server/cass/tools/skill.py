"""Load a skill that is listed: how the user wants something done."""

from __future__ import annotations

from pydantic import Field

from cass.ports import Action, Outcome, SkillText, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "skill"
kind: ToolKind = "read"
needs = "skills"


class Params(ToolParams):
    name: str = Field(min_length=1, max_length=100)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Find it; its text is what the call gives."""
    wanted = params.name.strip().removeprefix("/")
    found = await ctx.skills.open(wanted)

    async def run() -> Outcome:
        return Outcome.text(_told(found, ctx.settings.output_chars))

    return Action(title=f"Skill {found.name}", kind=kind, changes=False, subject=found.name, run=run)


def _told(skill: SkillText, most: int) -> str:
    text = skill.body or "[the skill says nothing]"
    if len(text) > most:
        text = f"{text[:most]}\n[… {len(text) - most:,} more characters: read_file {skill.folder}/SKILL.md]"
    lines = [f"[skill {skill.name}, in {skill.folder}]", "", text]
    if skill.files:
        lines += ["", f"Files beside it, to be read when needed: {', '.join(skill.files)}"]
    return "\n".join(lines)
