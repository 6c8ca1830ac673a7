"""How long to wait before a request is sent again: what the endpoint asked for, else longer each time."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from cass.llm.jsonvalue import child, objects, text_of
from cass.protocol.wire import JsonObject

LONGEST_BACKOFF = 30.0
"""Seconds; a wait that the endpoint asked for may be longer."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_IN_TEXT = re.compile(r"(?:try again|retry)(?: after| in)?:? ?((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)", re.I)


def backoff(attempt: int, base: float) -> float:
    """Seconds to wait before attempt number `attempt` + 1: doubles each time, with a quarter of chance."""
    return min(LONGEST_BACKOFF, base * 2 ** (attempt - 1)) * random.uniform(0.75, 1.25)


def wait_asked(headers: Mapping[str, str], error: JsonObject | None = None) -> float | None:
    """Seconds that the endpoint asks to wait, from its headers or its error, None when it does not say."""
    value = _seconds(headers.get("retry-after-ms"), 0.001)
    if value is None:
        value = _retry_after(headers.get("retry-after"))
    if value is None and error is not None:
        value = _in_body(error)
    if value is None:
        value = _reset(headers)
    return max(0.0, value) if value is not None else None


def _retry_after(text: str | None) -> float | None:
    if text is None:
        return None
    value = _seconds(text, 1.0)
    if value is not None:
        return value
    if (duration := _duration(text)) is not None:
        return duration
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reset(headers: Mapping[str, str]) -> float | None:
    """`x-ratelimit-reset…`: seconds from now, a duration as in `6m0s`, or a moment in seconds or milliseconds.
    Only those of a limit that is used up count, the longest of them."""
    waits: list[float] = []
    for name, text in headers.items():
        if not name.startswith(("x-ratelimit-reset", "ratelimit-reset")):
            continue
        kind = name.rpartition("reset")[2]
        left = headers.get(f"{name.rpartition('reset')[0]}remaining{kind}")
        if left is not None and left.strip() not in ("0", "0.0"):
            continue
        value = _seconds(text, 1.0)
        if value is not None and value > 1e11:
            value = value / 1000 - time.time()
        elif value is not None and value > 1e9:
            value -= time.time()
        value = value if value is not None else _duration(text)
        if value is not None:
            waits.append(value)
    return max(waits, default=None)


def _in_body(error: JsonObject) -> float | None:
    inner = child(error, "error") or error
    for detail in objects(inner.get("details")):
        if (wait := _duration(text_of(detail, "retryDelay"))) is not None:
            return wait
    match = _IN_TEXT.search(text_of(inner, "message")[:4000])
    return _duration(match.group(1)) if match else None


def _seconds(text: str | None, unit: float) -> float | None:
    try:
        value = float(text) * unit if text is not None else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < 1e15 else None


def _duration(text: str) -> float | None:
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
