"""The seam to what calls did to files: seen before and after, kept, and put back on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """What a path is. A file's `hash` is the sha256, in hex, of its bytes; empty when they were too big to be kept or
    could not be read, and then `stamp` (nanoseconds) stands for them. A link's `target` is its text. `mode` holds the
    permission bits, 0 for links."""

    kind: Literal["file", "link", "folder"]
    mode: int = 0
    hash: str = ""
    size: int = 0
    target: str = ""
    stamp: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether it can be made again."""
        return self.kind != "file" or bool(self.hash)


@dataclass(frozen=True, slots=True)
class Effect:
    """One path that became another thing; None stands for nothing there. The folders above `path` are real, it is
    itself never followed."""

    path: Path
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True)
class Effects:
    """What one call, or a rewind, did."""

    effects_id: str
    changes: tuple[Effect, ...]

    @property
    def missing(self) -> tuple[Path, ...]:
        """Paths whose former content could not be kept."""
        return tuple(e.path for e in self.changes if e.before is not None and not e.before.is_kept)


@dataclass(frozen=True)
class Begun:
    """A call that may change files, at its beginning; what it does will be the effects `effects_id`. `turn_id` is the
    turn that it belongs to or, of a rewind, that it goes back to."""

    effects_id: str
    turn_id: str | None = None
    call_id: str | None = None
    is_rewind: bool = False


@dataclass(frozen=True)
class Unfinished:
    """A call that was begun, and cass died before it was known what it did. `changes` are what can be its doing: it is
    known until about when cass lived, and what was changed later is not among them, or with an `after` that nothing
    is equal to."""

    call: Begun
    changes: tuple[Effect, ...]


class Checkpoints(Protocol):
    """The kept states of one session's folders. Nothing here raises for a full disk or a damaged store: what could
    not be kept is not covered, and `news` says so."""

    async def take(self, call: Begun | None = None) -> object:
        """Look at all that the folders hold, before a call that may change it. What is ignored is left out. Of a `call`
        it is on disk that it began, until `ended`."""
        ...

    async def begin(self, call: Begun, were: Mapping[Path, Entry | None]) -> None:
        """The same for a call that can change these paths only."""
        ...

    async def ended(self, call: Begun) -> None:
        """What the call did is known, and told."""
        ...

    async def unfinished(self) -> Sequence[Unfinished]:
        """The session's calls that were begun and never ended, oldest first. For a session that was just opened."""
        ...

    async def since(self, taken: object) -> Effects | None:
        """Look again and keep the difference; None when there is none."""
        ...

    async def look(self, path: Path) -> Entry | None:
        """What a path is now, its content kept; None for nothing, or for what is no file, link or folder."""
        ...

    async def keep(self, data: bytes, mode: int) -> Entry:
        """Keep a content that is not on disk, such as an open buffer's."""
        ...

    async def record(self, changes: Sequence[Effect], call: Begun | None = None) -> Effects | None:
        """Keep what is known to have changed; None when nothing did. The effects have the call's id."""
        ...

    async def read(self, effects_id: str) -> tuple[Effect, ...] | None:
        """What was recorded; None when it is not kept any more."""
        ...

    async def has(self, entry: Entry) -> bool:
        """Whether a file's bytes are kept."""
        ...

    async def content(self, entry: Entry) -> bytes | None:
        """A file's bytes as they were; None when they are not kept."""
        ...

    async def put(self, path: Path, now: Entry | None, wanted: Entry | None) -> None:
        """Make a path on disk what it was. Only where it still is `now`, and never through a link: ToolError, in words
        for the user, else; then nothing was changed. A folder goes only when it is empty."""
        ...

    def news(self) -> tuple[str, ...]:
        """What the user should be told, each once."""
        ...
