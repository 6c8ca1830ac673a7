"""Turns what went wrong at an endpoint into one line that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from cass.errors import (
    AuthenticationError,
    BadResponse,
    ContextTooLong,
    ModelError,
    ModelUnavailable,
    RateLimited,
)
from cass.llm.jsonvalue import child, is_list, is_object, number_of, objects, parse, text_of
from cass.llm.overflow import overflow
from cass.llm.preset import without_password
from cass.llm.waits import wait_asked
from cass.protocol.wire import JsonObject

MAX_MESSAGE = 600
"""Characters kept of a provider's own message."""

RETRY_STATUSES = frozenset({408, 409, 425, 429})

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_SECRET = re.compile(r"\b(sk|pk|rk|gsk|xai|key|or)-[A-Za-z0-9_*-]{6,}|(?i:bearer)\s+[^\s\"',]{6,}|AIza[\w-]{10,}")
_QUOTA = re.compile(
    r"insufficient_quota|exceeded your current quota|billing|insufficient (credit|balance|fund)|out of credit"
    r"|payment required|credit balance|add (more )?credits|monthly (usage )?limit",
    re.I,
)
_BUSY = re.compile(
    r"overload|unavailable|capacity|timeout|timed out|temporar|try again|internal|server_error|busy", re.I
)
_NO_MODEL = re.compile(r"model.{0,80}(not found|does not exist|not exist|unknown|not a valid)|no such model", re.I)
_HTML = re.compile(rb"\s*(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml|center|title)", re.I)


@dataclass(frozen=True)
class Place:
    """Which endpoint it was, as far as error texts need it."""

    provider: str
    model: str
    url: str
    key: str = field(default="", repr=False)
    key_env: str = ""
    local: bool = False

    @property
    def shown(self) -> str:
        """The URL without a name and a password in it."""
        return without_password(self.url)


class Refused(Exception):
    """The endpoint answered with an error: in its status, or (status 0) inside a stream."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body
        self.error = _error_object(body)
        self.partial: tuple[object, ...] = ()

    @property
    def message(self) -> str:
        """The provider's own words, unbounded."""
        if self.error:
            return _message_in(self.error) or "; ".join(islice(_sentences(self.error), 3))
        return "" if looks_like_html(self.body) else self.body.decode("utf-8", "replace")

    @property
    def parameter(self) -> str:
        """The request parameter that the error names in its own field."""
        inner = child(self.error, "error") or self.error
        return text_of(inner, "param")


class UnreachableHere(ModelUnavailable):
    """A server on this machine that does not run: waiting long will not start it."""


def looks_like_html(body: bytes) -> bool:
    """Whether a page was sent where an answer of the API should be."""
    return _HTML.match(body[:200]) is not None


def is_error(value: JsonObject) -> bool:
    """Whether an object in a stream, or in place of one, reports an error."""
    if value.get("error"):
        return True
    if value.get("object") == "error" or value.get("type") == "error":
        return True
    return "choices" not in value and "detail" in value and "id" not in value


def explain(refused: Refused, place: Place) -> ModelError:
    """The error to raise. Its `retryable` says whether the same request may work later."""
    told = _told_status(refused.error)
    status = refused.status if refused.status >= 300 else told
    message = tidy(refused.message, place.key)
    too_long = overflow(refused.error, status)
    if too_long is not None or (status == 413 and not looks_like_html(refused.body)):
        return _too_long(message, too_long.limit if too_long else None, too_long.sent if too_long else None)
    said = f": {message}" if message else "."
    if status in (401, 403):
        return _not_allowed(status, said, place)
    if status == 402 or (status in (0, 403, 429) and _QUOTA.search(_words(refused))):
        error = RateLimited(f"{place.provider} has no quota or credit left for this key{said}")
        error.hint = "Check the plan and billing at the provider, or choose another model."
        error.retryable = False
        return error
    if status == 429 or (not status and "rate" in _words(refused).lower() and "limit" in _words(refused).lower()):
        asked = wait_asked(refused.headers, refused.error)
        return RateLimited(f"{place.provider} limits the rate of requests{said}", retry_after=asked)
    if status == 404 or (status in (0, 400) and _NO_MODEL.search(message)):
        return _not_found(said, place)
    if looks_like_html(refused.body):
        return _page(status, place)
    if status in RETRY_STATUSES or status >= 500:
        return ModelUnavailable(f"{place.provider} has a problem (status {status}){said}", retryable=status != 501)
    if not status:
        if _BUSY.search(_words(refused)):
            return ModelUnavailable(f"{place.provider} broke off the answer{said}")
        return BadResponse(f"{place.provider} broke off the answer with an error{said}")
    if status < 400:
        target = tidy(refused.headers.get("location", ""), place.key)
        return ModelUnavailable(
            f"{place.shown} sends requests on to {target or 'another address'}, and they are not followed there.",
            retryable=False,
            hint=f"Set the base URL of {place.provider} to the right address.",
        )
    return ModelError(f"{place.provider} refused the request (status {status}){said}")


