"""The seams. A plug-in imports this file and `cass.protocol`, nothing more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel

from cass.protocol.edits import EditOp
from cass.protocol.events import Event, PlanEntry, ToolContent, ToolLocation
from cass.protocol.messages import Image, Message, Text, Thinking, ToolCall, ToolKind, Usage
from cass.protocol.methods import (
    ElicitationParams,
    ElicitationResult,
    ModelInfo,
    PermissionOutcome,
    RequestPermissionParams,
)
from cass.protocol.wire import JsonObject

# --- models ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it: `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True)
class ModelRequest:
    """One request. The prefix (system, tools, earlier messages) is byte-stable from step to step, so that
    prompt caches hit. `cache_key` is the same for all requests of a session."""

    system: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    effort: str | None = None
    max_output: int | None = None
    cache_key: str = ""


@dataclass(frozen=True)
class TextDelta:
    """Some more of the answer."""

    text: str


@dataclass(frozen=True)
class ThinkingDelta:
    """Some more of the reasoning."""

    text: str


@dataclass(frozen=True)
class Retrying:
    """The request failed and will be sent again. Deltas given so far are void."""

    attempt: int
    max_attempts: int
    delay: float
    reason: str


@dataclass(frozen=True)
class ModelNotice:
    """Something about the endpoint that the user should know."""

    text: str


FinishReason = Literal["stop", "tool_calls", "length", "refusal"]


@dataclass(frozen=True)
class Completed:
    """The whole answer, always the last event. `usage` is None when the provider reported none."""

    content: tuple[Text | Thinking | ToolCall, ...]
    finish: FinishReason
    usage: Usage | None = None
    model: str = ""


ModelEvent = TextDelta | ThinkingDelta | Retrying | ModelNotice | Completed


class Model(Protocol):
    """One model at one endpoint."""

    @property
    def name(self) -> str:
        """`provider/model`."""
        ...

    @property
    def context_window(self) -> int | None:
        """Tokens, None when unknown."""
        ...

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Ask. Ends with exactly one `Completed`, or raises a ModelError. Closing the iterator or cancelling the
        task that reads it closes the connection at once."""
        ...

    def estimate(self, text: str) -> int:
        """About how many tokens this text is, for this model; calibrated by what the endpoint reported."""
        ...


class Models(Protocol):
    """All models that can be reached."""

    def get(self, name: str) -> Model:
        """The model called `provider/model`, or a bare name at the default provider. Opens no connection; raises
        ConfigError for an unknown provider and AuthenticationError where a key is needed and missing."""
        ...

    async def default(self) -> str:
        """The configured model, else what a key in the environment or a running local Ollama offers; raises
        ConfigError, saying what was looked for, when there is nothing."""
        ...

    async def catalog(self) -> tuple[list[ModelInfo], list[str]]:
        """What the configured providers list, and the problems met while asking them."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


# --- files -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileText:
    """A text file as it is: `text` keeps every line end and has no byte order mark; `bom` holds that. `version`
    is the editor's, None for a file on disk. `hash` is the sha256, in hex, of `text` as UTF-8."""

    path: Path
    text: str
    hash: str
    source: Literal["buffer", "disk", "overlay"] = "disk"
    version: int | None = None
    encoding: str = "utf-8"
    bom: bytes = b""
    eol: Literal["\n", "\r\n", "\r"] = "\n"


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


class Workspace(Protocol):
    """The user's files. Paths are resolved against the first root; what lies outside the roots is said by
    `inside`, and deciding about it is the gate's business."""

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
        """Look through the files that `files` gives, as they are on disk. ToolError for a bad pattern."""
        ...

    async def apply(self, edits: Sequence[FileEdit]) -> None:
        """Make all these changes, or none. Refuses (ToolError) when a file is no longer what its edit was made
        on. Each file is replaced atomically; mode, links, encoding and byte order mark are kept."""
        ...

    def propose(self, edits: Sequence[FileEdit]) -> None:
        """Put the changes into the overlay: `read` sees them, the disk does not."""
        ...

    def forget(self, paths: Sequence[Path]) -> None:
        """Take these files out of the overlay."""
        ...


# --- tools -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How a call ended. `content` is for the model, `display` for the user (empty: the same text)."""

    content: tuple[Text | Image, ...]
    display: tuple[ToolContent, ...] = ()
    is_error: bool = False
    exit_code: int | None = None
    events: tuple[Event, ...] = ()

    @staticmethod
    def text(text: str, *, is_error: bool = False, exit_code: int | None = None) -> Outcome:
        """An outcome that is one text."""
        return Outcome((Text(text=text),), is_error=is_error, exit_code=exit_code)


@dataclass(frozen=True)
class Action:
    """What a call will do. The object that is shown and approved is the object that runs.

    `edits` are applied by the gate, after approval, through the workspace, and `run` is None then; `done` is what
    the model reads when all of it was applied. `command` is the exact shell command line. `subject` is what a
    rule's pattern is matched with besides paths (a URL, a tool's own word). `changes` is true when anything
    outside cass's own state may change.
    """

    title: str
    kind: ToolKind
    changes: bool
    paths: tuple[Path, ...] = ()
    locations: tuple[ToolLocation, ...] = ()
    edits: tuple[FileEdit, ...] = ()
    command: str | None = None
    cwd: Path | None = None
    subject: str | None = None
    run: Callable[[], Awaitable[Outcome]] | None = None
    done: str = ""


