"""The error tree. The class says who reads the text; nothing else is ever shown to a person or a model.

CassError
├── ConfigError            a setting is wrong: where, what, how to mend
├── ModelError             the provider failed (retryable or not)
│   ├── AuthenticationError
│   ├── RateLimited        carries retry_after, seconds
│   ├── ContextTooLong     carries the window's size when the provider told it
│   ├── ModelUnavailable   cannot be reached, or does not have that model
│   └── BadResponse        what came back is not an answer
├── ToolError              text written for the model
├── LimitReached           a budget of turn, session or day is used up
├── SessionError           the session cannot do that now
├── StoreError             the journal cannot be read or written
└── ProtocolError          a client's request is wrong (kind names it on the wire)
"""

from __future__ import annotations


class CassError(Exception):
    """Base of all errors that cass raises on purpose.

    `kind` is the stable word that clients see in `error.data.kind`; `hint` says how to mend it.
    """

    kind = "internal"

    def __init__(self, message: str, *, hint: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if kind:
            self.kind = kind

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(CassError):
    """A setting is missing or wrong. `where` is a file with its line, a variable or a flag."""

    kind = "config_error"

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.where = where


class ModelError(CassError):
    """The provider did not answer properly. `retryable` says whether the same request may work later; `partial`
    holds the blocks of the answer that had arrived when it broke off."""

    kind = "provider_error"
    retryable = False
    partial: tuple[object, ...] = ()


class AuthenticationError(ModelError):
    """The key is missing, wrong or not allowed to do this."""

    kind = "auth_required"


class RateLimited(ModelError):
    """The provider asks to slow down. `retry_after` is in seconds, None when it did not say."""

    kind = "rate_limited"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ContextTooLong(ModelError):
    """The conversation does not fit the model's window. `limit` is its size in tokens, None when unknown."""

    kind = "context_too_long"

    def __init__(self, message: str, *, limit: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class ModelUnavailable(ModelError):
    """The endpoint cannot be reached, is overloaded, or does not have the model."""

    kind = "provider_unavailable"

    def __init__(self, message: str, *, retryable: bool = True, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class BadResponse(ModelError):
    """Something came back that is not a finished answer: cut, malformed, or not from a model at all."""

    kind = "bad_response"
    retryable = True


class ToolError(CassError):
    """A tool call cannot be done. The text is written for the model and says what to do instead."""

    kind = "tool_error"


class LimitReached(CassError):
    """A limit that the user set is reached; the text says which."""

    kind = "limit_reached"


class SessionError(CassError):
    """The session is unknown, busy, or owned by another process; `kind` says which."""

    kind = "session_error"


class TrustError(CassError):
    """What a folder brings may not act: its user did not trust it, or not as it is now."""

    kind = "untrusted_folder"


class StoreError(CassError):
    """The journal of a session cannot be read or written."""

    kind = "store_error"


class ProtocolError(CassError):
    """A request that is understood but cannot be served; `kind` is the wire's word for it."""

    kind = "invalid_params"
