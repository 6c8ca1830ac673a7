"""The texts of changed files as they were before a session touched them.

They are the user's own files, byte for byte, secrets included, or nothing could be undone: compressed, so that no
search comes upon them, and readable by their owner only.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Sequence
from pathlib import Path

from cass import private
from cass.ports import FileEdit
from cass.protocol.events import Notice
from cass.sessions.stream import Stream

log = logging.getLogger(__name__)


class Baselines:
    """Copies of what edits replace, by their hash, in a folder of the session's own."""

    def __init__(self, folder: Path, stream: Stream) -> None:
        self._folder = folder
        self._stream = stream
        self._failed = False

    def beside(self, other: Baselines) -> Baselines:
        """This session's copies, kept where another one keeps its own."""
        return Baselines(other._folder, self._stream)

    def keep(self, edits: Sequence[FileEdit]) -> None:
        """Keep what these edits replace, once for each text."""
        for base in (edit.base for edit in edits if edit.base):
            self.keep_text(base.text)

    def keep_text(self, text: str) -> str:
        """Keep a text; its hash. The user is told once when that fails, and the work goes on."""
        data = text.encode("utf-8", "surrogatepass")
        wanted = hashlib.sha256(data).hexdigest()
        path = self._folder / wanted
        if not path.exists():
            try:
                private.write(path, zlib.compress(data, 1))
                self._failed = False
            except OSError as error:
                log.warning("a copy for undo cannot be kept in %s: %s", self._folder, error.strerror)
                self._say(error)
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
        if hashlib.sha256(data).hexdigest() != wanted:  # else an older cass kept it as it is
            try:
                data = zlib.decompress(data)
            except zlib.error:
                return None
        matches = hashlib.sha256(data).hexdigest() == wanted
        return data.decode("utf-8", "surrogatepass") if matches else None

    def _say(self, error: OSError) -> None:
        if not self._failed:
            self._failed = True
            text = f"Copies for undo cannot be kept in {self._folder}: {error.strerror}. Changes from here on may not be taken back."
            self._stream.emit(Notice(level="warning", text=text))
