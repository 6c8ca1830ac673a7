"""The terminal's prompt history: kept in a private file, and without secrets."""

from __future__ import annotations

import os
from collections.abc import Iterable

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from cass.protocol.secrets import Masker, Vault, named_secrets
from cass_cli.places import private_file, state_dir


def open_history() -> History:
    """The history of all sessions; without a place to keep it, it lasts as long as the terminal."""
    try:
        path = private_file(state_dir() / "history")
    except OSError:
        return InMemoryHistory()
    return _Private(str(path))


class _Private(FileHistory):
    """What was typed can be had again while the terminal is open; in the file secrets are masked."""

    def __init__(self, filename: str) -> None:
        vault = Vault()
        vault.know(named_secrets(os.environ))
        self._masker = Masker(vault)
        super().__init__(filename)

    def store_string(self, string: str) -> None:
        """Keep it for the next time. A disk that is full costs only the memory of it."""
        try:
            super().store_string(self._masker.text(string))
        except OSError:
            return

    def load_history_strings(self) -> Iterable[str]:
        """What was kept, newest first; none where it cannot be read."""
        try:
            return super().load_history_strings()
        except OSError:
            return ()
