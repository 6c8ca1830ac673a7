"""What the mind needs of its session: a narrow view, so that the turn and the gate know no session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cass.agent.notes import Known
from cass.config import LimitConfig
from cass.ledger import Ledger
from cass.ports import (
    AgentDesk,
    Applied,
    Checkpoints,
    FileEdit,
    Hooks,
    Jobs,
    Question,
    Skills,
    ToolSettings,
    Workspace,
)
from cass.ports.ide import Ide
from cass.ports.mcp import Servers
from cass.ports.touched import Steps
from cass.ports.web import Web
from cass.protocol.asking import PermissionOutcome, RequestPermissionParams
from cass.protocol.events import CompactionUpdate, Event, PlanEntry, UserMessage
from cass.protocol.messages import Message, Usage
from cass.protocol.secrets import Masker


class Memory(Protocol):
    """What a session knows beside the conversation that the model is sent."""

    @property
    def said(self) -> Sequence[Message]:
        """The user's own messages so far, also those that are not in the conversation any more."""
        ...

    @property
    def answers(self) -> int:
        """How many answers of the model came so far, also those that are not in the conversation any more."""
        ...

    def left_out(self, id: str) -> str | None:
        """A result (by its call's id) or a message of the user (`said-NUMBER`), whole; None for none."""
        ...

    def shortened(self, compaction: CompactionUpdate) -> list[Message]:
        """What the conversation would be after a compaction."""
        ...

    def known(self) -> Known:
        """What cass knows for certain: to-dos, proposals, files."""
        ...

    def today(self) -> Usage:
        """What all sessions of the user used today."""
        ...


class Desk(Protocol):
    """One session, as the turn and the gate see it. `emit` is the only way to change anything of it."""

    @property
    def session_id(self) -> str:
        """The session's id."""
        ...

    @property
    def cwd(self) -> Path:
        """The session's folder."""
        ...

    @property
    def mode(self) -> str:
        """`plan` or `active`, as it is this moment."""
        ...

    @property
    def approval(self) -> str:
        """`ask`, `edits` or `auto`, as it is this moment."""
        ...

    @property
    def grants(self) -> Sequence[str]:
        """Rules that the user allowed for this session."""
        ...

    @property
    def messages(self) -> Sequence[Message]:
        """The conversation so far."""
        ...

    @property
    def memory(self) -> Memory:
        """What is known beside the conversation that the model is sent."""
        ...

    @property
    def turn_id(self) -> str | None:
        """The running turn."""
        ...

    @property
    def limits(self) -> LimitConfig:
        """What may be used up."""
        ...

    @property
    def plan(self) -> tuple[PlanEntry, ...]:
        """The to-dos."""
        ...

    @property
    def changed_paths(self) -> tuple[Path, ...]:
        """Files that were changed through the gate."""
        ...

    @property
    def total(self) -> Usage:
        """Usage of the session so far."""
        ...

    @property
    def can_decide(self) -> bool:
        """Whether anybody attached can be asked."""
        ...

    @property
    def closing(self) -> bool:
        """Whether the session is being closed, so that nobody stopped what is stopped now."""
        ...

    @property
    def workspace(self) -> Workspace:
        """The files."""
        ...

    @property
    def checkpoints(self) -> Checkpoints:
        """What calls did to files."""
        ...

    @property
    def masker(self) -> Masker:
        """Takes secrets out of texts, and puts them back into edits."""
        ...

    @property
    def ledger(self) -> Ledger:
        """What the model believes of the files."""
        ...

    @property
    def ide(self) -> Ide:
        """What the editor knows of the code."""
        ...

    @property
    def web(self) -> Web:
        """The web, as the user allows it."""
        ...

    @property
    def servers(self) -> Servers:
        """MCP servers."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Shell commands."""
        ...

    @property
    def hooks(self) -> Hooks:
        """Programs of the user that are told what happens."""
        ...

    @property
    def skills(self) -> Skills:
        """What the user and the project taught."""
        ...

    @property
    def agents(self) -> AgentDesk:
        """Those that work for this session."""
        ...

    @property
    def settings(self) -> ToolSettings:
        """Limits for tools."""
        ...

    def emit(self, event: Event) -> None:
        """The one way out: journal, state, clients."""
        ...

    def baseline(self, path: Path) -> str | None:
        """A changed file's text before the session touched it; None when it did not exist."""
        ...

    @property
    def steps(self) -> Steps:
        """What this session did to single files, step by step."""
        ...

    def remember(self, edits: Sequence[FileEdit]) -> None:
        """Keep what these edits replace, before they are made."""
        ...

    def take_steering(self) -> list[UserMessage]:
        """What the user said since the last request, in order; each is given once."""
        ...

    async def news(self) -> list[UserMessage]:
        """What happened to files that the model knows, for its next request."""
        ...

    async def made(self, edits: Sequence[FileEdit], applied: Applied, *, reviewed: bool) -> None:
        """Edits were made; `reviewed` when the user was asked about them before."""
        ...

    async def flow(self) -> None:
        """Wait while clients are far behind."""
        ...

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask whoever is attached; the first answer counts, nobody means a refusal."""
        ...

    async def ask(self, question: Question) -> str | None:
        """The user's answer to a question of the model; None when there is none."""
        ...
