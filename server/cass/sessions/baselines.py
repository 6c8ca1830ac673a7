"""The texts of changed files as they were before a session touched them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from cass.ports import FileEdit
from cass.sessions.stream import Stream


class Baselines:
    """Copies of what edits replace, by their hash, in a folder of the session's own."""

    def __init__(self, folder: Path, stream: Stream) -> None:
        self._folder = folder
        self._stream = stream

    def keep(self, edits: Sequence[FileEdit]) -> None:
        """Keep what these edits replace, once for each text."""
        for base in (edit.base for edit in edits if edit.base):
            self.keep_text(base.text)

    def keep_text(self, text: str) -> str:
        """Keep a text; its hash."""
        data = text.encode("utf-8", "surrogatepass")
        wanted = hashlib.sha256(data).hexdigest()
        path = self._folder / wanted
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(path.with_suffix(".new"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            path.with_suffix(".new").replace(path)
        return wanted

    def text(self, path: Path) -> str | None:
        """The text of a changed file before; None when it did not exist, or its copy is gone."""
        return self.by_hash(self._stream.state.baselines.get(path))

    def by_hash(self, wanted: str | None) -> str | None:
        """A text that was kept; None when there is no such copy."""
        if not wanted:
            return None
        try:
            data = (self._folder / wanted).read_bytes()
        except OSError:
            return None
        matches = hashlib.sha256(data).hexdigest() == wanted
        return data.decode("utf-8", "surrogatepass") if matches else None
