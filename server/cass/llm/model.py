"""One model at one endpoint: asks, asks again where that may help, and learns from what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from cass.config import LlmConfig, ModelConfig
from cass.errors import CassError, ModelError
from cass.llm.assemble import Assembly, EmptyAnswer, Expected
from cass.llm.attempt import Attempt
from cass.llm.chat import ChatWire
from cass.llm.cursor import chat_request, from_chat, kept
from cass.llm.encoded import EncodedCache
from cass.llm.failures import Place, Refused, explain
from cass.llm.fim import Filler
from cass.llm.library import load_library
from cass.llm.link import Link, silent
from cass.llm.preset import Endpoint, ModelFacts
from cass.llm.quirks import QuirkBook, Quirks, learn
from cass.llm.responses import ResponsesWire
from cass.llm.retry import RetryPolicy
from cass.llm.terms import Terms, origin, terms_of
from cass.llm.tokens import MESSAGE_TOKENS, calibrated, rough_tokens
from cass.llm.wire import Body, Wire
from cass.ports import Completed, CompletionRequest, Model, ModelEvent, ModelNotice, ModelRequest
from cass.protocol.messages import Image, Text, ToolCall, ToolResult, Usage

MAX_LESSONS = 8
"""How often one request is changed because the endpoint refused a part of it."""

FACTS_LIMIT = 1.0
"""Seconds for asking an endpoint about a model."""

RATIO_STEP = 0.03
"""A change of the token ratio smaller than this is not written down."""

TRUNCATED_BELOW = 0.6
"""A prompt that is reported smaller than this part of its estimate was cut by the server."""


@dataclass
class Shared:
    """What the models of one client have in common."""

    llm: LlmConfig
    book: QuirkBook
    cache: EncodedCache
    retry_base: float
    listed: dict[str, ModelFacts] = field(default_factory=dict[str, ModelFacts])


class RemoteModel(Model):
    """A model behind HTTP."""

    def __init__(self, endpoint: Endpoint, model: str, link: Link, shared: Shared) -> None:
        self.endpoint = endpoint
        self._model = model
        self._link = link
        self._shared = shared
        self._key = origin(endpoint, model)
        self._asked_facts = False
        self._told_truncation = False
        self._filler = Filler(
            endpoint, self.place, link, lambda: self.quirks.fill, lambda way: self._learn(fill=way)
        )

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.endpoint.preset.name}/{self._model}"

    @property
    def quirks(self) -> Quirks:
        """What has been learned."""
        return self._shared.book.get(self._key)

    @property
    def context_window(self) -> int | None:
        """The configured size, else the learned one, else what is known of the family at the provider's own host."""
        known = self.endpoint.models.get(self._model)
        if known is not None and known.context_window is not None:
            return known.context_window
        if self.quirks.window is not None:
            return self.quirks.window
        listed = self._shared.listed.get(self.name, ModelFacts())
        if listed.window is not None:
            return listed.window
        preset = self.endpoint.preset
        return preset.window(self._model) if preset.window is not None and self.endpoint.own else None

    @property
    def place(self) -> Place:
        """The endpoint, for error texts."""
        return place_of(self.endpoint, self._model)

    def estimate(self, text: str) -> int:
        """About how many tokens a text is, calibrated by what the endpoint reported; rounded up."""
        return int(rough_tokens(text) * self.quirks.ratio) + 1 if text else 0

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Ask; see `cass.ports.Model`."""
        return self._stream(request, self._shared.llm.max_retries)

    async def complete(self, request: CompletionRequest) -> str:
        """See `cass.ports.Model`."""
        try:
            async with asyncio.timeout(request.seconds):
                await load_library()
                way = await self._filler.way()
                if way == "chat":
                    text = from_chat(await self._say(chat_request(request)), request)
                else:
                    text = await self._filler.fill(way, request)
        except TimeoutError:
            raise silent(self.place, request.seconds) from None
        return kept(text, request.suffix)

    async def _say(self, request: ModelRequest) -> str:
        """The text of an answer that is asked for once, also when it was cut at its longest; empty for none."""
        said: list[str] = []
        try:
            async with aclosing(self._stream(request, 0)) as events:
                async for event in events:
                    if isinstance(event, Completed):
                        said += [block.text for block in event.content if isinstance(block, Text)]
        except EmptyAnswer:
            return ""
        return "".join(said)

    async def _stream(self, request: ModelRequest, retries: int) -> AsyncGenerator[ModelEvent]:
        await load_library()
        policy = RetryPolicy(retries, self._shared.llm.max_retry_wait, self._shared.retry_base)
        lessons = 0
        while True:
            terms = terms_of(self.endpoint, self._model, self.quirks, self._shared.llm.max_output)
            wire = self.wire(terms)
            body = wire.write(request, terms, self._shared.cache)
            refused: Refused | None = None
            try:
                async with aclosing(self._attempt(request, terms, wire, body)) as events:
                    async for event in events:
                        yield event
                return
            except Refused as caught:
                refused = caught
                lesson = learn(refused, body.optional, terms.quirks) if lessons < MAX_LESSONS else None
                if lesson is not None:
                    lessons += 1
                    self._shared.book.put(self._key, lesson[0])
                    if lesson[1]:
                        yield ModelNotice(lesson[1])
                    continue
                failure = explain(refused, self.place)
                failure.partial = refused.partial
            except ModelError as caught:
                failure = caught
            self._remember_limit(failure)
            retrying = policy.next(failure, refused)
            yield retrying
            await asyncio.sleep(retrying.delay)

    async def _attempt(
        self, request: ModelRequest, terms: Terms, wire: Wire, body: Body
    ) -> AsyncGenerator[ModelEvent]:
        as_text = terms.style.tools_as_text
        assembly = Assembly(
            Expected(
                tools={tool.name: tool.parameters for tool in request.tools},
                taken_ids=_call_ids(request),
                text_calls=bool(request.tools) and (as_text or self._shared.llm.text_tool_calls != "off"),
                limit=terms.output_limit(request) or 0,
            )
        )
        reader = wire.reader(assembly, terms)
        attempt = Attempt(self._link, self.place, self._shared.llm.idle_timeout, assembly, reader)
        async with aclosing(attempt.events(wire.path, body.data)) as events:
            async for event in events:
                if not isinstance(event, Completed):
                    yield event
                    continue
                if assembly.printed_calls and not self.quirks.prints_calls:
                    self._learn(prints_calls=True)
                if notice := self._weigh(request, event, body):
                    yield notice
                await self._ask_facts()
                yield replace(event, usage=self._priced(event.usage), model=event.model or self._model)

    def wire(self, terms: Terms) -> Wire:
        """The API that this model is asked on."""
        known = self.endpoint.models.get(self._model)
        asked = known.wire if known is not None and known.wire != "auto" else self.endpoint.wire
        if asked == "auto":
            only = self.endpoint.preset.responses_only
            asked = terms.quirks.wire or "chat"
            if not terms.quirks.wire and only is not None and self.endpoint.own and only(self._model):
                asked = "responses"
        return ResponsesWire() if asked == "responses" else ChatWire()

    def _weigh(self, request: ModelRequest, answer: Completed, body: Body) -> ModelNotice | None:
        """Compare the reported size of the prompt with the estimated one: calibrate, or notice that it was cut."""
        reported = answer.usage.input if answer.usage is not None else 0
        estimated = body.tokens + MESSAGE_TOKENS * len(request.messages)
        if not reported or estimated < 200:
            return None
        quirks = self.quirks
        expected = estimated * quirks.ratio
        truncated = reported >= 1000 and reported < expected * TRUNCATED_BELOW and expected - reported > 1500
        ratio = calibrated(quirks.ratio, reported, estimated)
        if (not truncated and abs(ratio - quirks.ratio) <= RATIO_STEP) or _has_images(request):
            return None
        if truncated:
            window = self.context_window
            if not self.endpoint.own and (window is None or window > reported * 2):
                self._learn(window=1 << (reported - 1).bit_length())
            if self._told_truncation:
                return None
            self._told_truncation = True
            hint = (
                "set OLLAMA_CONTEXT_LENGTH for the Ollama server"
                if self.endpoint.preset.local
                else ("give the server a bigger context")
            )
            return ModelNotice(
                f"{self.name} read only {reported:,} of about {int(expected):,} tokens: its window is too small and it "
                f"cut the beginning away. To mend it, {hint}, or compact the conversation."
            )
        self._learn(ratio=round(ratio, 3))
        return None

    def _priced(self, usage: Usage | None) -> Usage | None:
        """Usage with its cost where the provider did not say it and prices are known. Cached tokens count in full."""
        if usage is None or usage.cost is not None:
            return usage
        sources = [
            self.endpoint.models.get(self._model, ModelConfig()),
            self.quirks,
            self._shared.listed.get(self.name, ModelFacts()),
        ]
        input_price = next((s.input_price for s in sources if s.input_price is not None), None)
        output_price = next((s.output_price for s in sources if s.output_price is not None), None)
        if input_price is None or output_price is None:
            return usage
        cost = (usage.input * input_price + usage.output * output_price) / 1e6
        return usage.model_copy(update={"cost": cost})

    async def _ask_facts(self) -> None:
        """Once, after the first answer: the window and the prices, where the endpoint tells them cheaply."""
        preset = self.endpoint.preset
        if self._asked_facts or preset.facts is None or not (preset.local or self.endpoint.own):
            return
        self._asked_facts = True
        try:
            async with asyncio.timeout(FACTS_LIMIT):
                facts = await preset.facts(
                    lambda url: self._link.get(url, FACTS_LIMIT), self.endpoint.base_url, self._model
                )
        except (CassError, TimeoutError):
            return
        known = self.quirks
        self._learn(
            window=facts.window or known.window,
            input_price=facts.input_price if facts.input_price is not None else known.input_price,
            output_price=facts.output_price if facts.output_price is not None else known.output_price,
        )

    def _remember_limit(self, error: ModelError) -> None:
        limit = getattr(error, "limit", None)
        if isinstance(limit, int) and limit >= 256:
            self._learn(window=limit)

    def _learn(self, **changes: object) -> None:
        self._shared.book.put(self._key, replace(self.quirks, **changes))  # pyright: ignore[reportArgumentType]


def place_of(endpoint: Endpoint, model: str) -> Place:
    """The endpoint, for error texts."""
    return Place(
        provider=endpoint.preset.name,
        model=model,
        url=endpoint.base_url,
        key=endpoint.key,
        key_env=endpoint.key_env,
        local=endpoint.local,
    )


def _call_ids(request: ModelRequest) -> frozenset[str]:
    said = [message.content for message in request.messages if message.role == "assistant"]
    return frozenset([block.id for content in said for block in content if isinstance(block, ToolCall)])


def _has_images(request: ModelRequest) -> bool:
    for message in request.messages:
        for block in message.content:
            inner = block.content if isinstance(block, ToolResult) else (block,)
            if any(isinstance(part, Image) for part in inner):
                return True
    return False
