"""What a session may do and use up: the configuration, and what its opener said."""

from __future__ import annotations

from cass.agent.gate import Rules
from cass.agent.permissions import parse_rules
from cass.config import Config, LimitConfig
from cass.protocol import methods


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
