"""What the model believes the files hold, and what they hold: the difference is told, never hidden.

A file is known once the model has read or changed it. Whatever changes it then, the user's typing, an undo, a
formatter, a command, is found by comparing texts and told with the next request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cass.errors import ToolError
from cass.hunks import unified
from cass.ports import Applied, FileEdit, Files, FileText, Listing, SearchQuery, SearchResult, Workspace

_FILES = 400
_TEXT = 400_000
_DIFF_CHARS = 2_000
_ALL_CHARS = 6_000
_NAMED_CHARS = 4_000

_GONE = object()


@dataclass
class _Known:
    text: str | None
    """None: there is no such file."""
    stamp: object
    before: dict[str, None] = field(default_factory=dict[str, None])
    """Texts that our edits replaced."""


@dataclass(frozen=True)
class Change:
    """One file that is not what the model believes. `after` is None for one that is gone, or that is no text any
    more: `problem` says why. What is not `open` to the model is told of without its text."""

    path: Path
    before: str
    after: str | None
    where: str
    undone: bool = False
    problem: str = ""
    open: bool = True


class Ledger:
    """The books of one session. `may_show` says whether the model may be told what a file holds. `learn` is given the
    whole text of a private key's file: of its lines, read one by one, nobody could say what they are."""

    def __init__(
        self, workspace: Workspace, may_show: Callable[[Path], bool], learn: Callable[[str], object] | None = None
    ) -> None:
        self.files = workspace
        self._may_show = may_show
        self._learn = learn
        self.view: Files = _View(workspace, self)
        self._known: dict[Path, _Known] = {}
        self._said: list[str] = []

    def saw(self, path: Path, text: str | None, stamp: object = _GONE) -> None:
        """The model knows this text now; `stamp` is the file's from before it was read. A long one is not kept."""
        if self._learn and text and "PRIVATE KEY-----" in text:
            self._learn(text)
        known = self._known.pop(path, None) or _Known(None, _GONE)
        if text is not None and len(text) > _TEXT:
            return
        known.text, known.stamp = text, stamp
        self._known[path] = known
        if len(self._known) > _FILES:
            self._known.pop(next(iter(self._known)))

    def expects(self, path: Path, before: str | None, after: str | None) -> None:
        """The model changed the file and believes that it holds `after`."""
        self.saw(path, after)
        known = self._known.get(path)
        if known and before is not None:
            known.before[before] = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that the model knows."""
        return tuple(self._known)

    def hashes(self) -> dict[Path, str]:
        """What the files that the model knows hold, as far as it was told: the beginning of a sha256 in hex, or `gone`.
        The one it looked at last stands last."""
        return {
            path: "gone"
            if known.text is None
            else hashlib.sha256(known.text.encode("utf-8", "replace")).hexdigest()[:12]
            for path, known in self._known.items()
        }

    def made(self, edits: Sequence[FileEdit], applied: Applied) -> None:
        """Edits of the model's were made: it believes in what it wrote, whatever came of it."""
        done = {file.path for file in applied.files}
        for edit in edits:
            target = edit.move_to or edit.path
            if target not in done:
                continue
            before = edit.base.text if edit.base else None
            after = None if edit.op == "delete" else edit.new_text if edit.new_text is not None else before
            if edit.move_to:
                self.expects(edit.path, before, None)
            self.expects(target, None if edit.move_to else before, after)

    def forget(self) -> None:
        """The conversation is another one: the model is taken to know nothing."""
        self._known.clear()
        self._said.clear()

    def say(self, text: str) -> None:
        """Something else that the model must be told."""
        self._said.append(text)

    async def news(self) -> str:
        """All that changed since the model last saw it, in words for the model; empty when nothing did."""
        said, self._said = self._said, []
        changes = await self.changes()
        told = _told(changes)
        return "\n\n".join([*said, *([told] if told else [])])

    async def changes(self) -> list[Change]:
        """The files that are not what the model believes; from now on it is taken to know."""
        found: list[Change] = []
        for path, known in list(self._known.items()):
            stamp = self.files.stamp(path)
            if stamp == known.stamp:
                continue
            now, problem = await self._look(path)
            text = now.text if now else None
            if problem and known.text is not None:
                found.append(Change(path, known.text, None, "", problem=problem))
            elif text != known.text and not problem:
                undone = text is not None and text in known.before
                where = "in the editor, not saved" if now and now.source == "buffer" else "on disk"
                note = f"; {now.note}" if now and now.note else ""
                found.append(Change(path, known.text or "", text, where + note, undone, open=self._may_show(path)))
            known.text, known.stamp = text, stamp
        return found

    async def _look(self, path: Path) -> tuple[FileText | None, str]:
        """The file, or None; and why it can be read no more, where it is there."""
        try:
            return await self.files.actual(path), ""
        except ToolError as error:
            return None, "" if error.kind == "not_found" else str(error)


class _View(Files):
    """The files, as the model looks at them: whatever it reads is in the books."""

    def __init__(self, files: Workspace, ledger: Ledger) -> None:
        self._files = files
        self._ledger = ledger

    @property
    def roots(self) -> tuple[Path, ...]:
        return self._files.roots

    def resolve(self, path: str) -> Path:
        return self._files.resolve(path)

    def inside(self, path: Path) -> bool:
        return self._files.inside(path)

    async def read(self, path: Path) -> FileText:
        stamp = self._files.stamp(path)
        found = await self._files.read(path)
        if found.source != "overlay":
            self._ledger.saw(path, found.text, stamp)
        return found

    async def read_bytes(self, path: Path, limit: int) -> bytes:
        return await self._files.read_bytes(path, limit)

    async def files(self, folder: Path, *, glob: str = "", depth: int = 0, limit: int = 100_000) -> Listing:
        return await self._files.files(folder, glob=glob, depth=depth, limit=limit)

    async def search(self, query: SearchQuery) -> SearchResult:
        return await self._files.search(query)


def _told(changes: Sequence[Change]) -> str:
    if not changes:
        return ""
    parts = ["Files that you know have changed since you last saw them:"]
    room = _ALL_CHARS
    for number, change in enumerate(changes):
        text = _one(change)
        if len(text) > room:
            text = f"- {change.path}: changed."
        if len(text) > room + _NAMED_CHARS:
            parts.append(f"- and {len(changes) - number} more files. Read again what you mean to use.")
            break
        room -= len(text)
        parts.append(text)
    return "\n".join(parts)


def _one(change: Change) -> str:
    if change.problem:
        return f"- {change.path} cannot be read any more: {change.problem}"
    if change.after is None:
        return f"- {change.path} does not exist any more."
    head = f"- {change.path} ({change.where}): "
    if change.undone:
        return head + "your change was undone, it reads as it did before that."
    diff = unified(change.path.name, change.before, change.after, context=1) if change.open else ""
    if not diff or len(diff) > _DIFF_CHARS:
        return head + "read it again."
    return f"{head}\n```diff\n{diff}```"
