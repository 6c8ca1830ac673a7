"""What holds in a session for a while beside its own options: a command's mode, rules, tools, model and budget.

Nothing here makes a session wider than its options say, but for what the user was asked about; and a session that works
for another one is never wider than that one is this moment.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cass.agent.gate import Rules
from cass.config import APPROVALS, MODES, LimitConfig

if TYPE_CHECKING:
    from cass.sessions.session import Session


@dataclass(frozen=True)
class Terms:
    """`only` are lists of tools (patterns): a tool must be in each of them. `granted` is an approval that the user allowed
    for this while though it is wider than the session's own. `limits` lowers what may be used up."""

    mode: str = ""
    approval: str = ""
    granted: str = ""
    model: str = ""
    effort: str = ""
    only: tuple[tuple[str, ...], ...] = ()
    never: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    limits: tuple[Callable[[LimitConfig], LimitConfig], ...] = ()

    def __and__(self, more: Terms) -> Terms:
        """Both: the stricter of each, the later of two models."""
        return Terms(
            mode=_strictest(MODES, self.mode, more.mode),
            approval=_strictest(APPROVALS, self.approval, more.approval),
            granted=more.granted or self.granted,
            model=more.model or self.model,
            effort=more.effort or self.effort,
            only=(*self.only, *more.only),
            never=(*self.never, *more.never),
            rules=joined(self.rules, more.rules),
            limits=(*self.limits, *more.limits),
        )

    def lets(self, tool: str) -> bool:
        """Whether the model may use a tool."""
        if any(fnmatch.fnmatchcase(tool, pattern) for pattern in self.never):
            return False
        return all(any(fnmatch.fnmatchcase(tool, pattern) for pattern in patterns) for patterns in self.only)


@contextmanager
def lent(session: Session, more: Terms) -> Generator[None]:
    """These terms hold, too, meanwhile."""
    before = session.terms
    session.terms = before & more
    try:
        yield
    finally:
        session.terms = before


def mode(session: Session, own: str) -> str:
    """The mode that holds: the session's own, or that of the one it works for, and never wider than its terms."""
    return _strictest(MODES, session.above.mode if session.above else own, session.terms.mode)


def approval(session: Session, own: str) -> str:
    """The approval that holds, as `mode`, but for what the user granted."""
    if session.above:
        return _strictest(APPROVALS, session.above.approval, session.terms.approval)
    return session.terms.granted or _strictest(APPROVALS, own, session.terms.approval)


def rules(session: Session, own: Rules) -> Rules:
    """All rules that hold."""
    above = session.above.rules if session.above else Rules()
    return joined(joined(above, own), session.terms.rules)


def limits(session: Session, own: LimitConfig) -> LimitConfig:
    """What may be used up."""
    for lower in session.terms.limits:
        own = lower(own)
    return own


def may_use(session: Session, tool: str) -> bool:
    """Whether the model may use a tool here."""
    return session.terms.lets(tool) and (session.above is None or session.above.may_use(tool))


def joined(first: Rules, second: Rules) -> Rules:
    """Both, each rule once."""
    return Rules(
        allow=tuple(dict.fromkeys((*first.allow, *second.allow))),
        ask=tuple(dict.fromkeys((*first.ask, *second.ask))),
        deny=tuple(dict.fromkeys((*first.deny, *second.deny))),
    )


def is_wider(words: Sequence[str], asked: str, now: str) -> bool:
    """Whether a word is wider than the present one; the strict ones come first."""
    return bool(asked) and words.index(asked) > words.index(now)


def _strictest(words: Sequence[str], *given: str) -> str:
    known = [word for word in given if word]
    return min(known, key=words.index) if known else ""
