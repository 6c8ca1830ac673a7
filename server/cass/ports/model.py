"""The seam to models: one at one endpoint, and all that can be reached."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from cass.protocol.looking import ModelInfo
from cass.protocol.messages import Message, Text, Thinking, ToolCall, Usage
from cass.protocol.wire import JsonObject


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it: `parameters` is a JSON Schema object. `needs` is the tool's own."""

    name: str
    description: str
    parameters: JsonObject
    needs: str = ""


@dataclass(frozen=True)
class ModelRequest:
    """One request. The prefix (system, tools, earlier messages) is byte-stable from step to step, so that
    prompt caches hit. `cache_key` is the same for all requests of a session. `answers` counts the model's answers so
    far, also those that are not among the messages any more; `purpose` says what is asked for."""

    system: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    effort: str | None = None
    max_output: int | None = None
    cache_key: str = ""
    answers: int | None = None
    purpose: Literal["turn", "summary"] = "turn"


WindowSource = Literal["configured", "server", "overflow", "truncation", "family", "assumed"]


@dataclass(frozen=True)
class Window:
    """How much a model reads at once, tokens, its answer included, and how that is known."""

    tokens: int
    source: WindowSource = "assumed"

    @property
    def is_known(self) -> bool:
        """Whether it is more than a careful guess."""
        return self.source != "assumed"

    @property
    def words(self) -> str:
        """How it is known, for a person."""
        return {
            "configured": "as configured",
            "server": "as the server says",
            "overflow": "learned from an error of the server",
            "truncation": "seen: the server cut a longer prompt",
            "family": "as known of these models",
            "assumed": "assumed, the server does not say",
        }[self.source]


@dataclass(frozen=True)
class CompletionRequest:
    """What stands before and behind the cursor, lines ended by \\n. `path` and `language` (LSP's id) say what kind of
    text it is; `seconds` is how long the answer may take."""

    prefix: str
    suffix: str
    path: str
    language: str
    max_tokens: int
    seconds: float


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
    def window(self) -> Window:
        """How much it reads at once; never unknown, for then a careful size is assumed."""
        ...

    async def prepare(self) -> None:
        """Find out about the model what can be found out at once. Never raises, waits a second at most."""
        ...

    def measure(self, request: ModelRequest) -> int:
        """About how many tokens this request is. What the endpoint has counted of it counts as counted."""
        ...

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Ask. Ends with exactly one `Completed`, or raises a ModelError. Closing the iterator or cancelling the
        task that reads it closes the connection at once."""
        ...

    async def complete(self, request: CompletionRequest) -> str:
        """The text that belongs between prefix and suffix, repeating neither; empty when there is none. Asked once,
        never again; ModelError for whatever goes wrong. Cancelling closes the connection at once."""
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

    async def widened(self, name: str, window: int) -> str:
        """The name of the same model with a window of that many tokens, where its server can be told to make one
        (Ollama); ModelError where it cannot."""
        ...

    async def catalog(self) -> tuple[list[ModelInfo], list[str]]:
        """What the configured providers list, and the problems met while asking them."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
