"""The budgets: what turn, session and day may use up before somebody has to say that it may be more."""

from __future__ import annotations

from cass.agent.desk import Desk
from cass.errors import LimitReached
from cass.protocol.messages import Usage

_BEYOND = {"session": ", or begin another session", "day": ", or go on tomorrow"}


def check(desk: Desk) -> None:
    """Before a request: LimitReached when the session or the day has used up what it may."""
    limits = desk.limits
    _within("The session", desk.total, limits.session_tokens, limits.session_cost, "session")
    if limits.day_tokens is not None or limits.day_cost is not None:
        _within("Today's work", desk.memory.today(), limits.day_tokens, limits.day_cost, "day")


def check_turn(desk: Desk, used: Usage) -> None:
    """After a request: the same for the turn, with what sub-agents used that it began."""
    used += desk.agents.spent(desk.turn_id or "")
    _within("The turn", used, desk.limits.tokens, desk.limits.cost, "")


def _within(who: str, used: Usage, tokens: int | None, cost: float | None, scope: str) -> None:
    prefix = f"limits.{scope}_" if scope else "limits."
    hint = f"Raise it in the configuration ([limits]){_BEYOND[scope]}." if scope else ""
    spent = used.input + used.output
    if tokens is not None and spent >= tokens:
        raise LimitReached(f"{who} used {spent:,} tokens; the limit is {tokens:,} ({prefix}tokens).", hint=hint)
    if cost is not None and (used.cost or 0) >= cost:
        raise LimitReached(f"{who} cost {used.cost:.4f} dollars; the limit is {cost:g} ({prefix}cost).", hint=hint)
