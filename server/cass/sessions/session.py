"""One session: its stream, its one running turn, and what waits behind it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cass.agent.gate import Rules
from cass.config import Config, LimitConfig
from cass.ledger import Ledger
from cass.ports import Applied, Client, FileEdit, Hooks, Question, SessionHeader, Skills, Spent, ToolSettings
from cass.ports.ide import Ide
from cass.ports.web import Web
from cass.protocol import methods
from cass.protocol.asking import PermissionOutcome, RequestPermissionParams
from cass.protocol.events import (
    AgentMessage,
    CompactionUpdate,
    ConfigOption,
    ConfigOptionUpdate,
    EditUpdate,
    Event,
    PlanEntry,
    UserMessage,
)
from cass.protocol.messages import Message, Usage
from cass.protocol.secrets import Masker
from cass.sessions import allowed, options, sizes, terms
from cass.sessions.agents import SessionAgents
from cass.sessions.asks import Asks
from cass.sessions.baselines import Baselines
from cass.sessions.brought import Brought
from cass.sessions.house import House
from cass.sessions.knowing import Knowing
from cass.sessions.memory import Memory
from cass.sessions.offers import Offers
from cass.sessions.options import Options
from cass.sessions.preamble import Preamble
from cass.sessions.reviews import Reviews
from cass.sessions.servers import SessionServers
from cass.sessions.sidebranch import SideBranch
from cass.sessions.stream import Stream
from cass.sessions.terms import Terms
from cass.sessions.toolbox import Toolbox
from cass.sessions.touched import Steps
from cass.sessions.unreviewed import Unreviewed
from cass.sessions.work import Work

log = logging.getLogger(__name__)


class Session:
    """A conversation in a folder. Implements `agent.desk.Desk`."""

    def __init__(
        self, house: House, header: SessionHeader, stream: Stream, params: methods.SessionNewParams
    ) -> None:
        self.house = house
        self.header = header
        self.stream = stream
        self.brought = Brought(self, house.trust(Path(header.cwd), params.trust))
        loaded = house.config_for(self.cwd, self.brought.trust)
        self.config: Config = loaded.config
        self.warnings, self.origins = loaded.warnings, loaded.origins
        stream.masker = house.masker(self.config)
        self.opened = params
        self.terms = Terms()
        self.above: Session | None = None
        self.agents = SessionAgents(self)
        self._rules = allowed.rules(self.config, params.rules)
        self._limits = allowed.limits(self.config, params.max_turns)
        self.workspace = house.open_workspace([self.cwd, *map(Path, params.additional_directories)])
        self.jobs = house.open_jobs(header.session_id, self.config)
        self.checkpoints = house.open_checkpoints(header.session_id, self.workspace.roots, self.config)
        self.web: Web = house.open_web(self.config)
        self.jobs.watch(stream.emit)
        self.jobs.fit(lambda: self.settings.output_chars)
        self._options = Options(self.config, stream.state.options)
        self.memory = Memory(self)
        self._asks = Asks(stream)
        self.baselines = Baselines(house.data_dir / "baselines" / header.session_id, stream)
        self.ledger = Ledger(self.workspace, partial(allowed.may_show, self), self.masker.text)
        self.unreviewed = Unreviewed(stream, self.baselines, self.workspace)
        self.reviews = Reviews(self)
        self.closing = False
        self.offers, self.steps = Offers(self), Steps(self)
        self.side = SideBranch(self)
        self.knowing = Knowing(self)
        self.preamble = Preamble(self)
        self.toolbox = Toolbox(self)
        self.work = Work(self)

    # --- what the turn and the gate see (Desk) ---

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self.header.session_id

    @property
    def cwd(self) -> Path:
        """The session's folder."""
        return Path(self.header.cwd)

    @property
    def mode(self) -> str:
        """`plan` or `active`."""
        return terms.mode(self, self._options["mode"])

    @property
    def approval(self) -> str:
        """`ask`, `edits` or `auto`."""
        return terms.approval(self, self._options["approval"])

    @property
    def rules(self) -> Rules:
        """The permission rules that hold."""
        return terms.rules(self, self._rules)

    @property
    def limits(self) -> LimitConfig:
        """What may be used up."""
        return terms.limits(self, self._limits)

    def may_use(self, tool: str) -> bool:
        """Whether the model may use a tool."""
        return terms.may_use(self, tool)

    @property
    def grants(self) -> Sequence[str]:
        """Rules allowed for this session."""
        return [*self.stream.state.grants, *(self.above.grants if self.above else ())]

    @property
    def messages(self) -> Sequence[Message]:
        """The conversation."""
        return self.stream.state.messages

    @property
    def plan(self) -> tuple[PlanEntry, ...]:
        """The to-dos."""
        return self.stream.state.plan

    @property
    def changed_paths(self) -> tuple[Path, ...]:
        """Files changed through the gate."""
        return tuple(self.stream.state.baselines)

    @property
    def total(self) -> Usage:
        """Usage so far, with what those used that work for it."""
        return self.stream.state.total + self.agents.under_way

    @property
    def can_decide(self) -> bool:
        """Whether anybody attached can be asked."""
        return any(client.can_decide for client in self.stream.clients)

    @property
    def settings(self) -> ToolSettings:
        """Limits for tools."""
        return sizes.tool_settings(self)

    @property
    def masker(self) -> Masker:
        """Takes secrets out of texts."""
        return self.stream.masker

    @property
    def ide(self) -> Ide:
        """What the editor knows of the code."""
        return self.house.ide()

    def emit(self, event: Event) -> None:
        """The one way out."""
        self.stream.emit(event)
        if isinstance(event, AgentMessage | CompactionUpdate) and event.usage:
            self.spent(event.model or self.model_name, event.usage)
        self.side.heard(event)
        if isinstance(event, EditUpdate):
            self.reviews.look_soon()

    def spent(self, model: str, usage: Usage) -> None:
        """A model was used: it counts for the user's day."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.house.spending.add(Spent(now, self.session_id, self.header.cwd, model, usage))

    def baseline(self, path: Path) -> str | None:
        """A changed file's text before the session touched it."""
        return self.baselines.text(path)

    def remember(self, edits: Sequence[FileEdit]) -> None:
        """Keep what these edits replace."""
        self.baselines.keep(edits)

    def kept_text(self, wanted: str) -> str | None:
        """A text that edits replaced, by its hash; None when no copy is there."""
        return self.baselines.by_hash(wanted)

    async def made(self, edits: Sequence[FileEdit], applied: Applied, *, reviewed: bool) -> None:
        """Edits were made."""
        self.ledger.made(edits, applied)
        self.unreviewed.take(edits, applied, reviewed=reviewed)

    async def news(self) -> list[UserMessage]:
        """What happened to files that the model knows."""
        return await self.memory.news()

    def take_steering(self) -> list[UserMessage]:
        """What the user said meanwhile."""
        return self.work.take_steering()

    async def flow(self) -> None:
        """Wait while clients are far behind."""
        for client in list(self.stream.clients):
            await client.drain()

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask whoever is attached; the first answer counts."""
        return await self._asks.permission(ask)

    async def ask(self, question: Question) -> str | None:
        """Put a question of the model to the user."""
        return await self._asks.question(question)

    @property
    def hooks(self) -> Hooks:
        """Programs of the user that are told what happens."""
        return self.brought.hooks

    @property
    def skills(self) -> Skills:
        """What the user and the project taught."""
        return self.brought.skills

    @property
    def servers(self) -> SessionServers:
        """MCP servers: those of the session that this one works for."""
        return self.above.servers if self.above else self.brought.servers

    # --- what clients do with it ---

    @property
    def state(self) -> str:
        """`idle`, `running` or `requires_action`."""
        return self.stream.state.state

    @property
    def turn_id(self) -> str | None:
        """The running turn."""
        return self.stream.state.turn_id

    @property
    def asks(self) -> Asks:
        """Questions that wait for the user."""
        return self._asks

    @property
    def model_name(self) -> str:
        """`provider/model`; empty until one was chosen."""
        return self.terms.model or self._options["model"]

    @property
    def effort(self) -> str | None:
        """The reasoning effort that was chosen."""
        return self.terms.effort or self._options["effort"] or None

    def config_options(self) -> tuple[ConfigOption, ...]:
        """All options with their values."""
        return self._options.listed()

    def set_option(self, id: str, value: str) -> None:
        """Switch an option; takes effect with the next call or request."""
        options.check(id, value)
        if id == "model":
            self.house.models.get(value)
        if self._options.switch(id, value):
            self.emit(ConfigOptionUpdate(turn_id=self.turn_id, config_options=self.config_options()))

    async def close(self) -> None:
        """Stop everything and give the session free."""
        self.closing = True
        await self.work.stop()
        await self.agents.close()
        await self.brought.close()
        await self.knowing.stop()
        await self.side.settle()
        self.reviews.close()
        await self.jobs.close()
        self.stream.close()

    def attach(self, client: Client) -> None:
        """Tell this client what happens from now on."""
        self.knowing.begin()
        if client not in self.stream.clients:
            self.stream.clients.append(client)
            self._asks.joined(client)

    def detach(self, client: Client) -> None:
        """This client is gone. The turn goes on."""
        if client in self.stream.clients:
            self.stream.clients.remove(client)
            self._asks.left(client)

    def system_prompt(self) -> str:
        """The same text for every request of this process."""
        return self.preamble.text()

    def reload(self) -> None:
        """What the folder may say has changed: its settings are read anew. ConfigError."""
        before = self.config
        loaded = self.house.config_for(self.cwd, self.brought.trust)
        self.config, self.warnings, self.origins = loaded.config, loaded.warnings, loaded.origins
        self.servers.renew()
        self.preamble.renew()
        for id, value in self._options.outdated(before, loaded.config).items():
            self.set_option(id, value)
