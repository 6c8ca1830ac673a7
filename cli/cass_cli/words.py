"""The protocol's method names and what this client says of itself, as plain constants: `cass.protocol` has the same
words as models, and loading those would cost more than the whole client."""

from __future__ import annotations

from typing import Final

SESSION_NEW: Final = "cass/session/new"
SESSION_RESUME: Final = "cass/session/resume"
SESSION_LIST: Final = "cass/session/list"
SESSION_CLOSE: Final = "cass/session/close"
SESSION_DELETE: Final = "cass/session/delete"
SESSION_PROMPT: Final = "cass/session/prompt"
SESSION_CANCEL: Final = "cass/session/cancel"
SET_CONFIG_OPTION: Final = "cass/session/setConfigOption"
SESSION_SHELL: Final = "cass/session/shell"
CONTEXT_GET: Final = "cass/context/get"
REWIND_LIST: Final = "cass/rewind/list"
REWIND_PREVIEW: Final = "cass/rewind/preview"
REWIND_APPLY: Final = "cass/rewind/apply"
REWIND_UNDO: Final = "cass/rewind/undo"
SESSION_SEARCH: Final = "cass/session/search"
SESSION_FORK: Final = "cass/session/fork"
SESSION_SET_INFO: Final = "cass/session/setInfo"
SESSION_EXPORT: Final = "cass/session/export"
SESSION_IMPORT: Final = "cass/session/import"
SESSION_PRUNE: Final = "cass/session/prune"
SESSION_UPDATE: Final = "cass/session/update"
REQUEST_PERMISSION: Final = "cass/session/requestPermission"
ELICITATION: Final = "cass/elicitation/create"

PROTOCOL_VERSION: Final = 1

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_CONFIG: Final = 3
EXIT_PROVIDER: Final = 4
EXIT_LIMIT: Final = 5
EXIT_INTERRUPTED: Final = 130

_CONFIG_KINDS: Final = frozenset({"config_error", "auth_required", "untrusted_folder"})
_PROVIDER_KINDS: Final = frozenset(
    {"provider_error", "provider_unavailable", "rate_limited", "bad_response", "context_too_long"}
)


def exit_code(stop_reason: str, error_kind: str = "") -> int:
    """The exit code for how a turn ended: an error's kind says more than the stop reason."""
    if error_kind in _CONFIG_KINDS:
        return EXIT_CONFIG
    if error_kind in _PROVIDER_KINDS:
        return EXIT_PROVIDER
    if error_kind == "limit_reached" or stop_reason in ("max_turn_requests", "max_tokens"):
        return EXIT_LIMIT
    if error_kind:
        return EXIT_FAILED
    if stop_reason == "cancelled":
        return EXIT_INTERRUPTED
    return EXIT_OK if stop_reason == "end_turn" else EXIT_FAILED
