"""Changes that were made and that nobody has decided about yet: each file's text before them is kept.

What the user types into such a file meanwhile is theirs: it goes into the text before, too, so that it never shows
as a change of the model's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.errors import ToolError
from cass.hunks import make_hunks
from cass.merging import absorb, merge
from cass.ports import Applied, FileEdit, FileText, Workspace
from cass.protocol.edits import Hunk
from cass.protocol.events import ReviewBase
from cass.sessions.baselines import Baselines
from cass.sessions.stream import Stream


@dataclass
class Made:
    """One file. `base` is its text without the changes, `known` its text as last seen; None stands for no file."""

    base: str | None
    known: str | None

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        """The changes. A file that came or went has at least one."""
        found = make_hunks(self.base or "", self.known or "")
        if found or (self.base is None) == (self.known is None):
            return found
        empty = Hunk(hunk_id="h1", old_start=1, old_lines=0, new_start=1, new_lines=0, old_text="", new_text="")
        return (empty,)


class Unreviewed:
    """The changed files of one session."""

    def __init__(self, stream: Stream, baselines: Baselines, files: Workspace) -> None:
        self._stream = stream
        self._baselines = baselines
        self._files = files
        self.made: dict[Path, Made] = {}
        for path, event in stream.state.unreviewed.items():
            base = baselines.by_hash(event.base_hash)
            known = baselines.by_hash(event.known_hash)
            if known is not None or event.known_hash == "":
                self.made[path] = Made(base, known)

    def take(self, edits: Sequence[FileEdit], applied: Applied, *, reviewed: bool) -> None:
        """Edits were made. Those that the user accepted beforehand are as good as the user's own."""
        after = {file.path: file.text for file in applied.files}
        for edit in edits:
            target = edit.move_to or edit.path
            if target not in after:
                continue
            if edit.move_to and edit.path in self.made:
                self.made[target] = self.made.pop(edit.path)
                self._keep(edit.path)
            known = after[target]
            before = _without(edit, known)
            entry = self.made.get(target)
            if reviewed:
                if entry:
                    self._absorb(entry, known)
            elif edit.new_text is not None or edit.op == "delete":
                if entry is None:
                    entry = self.made[target] = Made(before, known)
                else:
                    self._absorb(entry, before)
                    entry.known = known
            self._settle(target)

    async def look(self, path: Path) -> FileText | None:
        """The file as it is now, what others did to it since taken over; None when there is none. A file that others
        took away is left in the books as it was: it may come back in a moment, many programs save like that."""
        try:
            now: FileText | None = await self._files.actual(path)
        except ToolError:
            now = None
        entry = self.made.get(path)
        if entry and now:
            self._absorb(entry, now.text)
            if _same(entry):
                self._settle(path)
        return now

    def keep(self, path: Path, base: str | None, known: str | None) -> None:
        """From now on these are the two texts of a file."""
        self.made[path] = Made(base, known)
        self._settle(path)

    def _absorb(self, entry: Made, now: str | None) -> None:
        if now == entry.known:
            return
        if now is None or entry.known is None or entry.base is None:
            if entry.base is not None and entry.known is None and now is not None:
                entry.base = now if now == entry.base else entry.base
            entry.known = now
            return
        entry.base = absorb(entry.known, now, entry.base)
        entry.known = now

    def _settle(self, path: Path) -> None:
        """Drop what is decided, and keep the rest over the end of the process."""
        entry = self.made.get(path)
        if entry is None:
            return
        if _same(entry):
            del self.made[path]
        self._keep(path)

    def _keep(self, path: Path) -> None:
        entry = self.made.get(path)
        if entry is None:
            if path in self._stream.state.unreviewed:
                self._stream.emit(ReviewBase(path=str(path)))
            return
        for text in (entry.base, entry.known):
            if text is not None:
                self._baselines.keep_text(text)
        event = ReviewBase(
            path=str(path),
            base_hash=_hash(entry.base) if entry.base is not None else "",
            known_hash=_hash(entry.known) if entry.known is not None else "",
        )
        if self._stream.state.unreviewed.get(path) != event:
            self._stream.emit(event)


def _same(entry: Made) -> bool:
    return entry.base == entry.known


def _without(edit: FileEdit, known: str | None) -> str | None:
    """The file's text with the edit taken back and whatever else happened to it kept."""
    if edit.base is None:
        return None
    if edit.new_text is None or known is None:
        return edit.base.text
    return merge(edit.new_text, edit.base.text, known).text


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