@dataclass(frozen=True)
class Question:
    """A question to the user; `options` may be empty."""

    text: str
    options: tuple[str, ...] = ()


class Jobs(Protocol):
    """Shell commands of a session. All of them are dead when the session or the process ends."""

    async def run(self, command: str, *, cwd: Path, timeout: float, on_output: Callable[[str], None]) -> JobReport:
        """Run to the end or the timeout (seconds)."""
        ...

    async def start(self, command: str, *, cwd: Path) -> str:
        """Start in the background; answers the job's id."""
        ...

    async def poll(self, job_id: str, *, wait: float) -> JobReport:
        """Output since the last poll. Waits up to `wait` seconds for the job to end or print. ToolError for an
        unknown id."""
        ...

    async def kill(self, job_id: str) -> JobReport:
        """Stop it and everything it started."""
        ...

    async def close(self) -> None:
        """Stop everything that still runs."""
        ...


@dataclass(frozen=True)
class JobReport:
    """What a command printed and how it stands. `output` is bounded: the head and the tail of what was printed;
    `spill` is the file that holds all of it, when it was more. `exit_code` is None while it runs and when it was
    killed; `state` says which."""

    output: str
    state: Literal["running", "exited", "timed_out", "killed"]
    exit_code: int | None
    elapsed: float
    spill: Path | None = None


class ToolContext(Protocol):
    """What a tool may use. Nothing of clients, permissions or modes is here."""

    @property
    def workspace(self) -> Workspace:
        """The files."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Shell commands."""
        ...

    @property
    def cwd(self) -> Path:
        """The session's folder."""
        ...

    @property
    def plan(self) -> tuple[PlanEntry, ...]:
        """The present to-dos."""
        ...

    @property
    def changed_paths(self) -> tuple[Path, ...]:
        """Files that this session's tools changed, in order of first change."""
        ...

    @property
    def settings(self) -> ToolSettings:
        """Limits."""
        ...

    def baseline(self, path: Path) -> str | None:
        """The text of a changed file before this session touched it; None when it did not exist."""
        ...

    def progress(self, text: str) -> None:
        """Show output while the tool runs."""
        ...

    async def ask(self, question: Question) -> str | None:
        """The user's answer; None when nobody can or will answer."""
        ...


@dataclass(frozen=True)
class ToolSettings:
    """Limits for tools: characters, lines, seconds. Defaults are the configuration's."""

    output_chars: int = 12_000
    read_lines: int = 1_000
    shell_timeout: float = 120.0
    shell_timeout_max: float = 1_800.0
    spill_dir: Path = field(default_factory=lambda: Path(".cass-spill"))


class Tool(Protocol):
    """Something that the model can call. A module in `cass/tools/` with `name`, `kind`, `Params`, `prepare` and a
    docstring is one; an entry point in the group `cass.tools` names one. The docstring is the description that
    the model reads."""

    @property
    def name(self) -> str:
        """ASCII, as the model calls it."""
        ...

    @property
    def description(self) -> str:
        """For the model."""
        ...

    @property
    def kind(self) -> ToolKind:
        """For the client's icon."""
        ...

    @property
    def params(self) -> type[BaseModel]:
        """What the arguments must look like."""
        ...

    async def prepare(self, params: BaseModel, ctx: ToolContext) -> Action:
        """Say what the call would do. May read, never changes anything. ToolError when it cannot be done."""
        ...


# --- clients and stores ----------------------------------------------------------------------------------------


class Client(Protocol):
    """Whoever is attached to a session: an editor, a terminal, a program."""

    @property
    def can_decide(self) -> bool:
        """Whether a person can be asked for permission here."""
        ...

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """Tell about an event. Never waits."""
        ...

    async def drain(self) -> None:
        """Wait while the client is far behind in reading."""
        ...

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask. Cancelling this call withdraws the question. A client that is gone refuses."""
        ...

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        """Put a question of the model to the user."""
        ...


@dataclass(frozen=True)
class SessionHeader:
    """The first line of a journal. Times are ISO 8601 in UTC."""

    session_id: str
    cwd: str
    created_at: str
    version: int = 1


@dataclass(frozen=True)
class StoredSession:
    """A session in the list. `messages` counts the user's prompts."""

    header: SessionHeader
    updated_at: str
    title: str = ""
    messages: int = 0


class Journal(Protocol):
    """One session's log, open for writing by this process alone."""

    def append(self, event: Event) -> None:
        """Keep the event: when this returns it is on disk. StoreError when it could not be written; the journal
        stays usable."""
        ...

    def close(self) -> None:
        """Give the session free for other processes."""
        ...


class Store(Protocol):
    """Where sessions are kept."""

    def create(self, header: SessionHeader) -> Journal:
        """Begin a session."""
        ...

    def open(self, session_id: str) -> tuple[SessionHeader, list[Event], Journal]:
        """Load a session and own it. A torn last line is set aside. SessionError `session_not_found`, or
        `session_busy` with the owner's process id."""
        ...

    def read(self, session_id: str) -> tuple[SessionHeader, list[Event]]:
        """Load a session without owning it."""
        ...

    def list(self, cwd: str | None) -> list[StoredSession]:
        """Stored sessions, newest first."""
        ...

    def delete(self, session_id: str) -> None:
        """Remove a session for good."""
        ...
