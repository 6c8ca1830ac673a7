"""What may be meant otherwise in a command, though it would run; and what is wrong only where cass's other rooms know."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterator, Sequence

from cass.customs import claude, stepping
from cass.customs.definition import Definition
from cass.errors import ConfigError

_RULE = re.compile(r"([A-Za-z0-9_*.-]+)(?:\((.*)\))?", re.DOTALL)


def faults(definition: Definition) -> list[ConfigError]:
    """Permission rules that are none."""
    allowed = definition.allowed
    place = definition.at("rules" if "rules" in definition.lines else "allowed-tools")
    return [
        place.error(f"{rule!r} is not a permission rule", "Write it like shell(git status*) or read_file.")
        for rule in (*allowed.allow, *allowed.ask, *allowed.deny)
        if not _RULE.fullmatch(rule.strip())
    ]


def of(definition: Definition, tools: Collection[str], own: Collection[str]) -> Sequence[ConfigError]:
    """Hints about a command. `tools` are those that there are, `own` the names of cass's own commands."""
    return list(_hints(definition, tools, own))


def _hints(definition: Definition, tools: Collection[str], own: Collection[str]) -> Iterator[ConfigError]:
    if definition.name in own:
        yield definition.at().error(
            f"/{definition.name} is a command of cass's own, and stays it",
            f"This one is called as /{definition.origin}:{definition.name}, or by another name.",
        )
    for name in (*definition.allowed.only, *definition.allowed.never):
        for tool in claude.rules([name]):
            if not fnmatch.filter(tools, tool):
                yield definition.at("tools").error(
                    f"there is no tool {name!r}", f"There are: {', '.join(sorted(tools))}."
                )
    if definition.dialect != "cass":
        return
    asked = " ".join(
        text
        for step in stepping.all_of(definition.steps)
        for text in (step.condition, step.unless, *(branch.condition for branch in step.branches))
    )
    for step in stepping.all_of(definition.steps):
        mentioned = re.search(rf"steps\.{re.escape(step.id)}\.(ok|exit_code|state)\b", asked)
        if mentioned and not step.go_on and not step.until:
            yield step.place.error(
                f"a later step asks whether {step.id} went well, but the run ends where it does not",
                "Give it `on_error: continue`.",
            )
