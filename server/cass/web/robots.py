"""What a site's robots.txt says to cass (RFC 9309): the longest rule that fits counts, and `Allow` of two as long."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 500_000
_RULES = 2_000
_NAME = "cass"


@dataclass(frozen=True)
class Rule:
    """Paths that begin like `path`, where `*` stands for anything and `$` for the end."""

    path: str
    allow: bool

    def fits(self, target: str) -> bool:
        """Whether it speaks of this path and query."""
        open_end = not self.path.endswith("$")
        pieces = self.path.removesuffix("$").split("*")
        at = 0
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            if number == 0:
                if not target.startswith(piece):
                    return False
                at = len(piece)
            elif last and not open_end:
                return len(target) - len(piece) >= at and target.endswith(piece)
            else:
                found = target.find(piece, at)
                if found < 0:
                    return False
                at = found + len(piece)
        return open_end or at == len(target)


def rules(text: str) -> tuple[Rule, ...]:
    """The rules for cass: those of its own group, else of the group for everybody."""
    groups: dict[str, list[Rule]] = {}
    agents: list[str] = []
    in_rules = True
    for line in text[:LONGEST].splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if in_rules:
                agents = []
            in_rules = False
            agents.append(re.split(r"[/\s]", value.lower(), maxsplit=1)[0])
            groups.setdefault(agents[-1], [])
        elif key in ("allow", "disallow"):
            in_rules = True
            for agent in agents:
                if value and len(groups[agent]) < _RULES:
                    groups[agent].append(Rule(re.sub(r"\*+", "*", value), key == "allow"))
    return tuple(groups.get(_NAME, groups.get("*", [])))


def allowed(found: tuple[Rule, ...], target: str) -> bool:
    """Whether this path and query may be read."""
    if target == "/robots.txt":
        return True
    fitting = [(len(rule.path), rule.allow) for rule in found if rule.fits(target)]
    return max(fitting)[1] if fitting else True
