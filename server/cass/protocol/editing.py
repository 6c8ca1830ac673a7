"""What an editor adds to the protocol: its documents, what it knows of the code, reviewing changes, completion.

Positions are LSP's: lines and characters from 0, characters in the position encoding that `initialize` settled. The
lines of hunks are counted from 1, as everywhere in cass.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cass.protocol.edits import EditOp
from cass.protocol.wire import Method, Wire

# --- documents: from the server to an editor that declared `save` or `reload` ---


class DocumentsParams(Wire):
    """The documents that are meant."""

    uris: tuple[str, ...]


class NotSaved(Wire):
    """A document that could not be saved, and why."""

    uri: str
    message: str


class DocumentSaveResult(Wire):
    """What was saved. A document that is not open, or has no unsaved changes, counts as saved."""

    saved: tuple[str, ...] = ()
    failed: tuple[NotSaved, ...] = ()


# --- what the editor knows of the code: each method is asked only of a client that declared it in `ide` ---


class Position(Wire):
    """A place in a document."""

    line: int = Field(ge=0)
    character: int = Field(ge=0)


class Range(Wire):
    """From `start` to `end`, the end not included."""

    start: Position
    end: Position


class Location(Wire):
    """A place in some document."""

    uri: str
    range: Range


class Diagnostic(Wire):
    """What a language server says of a place. `severity` is LSP's: 1 error, 2 warning, 3 information, 4 hint."""

    uri: str
    range: Range
    message: str
    severity: int = Field(default=1, ge=1, le=4)
    source: str | None = None
    code: str | None = None


class DiagnosticsParams(Wire):
    """Diagnostics of these documents; of all that the editor has for no names. With `settle_ms` the editor answers
    when they have changed and then been quiet for a moment, at the latest after that many milliseconds."""

    uris: tuple[str, ...] = ()
    settle_ms: int = Field(default=0, ge=0, le=60_000)


class DiagnosticsResult(Wire):
    """The diagnostics."""

    diagnostics: tuple[Diagnostic, ...] = ()


class PlaceParams(Wire):
    """A place in a document."""

    uri: str
    position: Position


class LocationsResult(Wire):
    """Places."""

    locations: tuple[Location, ...] = ()


class DocumentParams(Wire):
    """The document that is meant."""

    uri: str


class QueryParams(Wire):
    """Words to look for."""

    query: str


class Symbol(Wire):
    """Something with a name. `kind` is the lower-case name of LSP's SymbolKind: function, class, method …"""

    name: str
    kind: str
    uri: str
    range: Range
    container: str | None = None


class SymbolsResult(Wire):
    """Symbols, in the editor's order."""

    symbols: tuple[Symbol, ...] = ()


class RenameParams(Wire):
    """Rename what stands at a place. The editor says what would change and changes nothing."""

    uri: str
    position: Position
    new_name: str = Field(min_length=1)


class TextEdit(Wire):
    """Replace a range."""

    range: Range
    new_text: str


class RenameResult(Wire):
    """The edits, by document; no two of them overlap."""

    changes: dict[str, tuple[TextEdit, ...]] = Field(default_factory=dict)


class ActiveEditor(Wire):
    """Where the user is."""

    uri: str
    selection: Range
    selected_text: str = ""
    visible: Range | None = None


class OpenTab(Wire):
    """A document that is open."""

    uri: str
    dirty: bool = False
    visible: bool = False


class EditorContextResult(Wire):
    """What the user is looking at."""

    active: ActiveEditor | None = None
    open: tuple[OpenTab, ...] = ()


class Nothing(Wire):
    """No fields."""


# --- review: from the client to the server ---


class ReviewHunk(Wire):
    """A change to decide about. A `proposed` one is not made yet: `old_text` stands in the file. A `made` one is:
    `new_text` stands there. `line` is its first line in the present text, counted from 1, and `lines` how many it
    covers there; with 0 lines it stands before `line`. Ids hold until the hunk is decided or its text changes."""

    hunk_id: str
    kind: Literal["proposed", "made"]
    line: int
    lines: int
    old_text: str
    new_text: str
    proposal_id: str | None = None


