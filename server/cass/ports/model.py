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
    prompt caches hit. `cache_key` is the same for all requests of a session."""

    system: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    effort: str | None = None
    max_output: int | None = None
    cache_key: str = ""


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
    def context_window(self) -> int | None:
        """Tokens, None when unknown."""
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

    async def catalog(self) -> tuple[list[ModelInfo], list[str]]:
        """What the configured providers list, and the problems met while asking them."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
