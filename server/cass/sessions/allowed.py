"""What a session may do and use up: the configuration, and what its opener said."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cass.agent.gate import Gate, Rules
from cass.agent.permissions import parse_rules
from cass.agent.showing import why_not
from cass.config import Config, LimitConfig
from cass.protocol import methods

if TYPE_CHECKING:
    from cass.sessions.session import Session


def rules(config: Config, extra: methods.Rules) -> Rules:
    """The configured permission rules, and those of this session."""
    configured = config.permissions
    return Rules(
        allow=parse_rules((*configured.allow, *extra.allow)),
        ask=parse_rules((*configured.ask, *extra.ask)),
        deny=parse_rules((*configured.deny, *extra.deny)),
    )


def limits(config: Config, max_turns: int | None) -> LimitConfig:
    """The configured limits, and a lower one of this session."""
    if max_turns is None:
        return config.limits
    return config.limits.model_copy(update={"turns": min(max_turns, config.limits.turns)})


def abilities(config: Config, model: str) -> set[str]:
    """What tools may need and the settings allow for this model."""
    provider, _, name = model.partition("/")
    known = config.providers.get(provider)
    facts = known.models.get(name) if known else None
    return set() if facts and not facts.todos else {"todos"}


def may_show(session: Session, path: Path) -> bool:
    """Whether the model may be told what a file holds. Asks the workspace nothing: where it has judged a path, it
    remembers where that led, and this is no judgement."""

    def inside(path: Path) -> bool:
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(root) for root in session.workspace.roots)

    return not why_not(replace(Gate(session, {}, session.rules).policy(), inside=inside), path)