class ReviewFile(Wire):
    """A file with changes to decide about. `move_to` is given for a proposed move."""

    uri: str
    path: str
    op: EditOp = "modify"
    move_to: str | None = None
    hunks: tuple[ReviewHunk, ...]


class ReviewListParams(Wire):
    """The changes of a session that wait for a decision; only those of one document with `uri`."""

    session_id: str
    uri: str | None = None


class ReviewListResult(Wire):
    """Files in order of their path, hunks from top to bottom. `conflicts` says of proposals that fit no more."""

    files: tuple[ReviewFile, ...] = ()
    conflicts: tuple[str, ...] = ()


class ReviewResolveParams(Wire):
    """Decide. `keep` accepts what is proposed and keeps what is made; `revert` refuses the one and takes back the
    other; `amend` keeps with `text` in the place of the hunk's new text; `comment` decides nothing and tells the
    model `comment` about the hunk. Without `hunk_ids` it is about the whole document, without `uri` about all. A
    `comment` beside another action is its reason, and the model reads it."""

    session_id: str
    action: Literal["keep", "revert", "amend", "comment"]
    uri: str | None = None
    hunk_ids: tuple[str, ...] = ()
    text: str | None = None
    comment: str | None = None


class ReviewResolveResult(Wire):
    """What is left to decide, and what could not be done, in words."""

    files: tuple[ReviewFile, ...] = ()
    conflicts: tuple[str, ...] = ()


# --- inline completion ---


class CompletionGetParams(Wire):
    """Whether completion is on for a language (LSP's language id), in a session or without one."""

    language_id: str | None = None
    session_id: str | None = None
    cwd: str | None = None


class CompletionSetParams(Wire):
    """Switch completion, for one language or all. `user` and `project` are remembered, `session` is not."""

    enabled: bool
    scope: Literal["user", "project", "session"] = "user"
    language_id: str | None = None
    session_id: str | None = None
    cwd: str | None = None


class CompletionStatus(Wire):
    """Whether it is on, what decided that, in words, and the model that completes."""

    enabled: bool
    because: str
    model: str | None = None


REVIEW_LIST = Method("cass/review/list", ReviewListParams, ReviewListResult)
REVIEW_RESOLVE = Method("cass/review/resolve", ReviewResolveParams, ReviewResolveResult)
COMPLETION_GET = Method("cass/completion/get", CompletionGetParams, CompletionStatus)
COMPLETION_SET = Method("cass/completion/set", CompletionSetParams, CompletionStatus)

CLIENT_TO_SERVER = (REVIEW_LIST, REVIEW_RESOLVE, COMPLETION_GET, COMPLETION_SET)

DOCUMENT_SAVE = Method("cass/document/save", DocumentsParams, DocumentSaveResult)
DOCUMENT_RELOAD = Method("cass/document/reload", DocumentsParams, None)
IDE_DIAGNOSTICS = Method("cass/ide/diagnostics", DiagnosticsParams, DiagnosticsResult)
IDE_DEFINITION = Method("cass/ide/definition", PlaceParams, LocationsResult)
IDE_REFERENCES = Method("cass/ide/references", PlaceParams, LocationsResult)
IDE_DOCUMENT_SYMBOLS = Method("cass/ide/documentSymbols", DocumentParams, SymbolsResult)
IDE_WORKSPACE_SYMBOLS = Method("cass/ide/workspaceSymbols", QueryParams, SymbolsResult)
IDE_RENAME = Method("cass/ide/rename", RenameParams, RenameResult)
IDE_CONTEXT = Method("cass/ide/context", Nothing, EditorContextResult)

SERVER_TO_CLIENT = (
    DOCUMENT_SAVE,
    DOCUMENT_RELOAD,
    IDE_DIAGNOSTICS,
    IDE_DEFINITION,
    IDE_REFERENCES,
    IDE_DOCUMENT_SYMBOLS,
    IDE_WORKSPACE_SYMBOLS,
    IDE_RENAME,
    IDE_CONTEXT,
)
