"""Puts the house together: the only place that names concrete parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from cass import __version__, brought, layers, masking, places, registry
from cass.agent import specs
from cass.config import Config
from cass.errors import CassError
from cass.layers import Layer, Loaded
from cass.llm import keys
from cass.llm.client import LLMClient
from cass.mcp import oauth
from cass.mcp.catalog import Catalog
from cass.mcp.wiring import Wiring
from cass.ports import Checkpoints, Store, Trust, Workspace
from cass.ports.exchange import Format
from cass.ports.ide import Ide, NoIde
from cass.ports.web import NoWeb, Web
from cass.process import Fed, Guard, Piped, ShellJobs, child_environ
from cass.protocol.keeping import PruneResult
from cass.protocol.looking import ModelsListResult, StatusResult
from cass.protocol.methods import TrustWord
from cass.protocol.secrets import Masker, Vault
from cass.sessions import apart, keeping
from cass.sessions.command import Command
from cass.sessions.completing import Completing
from cass.sessions.house import House
from cass.sessions.library import Library
from cass.sessions.session import Session
from cass.stores.journal import open_store
from cass.stores.spending import SpendingFile
from cass.trust import FolderTrust, TrustStore
from cass.web.client import WebClient, pages
from cass.web.fetching import Fetcher
from cass.workspace.checkpoints import DiskCheckpoints
from cass.workspace.disk import DiskWorkspace
from cass.workspace.roots import forget

log = logging.getLogger(__name__)


class App:
    """One process's worth of cass."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.places = places.find(environ)
        self._editor: layers.Tree = {}
        self._flags: layers.Tree = {}
        self._word: TrustWord = "ask"
        self._library: Library | None = None
        self._guard = Guard()
        self._fetcher, self._pages = Fetcher(), pages()
        self._models: LLMClient | None = None
        self._vault: Vault | None = None
        self.decisions = TrustStore(self.places.state / "trust", lambda: self.masker(self.config).text)
        self.wrap_workspace: Callable[[Workspace], Workspace] = lambda disk: disk
        self.ide: Ide = NoIde()
        self.completing = Completing(self.places, self.load, lambda: self.sessions, lambda: self.models)
        self._warming: asyncio.Task[None] | None = None
        self._clearing: asyncio.Task[PruneResult] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self.present = Path.cwd()

    def configure(self, *, editor: layers.Tree, flags: layers.Tree, trust: TrustWord = "ask") -> None:
        """The client's settings; given once, before anything else is asked. With the word `no` about trust nothing that
        folders bring acts, whatever else is said."""
        self._editor, self._flags, self._word = editor, flags, trust
        config = self.config
        logging.getLogger("cass").setLevel(config.log.level.upper())
        masking.guard_log(self.vault, config)

    @property
    def config(self) -> Config:
        """The configuration without any project's part."""
        return self.load(None).config

    def trust(self, cwd: Path, word: TrustWord = "ask") -> FolderTrust:
        """How a folder stands. `word` is what its opener said."""
        own = (self.places.config, self.places.home / ".claude", self.places.home / ".agents")
        return FolderTrust(self.decisions, cwd, own, self.places.home, "no" if self._word == "no" else word)

    def load(self, cwd: Path | None, trust: Trust | None = None) -> Loaded:
        """The configuration of a folder, freshly read; of its own files what they may say, by what its user decided.
        ConfigError for what is wrong in it."""
        found: list[Layer | None] = [layers.read_file(self.places.config_file, "user")]
        if cwd is not None:
            trust = trust or self.trust(cwd)
            files = brought.settings_files(cwd, self.places.home)
            read = (layers.read_file(path, "project") for path in files)
            found += [layer and replace(layer, trusted=trust.allows(Path(layer.where))) for layer in read]
        found += [
            layers.from_environment(self._environ),
            Layer("editor", "the editor's settings", self._editor),
            Layer("flags", "command line", self._flags),
        ]
        loaded = layers.load([layer for layer in found if layer])
        for warning in loaded.warnings:
            log.warning("%s", warning)
        return loaded

    @property
    def vault(self) -> Vault:
        """The secrets that this process knows."""
        if self._vault is None:
            self._vault = masking.open_vault(self.places.state, self._environ)
        return self._vault

    def masker(self, config: Config) -> Masker:
        """What takes secrets out of texts, as these settings want it."""
        return masking.masker(self.vault, config, self._environ)

    @property
    def models(self) -> LLMClient:
        """The model client."""
        if self._models is None:
            self._models = LLMClient(
                self.config, self.places.state, self._environ, on_key=lambda key: self.vault.know([key])
            )
        return self._models

    @property
    def library(self) -> Library:
        """The sessions."""
        if self._library is None:
            self._library = Library(self.house(open_store(self.places.sessions, self.places.session_index)))
        return self._library

    @property
    def sessions(self) -> Sequence[Session]:
        """The open ones; none before the first was asked for."""
        return tuple(self._library.sessions) if self._library else ()

    def warm(self, model: str) -> None:
        """Load what the first prompt to this model will need, beside what the client does meanwhile; once a day remove
        the sessions that are kept no longer, and take away what dead processes left."""
        settings = self.config.sessions
        if settings.keep_days is not None and self._clearing is None and keeping.due(self.places.state / "pruned"):
            work = keeping.prune(self.library, settings, only_say=False)
            self._clearing = asyncio.get_running_loop().create_task(work)
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().create_task(self._sweep())
        if self._warming is None and not model.startswith("scripted/"):
            self._warming = asyncio.get_running_loop().create_task(self.models.warm())

    async def _sweep(self) -> None:
        try:
            for patch in await apart.sweep(self.places.data):
                log.warning(
                    "a sub-agent's copy of the files was left by a dead process; its changes are in %s", patch
                )
        except (CassError, OSError) as error:
            log.warning("copies of files that dead processes left cannot be taken away: %s", error)

    async def list_models(self) -> ModelsListResult:
        """What the providers offer."""
        found, problems = await self.models.catalog()
        return ModelsListResult(models=tuple(found), default=self.config.model, problems=tuple(problems))

    async def status(self, pid: int) -> StatusResult:
        """This server, and what it would talk to."""
        messages: list[str] = []
        model: str | None = None
        try:
            model = await self.models.default()
        except CassError as error:
            messages.append(str(error))
        opened = self.sessions
        listed = await asyncio.to_thread(self.library.house.store.list, None) if opened else []
        ids = {session.session_id for session in opened}
        return StatusResult(
            version=__version__,
            pid=pid,
            sessions=tuple(self.library.info(stored) for stored in listed if stored.header.session_id in ids),
            model=model,
            messages=tuple(messages),
        )

    async def close(self) -> None:
        """Stop everything."""
        for task in (self._clearing, self._sweeping):
            if task is not None:
                await asyncio.wait([task], timeout=5.0)
        if self._library is not None:
            await self._library.close_all()
        if self._models is not None:
            await self._models.close()
        await self._guard.close()

    def house(self, store: Store) -> House:
        """All parts, around this store."""
        tools = specs.load(registry.find("tools"))
        return House(
            models=self.models,
            store=store,
            spending=SpendingFile(self.places.state / "usage"),
            tools=tools,
            specs=specs.specs(tuple(tools.values())),
            commands=_commands(),
            config_for=self.load,
            open_workspace=self._workspace,
            open_jobs=self._jobs,
            open_fed=lambda config: Fed(self._environ, secrets=_key_names(config), guard=self._guard),
            open_web=self._web,
            open_mcp=self.mcp,
            know=lambda found: self.vault.know(list(found)),
            open_checkpoints=self._checkpoints,
            leavings=(lambda session_id: forget(self.places.data / "checkpoints", session_id),),
            data_dir=self.places.data,
            config_dir=self.places.config,
            home_dir=self.places.home,
            trust=self.trust,
            client_hooks=self._hooks,
            ide=lambda: self.ide,
            completing=self.completing,
            present=lambda: self.present,
            formats=_formats,
            command_folders=self.command_folders(),
            masker=self.masker,
        )

    def command_folders(self) -> list[Path]:
        """Where installed packages keep custom commands: what their modules name as `FOLDER`."""
        found = (vars(module).get("FOLDER") for module in registry.find("commands"))
        return [Path(folder) for folder in found if isinstance(folder, str | Path)]

    def tool_names(self) -> list[str]:
        """The tools there are."""
        return list(specs.load(registry.find("tools")))

    def command_names(self) -> list[str]:
        """The slash commands of cass's own."""
        return list(_commands())

    def _jobs(self, session_id: str, config: Config) -> ShellJobs:
        folder = self.places.data / "output" / session_id
        return ShellJobs(
            folder,
            config.tools.output_chars,
            self._environ,
            secrets=_key_names(config),
            guard=self._guard,
            mask=self.masker(config).lines,
        )

    def mcp(self, config: Config) -> Wiring:
        catalog = Catalog(self.places.state / "mcp")
        hidden = self._environ.keys() - child_environ(self._environ, _key_names(config)).keys()
        auth = partial(oauth.quiet, folder=self.mcp_tokens, environ=self._environ)
        return Wiring(Piped(self._environ, self._guard), catalog, self._environ, hidden, auth, self.mcp_tokens)

    @property
    def mcp_tokens(self) -> Path:
        """Where it is kept what signing in to MCP servers gave."""
        return self.places.state / "mcp-tokens"

    def _web(self, config: Config) -> Web:
        if not config.web.enabled:
            return NoWeb()
        return WebClient(config.web, self._fetcher, self._pages, self._environ, self._search_key)

    def _search_key(self, provider: str, variable: str) -> str | None:
        key = self._environ.get(variable) or keys.get(provider)
        if key:
            self.vault.know([key])
        return key

    def _hooks(self) -> dict[str, layers.Tree]:
        """The hooks of settings that stand in no file, by what these come from."""
        environment = layers.from_environment(self._environ)
        trees = {environment.where: environment.values, "the editor's settings": self._editor}
        found = {name: tree.get("hooks") for name, tree in trees.items()}
        return {name: cast("layers.Tree", hooks) for name, hooks in found.items() if isinstance(hooks, dict)}

    def _checkpoints(self, session_id: str, roots: Sequence[Path], config: Config) -> Checkpoints:
        return DiskCheckpoints(session_id, roots, self.places.data / "checkpoints", config.checkpoints)

    def _workspace(self, roots: Sequence[Path]) -> Workspace:
        return self.wrap_workspace(DiskWorkspace(roots))


def _key_names(config: Config) -> list[str]:
    """The variables that hold keys of the user's own endpoints, and of their search provider."""
    own = [p.key_env or f"{name.upper().replace('-', '_')}_API_KEY" for name, p in config.providers.items()]
    return [*own, *([config.web.search.key_env] if config.web.search.key_env else [])]


def _formats() -> dict[str, Format]:
    found = (vars(module).get("FORMAT") for module in registry.find("exchange"))
    return {form.name: form for form in found if isinstance(form, Format)}


def _commands() -> dict[str, Command]:
    found: dict[str, Command] = {}
    for module in registry.find("commands"):
        for command in vars(module).get("COMMANDS", ()):
            found[command.name] = command
    return found
