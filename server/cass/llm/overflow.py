"""Recognises that a conversation did not fit the model's window, in the words of many providers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cass.llm.jsonvalue import child, count_of, is_object, number_of, text_of
from cass.protocol.wire import JsonObject

_PATTERNS = re.compile(
    r"""
      context_length_exceeded | exceed_context_size | contextwindowexceeded
    | context[ ](length|window|size)[ ](was[ ])?exceed | exceed\w*[ ]\S*[ ]?\S*[ ]?context
    | (maximum|max)[ ]context | context[ ](is[ ])?too[ ]long | (prompt|input)[ ]is[ ]too[ ]long
    | context[ ]window[ ]exceed | greater[ ]than[ ]the[ ]context
    | (prompt|input)\D{0,40}too[ ](long|large)[ ]for
    | (prompt|input|request)[ ]tokens?[ ](count[ ])?.{0,30}exceed | token[ ]count[ ].{0,60}exceed
    | maximum[ ](prompt|input)[ ]length | input[ ]length\D{0,40}exceed
    | too[ ]many[ ]tokens | token[ ]limit[ ]exceed | exceed\w*[ ].{0,30}token[ ]limit | maximum[ ][\d,]+[ ]tokens
    | tokens[ ].{0,20}too[ ]large[ ]for[ ]model
    | reduce[ ]the[ ]length[ ]of | cut[ ]off[ ]due[ ]to[ ]length
    """,
    re.X | re.I,
)

_NOT_OVERFLOW = re.compile(
    r"per (minute|min|hour|day|second)|rate.?limit|quota|throttl|\bTPM\b|max_(completion_|output_)?tokens? is too large",
    re.I,
)

_LIMITS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"maximum (?:context|prompt|input|model)\s*(?:length|window|size)?\s*(?:is|of|:)\s*([\d,_]+)",
        r">\s*([\d,_]+)\s*maximum",
        r"maximum number of (?:input )?tokens allowed \(?([\d,_]+)",
        r"with (?:a )?([\d,_]+) maximum context",
        r"token limit:?\s*(?:is|of)?\s*([\d,_]+)",
        r"exceeds? (?:the )?limit of ([\d,_]+)",
        r"(?:context|window)[^.\d]{0,30}?(?:size|length|window|limit)[^.\d]{0,20}?([\d,_]{3,})",
        r"maximum ([\d,_]+) tokens",
        r"(?:limit|maximum|max)[^.\d]{0,12}([\d,_]{4,})",
    )
)

_STATUSES = (0, 200, 400, 413, 422)
_OTHER_TYPES = re.compile(r"authentication|permission|rate_limit|not_found|billing|overloaded", re.I)
_MAX_NESTING = 4


@dataclass(frozen=True)
class Overflow:
    """The window's size and what was sent, in tokens, where the provider said it."""

    limit: int | None = None
    sent: int | None = None


def overflow(error: JsonObject, status: int = 0) -> Overflow | None:
    """Whether this error object, as the provider sent it, says that the conversation is too long. `status` is the
    HTTP status, 0 when unknown or when the error came inside a stream."""
    levels = _levels(error)
    told = next((n for n in (_status(level) for level in levels) if n), 0)
    if (status or told) not in _STATUSES:
        return None
    words = " ".join(
        text_of(level, key) for level in levels for key in ("message", "code", "type", "error", "detail", "name")
    )
    if any(_OTHER_TYPES.search(text_of(level, "type")) for level in levels):
        return None
    code = any(text_of(level, "code") in ("context_length_exceeded", "string_above_max_length") for level in levels)
    if not code and (_PATTERNS.search(words) is None or _NOT_OVERFLOW.search(words)):
        return None
    limit = next((n for n in (count_of(level, "n_ctx", "context_length") for level in levels) if n), None)
    sent = next((n for n in (count_of(level, "n_prompt_tokens") for level in levels) if n), None)
    said = " ".join(text_of(level, key) for level in levels for key in ("message", "error", "detail"))
    return Overflow(limit=limit or limit_in(said), sent=sent)


def limit_in(text: str) -> int | None:
    """The window's size that an error text names."""
    for pattern in _LIMITS:
        match = pattern.search(text)
        digits = match.group(1).replace(",", "").replace("_", "") if match else ""
        if digits.isdigit() and 16 <= int(digits) <= 100_000_000:
            return int(digits)
    return None


def _levels(error: JsonObject) -> list[JsonObject]:
    levels = [error, child(error, "response")]
    inner: object = error.get("error")
    for _ in range(_MAX_NESTING):
        if not is_object(inner):
            break
        levels.append(inner)
        inner = inner.get("error")
    return levels


def _status(level: JsonObject) -> int:
    for key in ("status", "status_code", "code"):
        number = number_of(level, key)
        if number is not None and 400 <= number < 600:
            return int(number)
    return 0
