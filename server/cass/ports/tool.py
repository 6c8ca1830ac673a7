"""The seam to tools: what a call will do, how it ended, what it may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel

from cass.config import GitConfig
from cass.ports.checkpoints import Entry
from cass.ports.files import FileEdit, Files
from cass.ports.ide import Ide
from cass.ports.jobs import Jobs
from cass.ports.mcp import Servers
from cass.ports.skills import Skills
from cass.ports.touched import Touched
from cass.ports.web import Web
from cass.protocol.events import Event, PlanEntry, ToolContent, ToolLocation
from cass.protocol.messages import Image, Text, ToolKind

if TYPE_CHECKING:
    from cass.ports.agents import Agents


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
    outside cass's own state may change. `sends` is true when it tells somebody outside something, be it only an
    address: then it is asked about although it changes nothing. `unproven` is true when only a stranger says that it changes
    nothing: plan mode asks about it, whatever the approval. `detail` is shown below the title where the user is
    asked: plain text, several lines.
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
    sends: bool = False
    unproven: bool = False
    detail: str = ""
    run: Callable[[], Awaitable[Outcome]] | None = None
    done: str = ""


@dataclass(frozen=True)
class Question:
    """A question to the user; `options` may be empty."""

    text: str
    options: tuple[str, ...] = ()


class ToolContext(Protocol):
    """What a tool may use. Nothing of clients, permissions or modes is here."""

    @property
    def workspace(self) -> Files:
        """The files, to look at; an action's edits change them."""
        ...

    @property
    def ide(self) -> Ide:
        """What the editor knows of the code; a tool that needs it names in `needs` what it asks."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Shell commands."""
        ...

    @property
    def web(self) -> Web:
        """The web, as the user allows it."""
        ...

    @property
    def servers(self) -> Servers:
        """MCP servers: what else there is to be used."""
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

    @property
    def skills(self) -> Skills:
        """What the user and the project taught."""
        ...

    @property
    def agents(self) -> Agents:
        """Sub-agents; a tool that uses them needs `agents`."""
        ...

    def baseline(self, path: Path) -> str | None:
        """The text of a changed file before this session touched it; None when it did not exist."""
        ...

    async def touched(self) -> tuple[Touched, ...]:
        """What this session did to single files, also by commands, in order of first change."""
        ...

    async def content(self, entry: Entry) -> bytes | None:
        """The bytes of a file as a step of `touched` names it; None when they were not kept."""
        ...

    def left_out(self, id: str) -> str | None:
        """A result (by its call's id) or a message of the user (`said-NUMBER`) of this session, whole; None for none."""
        ...

    def progress(self, text: str) -> None:
        """Show output while the tool runs."""
        ...

    async def ask(self, question: Question) -> str | None:
        """The user's answer; None when nobody can or will answer."""
        ...


@dataclass(frozen=True)
class ToolSettings:
    """Limits for tools: characters, lines, seconds. Defaults are the configuration's. A tool keeps its own output to
    `output_chars`; of a result that is longer than `result_chars` all the same, beginning and end are kept."""

    output_chars: int = 12_000
    result_chars: int = 200_000
    read_lines: int = 1_000
    shell_timeout: float = 120.0
    shell_timeout_max: float = 1_800.0
    git: GitConfig = field(default_factory=GitConfig)
    attribution: str = ""
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
    def needs(self) -> str:
        """A question of `Ide.can` without which the tool is not offered; empty for none."""
        ...

    @property
    def params(self) -> type[BaseModel]:
        """What the arguments must look like."""
        ...

    async def prepare(self, params: BaseModel, ctx: ToolContext) -> Action:
        """Say what the call would do. May read, never changes anything. ToolError when it cannot be done."""
        ...
