"""The seam to the user's files."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from cass.protocol.edits import EditOp


@dataclass(frozen=True)
class FileText:
    """A text file as it is: `text` keeps every line end and has no byte order mark; `bom` holds that. `version`
    is the editor's, None for a file on disk. `hash` is the sha256, in hex, of `text` as UTF-8. `note` is something
    about its state that the model should know."""

    path: Path
    text: str
    hash: str
    source: Literal["buffer", "disk", "overlay"] = "disk"
    version: int | None = None
    encoding: str = "utf-8"
    bom: bytes = b""
    eol: Literal["\n", "\r\n", "\r"] = "\n"
    note: str = ""


@dataclass(frozen=True)
class FileEdit:
    """The change of one file. `base` is what the change was made on (None: the file must not exist); `new_text`
    is the whole new text (None: the file is deleted, or moved unchanged)."""

    path: Path
    op: EditOp
    base: FileText | None
    new_text: str | None
    move_to: Path | None = None


@dataclass(frozen=True)
class AppliedFile:
    """A change that was made. `path` is where the file is now and `text` what it holds (None: it is gone).
    `unsaved` says, for the model, why the disk does not have it: the editor holds it."""

    path: Path
    text: str | None
    unsaved: str = ""


@dataclass(frozen=True)
class Applied:
    """What became of edits. `failed` are those that could not be made after others were, each with the reason."""

    files: tuple[AppliedFile, ...] = ()
    failed: tuple[tuple[FileEdit, str], ...] = ()


@dataclass(frozen=True)
class Listing:
    """Files of a folder, absolute, sorted, and the folders in it that hold none of them but are not ignored
    themselves. `complete` is false when a limit cut the list."""

    paths: tuple[Path, ...]
    bare_folders: tuple[Path, ...] = ()
    complete: bool = True


@dataclass(frozen=True)
class SearchQuery:
    """What to look for: `pattern` is a regular expression (ripgrep's), `path` a file or a folder. `glob` keeps
    only files whose path below `path` fits; without a slash it is matched with the name alone."""

    pattern: str
    path: Path
    glob: str = ""
    ignore_case: bool = False
    context: int = 0
    want: Literal["lines", "files", "counts"] = "lines"
    limit: int = 200


@dataclass(frozen=True)
class SearchHit:
    """A line found, or a file. `line` counts from 1 and is 0 for a file; `text` has no line end; `is_match` is
    false for a context line; `count` is the number of matching lines of a file."""

    path: Path
    line: int = 0
    text: str = ""
    is_match: bool = True
    count: int = 0


@dataclass(frozen=True)
class SearchResult:
    """Hits by path and line. `complete` is false when a limit cut the search."""

    hits: tuple[SearchHit, ...]
    complete: bool = True


class Files(Protocol):
    """The user's files, to look at. Paths are resolved against the first root; what lies outside the roots is said
    by `inside`, and deciding about it is the gate's business."""

    @property
    def roots(self) -> tuple[Path, ...]:
        """Absolute, real paths."""
        ...

    def resolve(self, path: str) -> Path:
        """The absolute path that a model's or user's words mean; links are not followed. ToolError when it
        cannot be a path."""
        ...

    def inside(self, path: Path) -> bool:
        """Whether the path, with every link followed, lies in a root."""
        ...

    async def read(self, path: Path) -> FileText:
        """The text: the open buffer, else the overlay, else the disk. ToolError, written for the model, for what
        is missing (its kind is `not_found`), binary, not decodable, too big, or not a regular file."""
        ...

    async def read_bytes(self, path: Path, limit: int) -> bytes:
        """The raw bytes on disk, at most `limit`; ToolError when the file is bigger."""
        ...

    async def files(self, folder: Path, *, glob: str = "", depth: int = 0, limit: int = 100_000) -> Listing:
        """The files below a folder that no ignore file names, hidden ones too, `.git` left out. `glob` keeps those
        whose path below the folder fits; without a slash it is matched with the name alone. Bare folders are told
        of down to `depth`. ToolError when there is no such folder or the glob is wrong."""
        ...

    async def search(self, query: SearchQuery) -> SearchResult:
        """Look through the files that `files` gives. ToolError for a bad pattern."""
        ...


class Workspace(Files, Protocol):
    """The user's files, to look at and to change. Only what passed the gate comes here."""

    async def apply(self, edits: Sequence[FileEdit]) -> Applied:
        """Make these changes. Refuses (ToolError of the kind `stale`) when a file is no longer what its edit was
        made on; files on disk are changed all or none, open buffers after them, one by one. Each file on disk is
        replaced atomically; mode, links, encoding and byte order mark are kept."""
        ...

    async def actual(self, path: Path) -> FileText:
        """The same as `read`, but for what is proposed: the open buffer, else the disk."""
        ...

    def address(self, path: Path) -> str:
        """The URI that the client knows the file by: of an open buffer its own, by whatever way it was opened."""
        ...

    def stamp(self, path: Path) -> object:
        """Something that is another thing after the file, or its open buffer, has changed. Cheap."""
        ...

    async def save(self, paths: Sequence[Path], touched: Container[Path]) -> dict[Path, str]:
        """Have the open buffers of these files written to disk, of those in `touched` only: the others are the user's
        to save. Which of `paths` the disk does not have, with the reason in words. Never overwrites what changed on
        disk meanwhile."""
        ...

    async def catch_up(self) -> None:
        """After something else wrote files: have open buffers without unsaved changes loaded again."""
        ...

    def propose(self, edits: Sequence[FileEdit]) -> None:
        """Put the changes into the overlay: `read` sees them, the disk does not."""
        ...

    def forget(self, paths: Sequence[Path]) -> None:
        """Take these files out of the overlay."""
        ...
