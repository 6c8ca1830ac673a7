"""What is known of one model at one endpoint: the size of its window, where that is known from, and its prices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from cass.config import ModelConfig
from cass.errors import CassError, ContextTooLong
from cass.llm import window
from cass.llm.link import Link
from cass.llm.preset import Endpoint, ModelFacts
from cass.llm.quirks import Quirks
from cass.ports import Window
from cass.protocol.messages import Usage

ASK_LIMIT = 1.0
"""Seconds for asking an endpoint about a model."""

ASSUMED = 32_768
"""Tokens: the window of a model of which nothing is known. Small enough for what is served today, big enough to work
in; a server that has less says so by an error or by what it counts."""

LEAST = 512
"""Tokens: a smaller window is not believed."""

_BACKED_OFF = 0.85
"""What is left of a size that was refused by an error that names no limit."""


class Facts:
    """Belongs to one model. `quirks` is what was learned, `learn` keeps more of it."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        link: Link,
        listed: Mapping[str, ModelFacts],
        quirks: Callable[[], Quirks],
        learn: Callable[[Quirks], None],
    ) -> None:
        self._endpoint = endpoint
        self._model = model
        self._link = link
        self._listed = listed
        self._quirks = quirks
        self._learn = learn
        self._asking: asyncio.Task[None] | None = None
        self._told = ModelFacts()
        self._read = 0

    @property
    def window(self) -> Window:
        """The configured size, else what the server told or what was learned, else what is known of the family at the
        provider's own host, else what is safe to assume."""
        known = self._endpoint.models.get(self._model)
        if known is not None and known.context_window is not None:
            return Window(known.context_window, "configured")
        quirks = self._quirks()
        if quirks.window is not None:
            return Window(quirks.window, quirks.window_from or "server")
        if self._listing.window is not None:
            return Window(self._listing.window, "server")
        preset = self._endpoint.preset
        family = preset.window(self._model) if preset.window is not None and self._endpoint.own else None
        if family is not None:
            return Window(family, "family")
        return Window(self._told.assumed or ASSUMED, "assumed")

    @property
    def most(self) -> int | None:
        """The biggest window that the model could be given, tokens; None where the server did not say."""
        return self._told.most

    async def prepare(self) -> None:
        """Ask the endpoint, once. Waits for the answer only on this machine, where it is there at once."""
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        if self._endpoint.local or self._endpoint.preset.local:
            await asyncio.shield(self._asking)

    async def answered(self) -> None:
        """The model is loaded now: a server that told nothing before may tell more."""
        if self._asking is None or (self._asking.done() and self._told.again):
            self._told = replace(self._told, again=False)
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        if self._endpoint.own or self._endpoint.local or self._endpoint.preset.local:
            await asyncio.shield(self._asking)

    def refused(self, error: ContextTooLong, sent: float) -> None:
        """A request of about `sent` tokens was too long."""
        limit = error.limit
        if limit is None or not limit >= LEAST:
            limit = min(int(sent * _BACKED_OFF), int(self.window.tokens * _BACKED_OFF))
        if limit >= LEAST:
            self._learn(replace(self._quirks(), window=limit, window_from="overflow"))

    def cut(self, counted: int) -> None:
        """The server read only so much of a longer request. Some cut far below what they can hold: then the most that
        they read so far says more."""
        size = window.observed(max(counted, self._read))
        if size >= LEAST:
            self._learn(replace(self._quirks(), window=size, window_from="truncation"))

    def answered_to(self, sent: float, counted: int) -> None:
        """The server answered a request of about `sent` tokens and counted so many (0: it did not say): a window that
        was thought smaller is not."""
        self._read = max(self._read, counted)
        quirks = self._quirks()
        least = counted if quirks.window_from == "truncation" else max(counted, int(sent))
        learned = quirks.window_from in ("overflow", "truncation")
        if quirks.window is not None and learned and least > quirks.window:
            told = self._told.window
            self._learn(replace(quirks, window=told, window_from="server" if told else ""))

    def priced(self, usage: Usage | None) -> Usage | None:
        """Usage with its cost where the provider did not say it and prices are known. Cached tokens count in full
        unless there is a price for them."""
        if usage is None or usage.cost is not None:
            return usage
        configured, quirks = self._endpoint.models.get(self._model, ModelConfig()), self._quirks()
        sources = [configured, quirks, self._listing]
        prompt = next((s.input_price for s in sources if s.input_price is not None), None)
        answer = next((s.output_price for s in sources if s.output_price is not None), None)
        if prompt is None or answer is None:
            return usage
        cached = next((s.cache_price for s in sources if s.cache_price is not None), prompt)
        fresh = max(0, usage.input - usage.cache_read)
        cost = (fresh * prompt + usage.cache_read * cached + usage.output * answer) / 1e6
        return usage.model_copy(update={"cost": cost})

    @property
    def _listing(self) -> ModelFacts:
        return self._listed.get(f"{self._endpoint.preset.name}/{self._model}", ModelFacts())

    async def _ask(self) -> None:
        preset = self._endpoint.preset
        ask = preset.facts if self._endpoint.own or preset.local else window.of_server
        if ask is None:
            return
        try:
            async with asyncio.timeout(ASK_LIMIT):
                told = await ask(
                    lambda url, body=None: self._link.get(url, ASK_LIMIT, body),
                    self._endpoint.base_url,
                    self._model,
                )
        except (CassError, TimeoutError):
            return
        self._told = told
        known = self._quirks()
        self._learn(
            replace(
                known,
                window=told.window or known.window,
                window_from="server" if told.window else known.window_from,
                input_price=_first(told.input_price, known.input_price),
                output_price=_first(told.output_price, known.output_price),
                cache_price=_first(told.cache_price, known.cache_price),
            )
        )


def _first(told: float | None, known: float | None) -> float | None:
    return known if told is None else told
