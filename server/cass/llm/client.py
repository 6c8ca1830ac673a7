"""All models that can be reached: finds endpoints, keeps connections, lists and chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from cass import __version__
from cass.config import Config
from cass.errors import AuthenticationError, CassError, ConfigError
from cass.llm.catalog import listed_models
from cass.llm.encoded import EncodedCache
from cass.llm.endpoints import Endpoints
from cass.llm.facts import LEAST
from cass.llm.library import load_library
from cass.llm.link import Link, Timeouts
from cass.llm.model import RemoteModel, Shared, place_of
from cass.llm.preset import Endpoint, ModelFacts, without_password
from cass.llm.probe import ProbeReport, probe_model
from cass.llm.quirks import QuirkBook
from cass.ports import Model, Models
from cass.protocol.looking import ModelInfo

LIST_LIMIT = 5.0
"""Seconds that a provider has to list its models."""

WIDEN_LIMIT = 60.0
"""Seconds that a server has to make a copy of a model."""

LOOK_LIMIT = 0.3
"""Seconds that a server on this machine has to say that it is there."""


class LLMClient(Models):
    """The models of every provider. Belongs to one event loop; `close` it there. `retry_base` is the first wait
    before a retry, seconds. `on_key` is told every key that was found, to keep it out of texts."""

    def __init__(
        self,
        config: Config,
        state_dir: Path,
        environ: Mapping[str, str],
        *,
        retry_base: float = 0.5,
        on_key: Callable[[str], None] | None = None,
    ) -> None:
        self._config = config
        self._environ = environ
        self._endpoints = Endpoints(config, environ, on_key)
        self._shared = Shared(config.llm, QuirkBook(state_dir), EncodedCache(), retry_base)
        self._links: dict[str, Link] = {}
        self._models: dict[str, Model] = {}

    @staticmethod
    async def warm() -> None:
        """Import the client library in a worker thread, beside other start-up work."""
        await load_library()

    def get(self, name: str) -> Model:
        """See `cass.ports.Models`."""
        provider, model = self._endpoints.split(name)
        full = f"{provider}/{model}"
        if full not in self._models:
            self._models[full] = self._make(provider, model)
        return self._models[full]

    async def default(self) -> str:
        """See `cass.ports.Models`."""
        if self._config.model:
            provider, model = self._endpoints.split(self._config.model)
            return f"{provider}/{model}"
        for provider in self._by_preference():
            if found := await self._default_of(provider, in_keyring=False):
                return found
        for provider in self._endpoints.names:
            if self._endpoints.preset(provider).default_model and (
                found := await self._default_of(provider, in_keyring=True)
            ):
                return found
        for provider in self._endpoints.names:
            preset = self._endpoints.preset(provider)
            if preset.local and (found := await self._first_model(self._endpoints.resolve(provider), LOOK_LIMIT)):
                return found
        presets = [self._endpoints.preset(provider) for provider in self._endpoints.names]
        variables = ", ".join(preset.key_env for preset in presets if preset.key_env)
        local = ", ".join(
            f"{p.title or p.name} at {without_password(self._endpoints.resolve(p.name).base_url)}"
            for p in presets
            if p.local
        )
        raise ConfigError(
            f"No model is set and none was found. Looked for: model in the configuration, {variables}, {local}.",
            hint="Set a key, or run: cass auth set openai. Or start Ollama. To try cass without a model: cass demo, or the model scripted/demo.",
        )

    async def widened(self, name: str, window: int) -> str:
        """See `cass.ports.Models`."""
        provider, model = self._endpoints.split(name)
        widen = self._endpoints.preset(provider).widen
        remote = self.get(name)
        if widen is None or not isinstance(remote, RemoteModel):
            raise ConfigError(
                f"cass cannot set the window of a model at {provider}.",
                hint="Start its server with a bigger context, or say what it has: context_window in the configuration.",
            )
        if window < LEAST or (remote.facts.most and window > remote.facts.most):
            most = f"{remote.facts.most:,}" if remote.facts.most else "what it was made for"
            raise ConfigError(f"{name} takes a window of {LEAST} to {most} tokens, not {window:,}.")
        endpoint = self._endpoints.resolve(provider)
        link = self._link(endpoint)
        made = await widen(
            lambda url, body=None: link.get(url, WIDEN_LIMIT, body), endpoint.base_url, model, window
        )
        return f"{provider}/{made}"

    async def catalog(self) -> tuple[list[ModelInfo], list[str]]:
        """See `cass.ports.Models`."""
        await load_library()
        names = [name for name in self._endpoints.names if self._endpoints.preset(name).connect is None]
        results = await asyncio.gather(*(self._list(name) for name in names))
        models = [model for found, _ in results for model in found]
        if not models:
            models = [ModelInfo(name="scripted/demo", note="plays a script, to try cass without a model")]
        return models, [problem for _, problem in results if problem]

    async def probe(self, name: str) -> ProbeReport:
        """Make a few small real requests to a model and say what was learned. ConfigError and AuthenticationError as
        `get`; whatever the endpoint does wrong is part of the report."""
        return await probe_model(self.get(name))

    async def close(self) -> None:
        """Close all connections."""
        links = list(self._links.values())
        self._links.clear()
        self._models.clear()
        await asyncio.gather(*(link.close() for link in links))

    def _make(self, provider: str, model: str) -> Model:
        preset = self._endpoints.preset(provider)
        if preset.connect is not None:
            return preset.connect(self._config, model, self._environ)
        endpoint = self._endpoints.resolve(provider)
        return RemoteModel(endpoint, model, self._link(endpoint), self._shared)

    def _link(self, endpoint: Endpoint) -> Link:
        name = endpoint.preset.name
        if name not in self._links:
            headers = {
                "Accept": "text/event-stream, application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"cass/{__version__}",
                **endpoint.headers,
            }
            llm = self._config.llm
            timeouts = Timeouts(connect=llm.connect_timeout, idle=llm.idle_timeout)
            self._links[name] = Link(place_of(endpoint, ""), headers, timeouts)
        return self._links[name]

    def _by_preference(self) -> list[str]:
        usable = [name for name in self._endpoints.names if self._endpoints.is_usable(name)]
        first = [self._config.default_provider, "openai", "openrouter"]
        return sorted(usable, key=lambda name: (first.index(name) if name in first else len(first), name))

    async def _default_of(self, provider: str, *, in_keyring: bool) -> str | None:
        """The provider's default model at its own host, else the first one that is listed; None without a key."""
        try:
            endpoint = await asyncio.to_thread(self._endpoints.resolve, provider, look_in_keyring=in_keyring)
        except AuthenticationError:
            return None
        if endpoint.own and endpoint.preset.default_model:
            return f"{provider}/{endpoint.preset.default_model}"
        return None if in_keyring else await self._first_model(endpoint, LIST_LIMIT)

    async def _first_model(self, endpoint: Endpoint, limit: float) -> str | None:
        try:
            models = await self._ask_models(endpoint, limit)
        except CassError:
            return None
        chat = [model for model in models if "embed" not in model.lower()]
        return f"{endpoint.preset.name}/{chat[0]}" if chat else None

    async def _ask_models(self, endpoint: Endpoint, limit: float) -> dict[str, ModelFacts]:
        await load_library()
        models = listed_models(await self._link(endpoint).get("models", limit))
        self._shared.listed.update({f"{endpoint.preset.name}/{model}": facts for model, facts in models.items()})
        return models

    async def _list(self, provider: str) -> tuple[list[ModelInfo], str]:
        named = self._endpoints.is_usable(provider) or provider in self._config.providers
        try:
            endpoint = await asyncio.to_thread(self._endpoints.resolve, provider)
            models = await self._ask_models(endpoint, LIST_LIMIT if named else LOOK_LIMIT)
        except AuthenticationError as error:
            return [], f"{provider}: {error.message}" if named else ""
        except CassError as error:
            return [], f"{provider}: {error.message}" if named else ""
        settings = endpoint.models
        infos: list[ModelInfo] = []
        for name in [*models, *(extra for extra in settings if extra not in models)]:
            facts, known = models.get(name, ModelFacts()), settings.get(name)
            infos.append(
                ModelInfo(
                    name=f"{provider}/{name}",
                    context_window=(known.context_window if known else None) or facts.window,
                    input_price=facts.input_price
                    if known is None or known.input_price is None
                    else known.input_price,
                    output_price=facts.output_price
                    if known is None or known.output_price is None
                    else known.output_price,
                )
            )
        return infos, ""
