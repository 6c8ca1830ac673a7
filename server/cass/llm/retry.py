"""Decides whether and when a failed request is sent again."""

from __future__ import annotations

from cass.errors import ModelError, RateLimited
from cass.llm.assemble import EmptyAnswer
from cass.llm.failures import Refused, UnreachableHere
from cass.llm.waits import backoff, wait_asked
from cass.ports import Retrying

EMPTY_RETRIES = 2
"""How often an answer with nothing in it is asked for again."""

UNREACHABLE_RETRIES = 2
"""How often a server on this machine that refuses the connection is tried again."""


class RetryPolicy:
    """Counts the attempts of one request. `longest_wait` and `base` are seconds: the longest wait an endpoint may ask
    for, and the first wait where it asks for none."""

    def __init__(self, retries: int, longest_wait: float, base: float) -> None:
        self._retries = retries
        self._longest_wait = longest_wait
        self._base = base
        self._failed = 0

    def next(self, failure: ModelError, refused: Refused | None) -> Retrying:
        """How to go on after this failure. Raises it when the request is not to be sent again."""
        self._failed += 1
        allowed = self._allowed(failure)
        if not failure.retryable:
            raise failure
        asked = failure.retry_after if isinstance(failure, RateLimited) else _asked(refused)
        if asked is not None and (asked > self._longest_wait or self._failed > allowed):
            raise _with_wait(failure, asked)
        if self._failed > allowed:
            raise failure
        delay = max(asked or 0.0, min(backoff(self._failed, self._base), self._longest_wait))
        return Retrying(self._failed, allowed, delay, failure.message)

    def _allowed(self, failure: ModelError) -> int:
        if isinstance(failure, EmptyAnswer):
            return min(EMPTY_RETRIES, self._retries)
        if isinstance(failure, UnreachableHere):
            return min(UNREACHABLE_RETRIES, self._retries)
        return self._retries


def _asked(refused: Refused | None) -> float | None:
    if refused is None or refused.status < 500:
        return None
    return wait_asked({name: v for name, v in refused.headers.items() if name.startswith("retry-after")})


def _with_wait(failure: ModelError, seconds: float) -> RateLimited:
    wait = _human(seconds)
    told = RateLimited(
        f"{failure.message.removesuffix('.')}. It asks to wait {wait}.",
        retry_after=seconds,
        hint=f"Try again in {wait}, or choose another model.",
    )
    told.partial = failure.partial
    return told


def _human(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"
