"""Sub-agents."""

from __future__ import annotations

from cass.config.setting import Section, setting


class AgentConfig(Section):
    """What sub-agents may use up."""

    enabled: bool = setting(True, "Offer the tool task.", project="tighten")
    depth: int = setting(2, "How deep sub-agents may have some of their own.", ge=1, le=3, project="tighten")
    at_once: int = setting(8, "How many work at one time; more wait.", ge=1, le=16, project="tighten")
    per_session: int = setting(100, "How many one session may have in all.", ge=1, project="tighten")
    seconds: float = setting(1_800, "Longest time of one, seconds.", ge=1, project="tighten")
    turns: int = setting(60, "Most requests to the model of one.", ge=1, project="tighten")
    cost: float | None = setting(None, "What all of one turn may cost together, dollars.", ge=0, project="tighten")
    tokens: int | None = setting(
        None, "What all of one turn may use together, tokens in and out.", ge=1, project="tighten"
    )
    model: str | None = setting(
        None, "Their model where nothing else is said; unset: the session's.", project="trusted"
    )
    models: tuple[str, ...] = setting(
        (), "Models that the session's own may choose for one, as provider/model.", project="trusted"
    )