def tidy(text: str, key: str = "") -> str:
    """One line of at most MAX_MESSAGE characters without control characters and keys."""
    text = _CONTROL.sub(" ", text[: MAX_MESSAGE * 8])
    if len(key) > 3:
        text = text.replace(key, "[key]")
    text = " ".join(_SECRET.sub("[key]", text).split())
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def html_page(place: Place) -> ModelError:
    """A web page came with status 200: a login page of a network, or not an API at all."""
    error = BadResponse(f"{place.shown} answered with a web page, not with an answer of a model.")
    error.hint = (
        "Check the network's login page or proxy, and that the base URL ends as the provider says (mostly /v1)."
    )
    error.retryable = False
    return error


def unreachable(reason: str, place: Place) -> ModelError:
    """No connection, or it broke. `reason` is what the network said."""
    hint = "Check the network and the base URL."
    kind = UnreachableHere if place.local else ModelUnavailable
    if place.provider == "ollama":
        hint = "Start Ollama (ollama serve), or set OLLAMA_HOST to where it runs."
    elif place.local:
        hint = "Start the server at that address, or change the base URL."
    return kind(f"{place.provider} cannot be reached at {place.shown}: {tidy(reason, place.key)}", hint=hint)


def _not_allowed(status: int, said: str, place: Place) -> ModelError:
    if _QUOTA.search(said):
        error = RateLimited(f"{place.provider} has no quota or credit left for this key{said}")
        error.retryable = False
        return error
    verb = "did not accept the key" if status == 401 else "does not allow this with the key that is set"
    name = place.key_env or f"{place.provider.upper()}_API_KEY"
    hint = f"Set {name} to a valid key, or run: cass auth set {place.provider}"
    return AuthenticationError(f"{place.provider} {verb} (status {status}){said}", hint=hint)


def _not_found(said: str, place: Place) -> ModelError:
    hint = "cass models lists what can be used."
    if place.provider == "ollama":
        hint = f"Get it with: ollama pull {place.model} ({hint})"
    return ModelUnavailable(
        f"{place.provider} at {place.shown} has no model {place.model}{said}", retryable=False, hint=hint
    )


def _too_long(message: str, limit: int | None, sent: int | None) -> ModelError:
    numbers = f" ({sent:,} tokens were sent, {limit:,} fit)" if limit and sent else ""
    text = f"The conversation is too long for the model{numbers}" + (f": {message}" if message else ".")
    return ContextTooLong(text, limit=limit, hint="/clear starts afresh; a new session does, too.")


def _page(status: int, place: Place) -> ModelError:
    return ModelUnavailable(
        f"{place.shown} answered with a web page (status {status}).",
        retryable=status in RETRY_STATUSES or status >= 500,
        hint="Check the network and the base URL.",
    )


def _words(refused: Refused) -> str:
    inner = child(refused.error, "error") or refused.error
    return " ".join([refused.message[:4000], *(str(inner.get(key) or "") for key in ("code", "type", "status"))])


def _told_status(error: JsonObject) -> int:
    for level in (child(error, "error"), error):
        for key in ("status", "status_code", "code", "http_status"):
            number = number_of(level, key)
            if number is not None and 400 <= number < 600:
                return int(number)
    return 0


def _error_object(body: bytes) -> JsonObject:
    try:
        value = parse(body.decode("utf-8", "replace"))
    except ValueError:
        return {}
    if is_object(value):
        return value
    entries = objects(value)
    return entries[0] if entries else {}


def _sentences(value: object) -> Iterator[str]:
    """Texts in an error of an unknown form that may be meant for people."""
    if isinstance(value, str) and " " in value.strip():
        yield value
    elif is_object(value):
        for item in value.values():
            yield from _sentences(item)
    elif is_list(value):
        for item in value[:20]:
            yield from _sentences(item)


def _message_in(error: JsonObject) -> str:
    inner = error.get("error")
    if isinstance(inner, str) and inner:
        return inner
    raw = text_of(child(child(error, "error"), "metadata"), "raw")
    for level in (child(child(error, "error"), "error"), child(error, "error"), error):
        message = text_of(level, "message") or text_of(level, "detail") or text_of(level, "msg")
        if message:
            return f"{message}: {raw}" if raw and raw not in message else message
    return "; ".join(filter(None, (text_of(item, "msg") for item in objects(error.get("detail"))))) or raw
