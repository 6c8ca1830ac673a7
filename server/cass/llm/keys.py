"""Keys of providers: in the environment, else in the system's keyring. Never in a file of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cass.errors import ConfigError

SERVICE = "cass"
LIMIT = 3.0
"""Seconds to wait for a keyring, which may be locked or not there."""


def get(provider: str) -> str | None:
    """The key in the keyring; None where there is none, or no keyring that answers in time."""
    found: list[str] = []

    def look() -> None:
        try:
            import keyring

            key = keyring.get_password(SERVICE, provider)
        except Exception:  # every backend has errors of its own; no key is what they all mean here
            return
        if key:
            found.append(key)

    _bounded(look)
    return found[0] if found else None


def store(provider: str, key: str) -> None:
    """Keep a key. ConfigError when there is no keyring to keep it in."""

    def write() -> None:
        import keyring

        keyring.set_password(SERVICE, provider, key)

    _must(write)


def delete(provider: str) -> bool:
    """Remove a key; False when there was none. ConfigError when there is no keyring."""
    if get(provider) is None:
        return False

    def remove() -> None:
        import keyring

        keyring.delete_password(SERVICE, provider)

    _must(remove)
    return True


def _must(action: Callable[[], None]) -> None:
    failed: list[str] = []

    def attempt() -> None:
        try:
            action()
        except ImportError:
            failed.append("the package keyring is not installed (pip install 'cass[keyring]')")
        except Exception as error:  # every backend has errors of its own
            failed.append(type(error).__name__)

    if not _bounded(attempt):
        failed.append(f"it did not answer within {LIMIT:g} seconds")
    if failed:
        hint = "Set the provider's environment variable instead."
        raise ConfigError(f"The system's keyring cannot be used: {failed[0]}.", hint=hint)


def _bounded(action: Callable[[], None]) -> bool:
    thread = threading.Thread(target=action, name="keyring", daemon=True)
    thread.start()
    thread.join(LIMIT)
    return not thread.is_alive()
