"""One model at one endpoint: asks, asks again where that may help, and learns from what comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from cass.config import LlmConfig
from cass.errors import ContextTooLong, ModelError
from cass.llm import encodings
from cass.llm.assemble import Assembly, EmptyAnswer, Expected
from cass.llm.attempt import Attempt
from cass.llm.chat import ChatWire
from cass.llm.cursor import chat_request, from_chat, kept
from cass.llm.encoded import EncodedCache
from cass.llm.facts import Facts
from cass.llm.failures import Place, Refused, explain
from cass.llm.fim import Filler
from cass.llm.library import load_library
from cass.llm.link import Link, silent
from cass.llm.meter import Meter
from cass.llm.preset import Endpoint, ModelFacts
from cass.llm.quirks import QuirkBook, Quirks, learn
from cass.llm.responses import ResponsesWire
from cass.llm.retry import RetryPolicy
from cass.llm.terms import Terms, origin, terms_of
from cass.llm.tokens import Rates, Size, size_of
from cass.llm.wire import Body, Wire
from cass.ports import Completed, CompletionRequest, Model, ModelEvent, ModelNotice, ModelRequest, Window
from cass.protocol.messages import Text, ToolCall

log = logging.getLogger(__name__)

MAX_LESSONS = 8
"""How often one request is changed because the endpoint refused a part of it."""

RATE_STEP = 0.005
"""A change of a token rate smaller than this is not written down."""


@dataclass
class Shared:
    """What the models of one client have in common."""

    llm: LlmConfig
    book: QuirkBook
    cache: EncodedCache
    retry_base: float
    listed: dict[str, ModelFacts] = field(default_factory=dict[str, ModelFacts])


_Written = tuple[ModelRequest, Quirks, Callable[[str], Size], tuple[tuple[Terms, Wire], Body]]


class RemoteModel(Model):
    """A model behind HTTP."""

    def __init__(self, endpoint: Endpoint, model: str, link: Link, shared: Shared) -> None:
        self.endpoint = endpoint
        self._model = model
        self._link = link
        self._shared = shared
        self._key = origin(endpoint, model)
        self._told_truncation = False
        self._measure: Callable[[str], Size] = size_of
        self._loading: asyncio.Task[None] | None = None
        self._written: _Written | None = None
        self._meter = Meter(lambda: self.quirks.rates, self._learn_rates)
        self.facts = Facts(endpoint, model, link, shared.listed, lambda: self.quirks, self._keep)
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
    def window(self) -> Window:
        """See `cass.ports.Model`."""
        return self.facts.window

    async def prepare(self) -> None:
        """See `cass.ports.Model`."""
        await load_library()
        if self._loading is None and (encoding := encodings.at_hand(self._model)):
            self._loading = asyncio.get_running_loop().create_task(self._load(encoding))
        await self.facts.prepare()

    async def loaded(self) -> None:
        """Wait until the model's own tokenizer is loaded, where it is being loaded."""
        if self._loading is not None:
            await self._loading

    async def _load(self, encoding: str) -> None:
        """Count with the model's own tokenizer from now on."""
        try:
            count = await asyncio.to_thread(encodings.load, encoding)
        except Exception as error:  # somebody else's package: without it there are estimates
            log.warning("the encoding %s cannot be used: %s", encoding, error)
            return
        self._measure = lambda text: Size(words=float(count(text)))

    @property
    def place(self) -> Place:
        """The endpoint, for error texts."""
        return place_of(self.endpoint, self._model)

    def estimate(self, text: str) -> int:
        """About how many tokens a text is, calibrated by what the endpoint reported; rounded up."""
        return int(size_of(text).at(self.quirks.rates)) + 1 if text else 0

    def measure(self, request: ModelRequest) -> int:
        """See `cass.ports.Model`."""
        return int(self._meter.expect(request, self._write(request)[1].size))

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
            (terms, wire), body = self._write(request)
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
            if isinstance(failure, ContextTooLong):
                self.facts.refused(failure, self._meter.expect(request, body.size))
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
                await self.facts.answered()
                yield replace(event, usage=self.facts.priced(event.usage), model=event.model or self._model)

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
        counted = answer.usage.input if answer.usage is not None else 0
        expected = self._meter.expect(request, body.size)
        self.facts.answered_to(expected, counted)
        if not counted:
            return None
        if not self._meter.weigh(request, body.size, counted, whole=self.endpoint.own):
            return None
        self.facts.cut(counted)
        if self._told_truncation:
            return None
        self._told_truncation = True
        return ModelNotice(
            f"{self.name} read only {counted:,} of about {int(expected):,} tokens: its window is too small and it cut "
            f"the beginning away. From now on cass keeps to {self.window.tokens:,} tokens. {self._remedy()}"
        )

    def _remedy(self) -> str:
        most = f" (the model takes up to {self.facts.most:,})" if self.facts.most else ""
        if self.endpoint.preset.local:
            return (
                f"For a bigger window{most}: /window 16384 makes a copy of the model with one, or start Ollama with "
                "OLLAMA_CONTEXT_LENGTH=16384."
            )
        return f"For a bigger window{most}, start the server with a bigger context size."

    def _write(self, request: ModelRequest) -> tuple[tuple[Terms, Wire], Body]:
        """The request as it is sent. It is measured right before: what was written for that is sent then."""
        quirks, measure = self.quirks, self._measure
        known = self._written
        if known and known[0] is request and known[1] is quirks and known[2] is measure:
            return known[3]
        terms = terms_of(self.endpoint, self._model, quirks, self._shared.llm.max_output, measure)
        wire = self.wire(terms)
        written = (terms, wire), wire.write(request, terms, self._shared.cache)
        self._written = request, quirks, measure, written
        return written

    def _learn_rates(self, rates: Rates) -> None:
        if any(abs(new - old) > RATE_STEP for new, old in zip(rates, self.quirks.rates, strict=True)):
            self._learn(rates=Rates(*(round(rate, 4) for rate in rates)))

    def _learn(self, **changes: object) -> None:
        self._keep(replace(self.quirks, **changes))  # pyright: ignore[reportArgumentType]

    def _keep(self, quirks: Quirks) -> None:
        self._shared.book.put(self._key, quirks)


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
