"""A model that plays a script: for demonstrations, for tests, and for trying cass without a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cass.config import Config
from cass.errors import (
    AuthenticationError,
    BadResponse,
    ConfigError,
    ContextTooLong,
    ModelError,
    ModelUnavailable,
    RateLimited,
)
from cass.llm.calls import new_id
from cass.llm.tokens import rough_tokens
from cass.ports import (
    Completed,
    CompletionRequest,
    FinishReason,
    Model,
    ModelEvent,
    ModelRequest,
    TextDelta,
    ThinkingDelta,
    Window,
)
from cass.protocol.messages import Message, Text, Thinking, ToolCall, ToolResult, Usage
from cass.protocol.wire import JsonObject

name = "scripted"
title = "Scripted model"

MAX_SCRIPT = 16 * 1024 * 1024
"""Bytes of a script."""

_DEMO = Path(__file__).parent.parent / "demo.json"

_WINDOW = 1_000_000
"""Tokens: a script without a window of its own has no use for compaction."""

_THE_END = "The script has ended; there are no more answers in it."


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScriptedCall(_Strict):
    """A tool call."""

    name: str
    arguments: JsonObject = Field(default_factory=dict)
    id: str | None = None
    raw: str | None = None


class ScriptedUsage(_Strict):
    """Reported tokens."""

    input: int = Field(default=0, ge=0)
    output: int = Field(default=0, ge=0)
    cost: float | None = None


class ScriptedError(_Strict):
    """A failure in place of an answer."""

    kind: Literal["rate_limited", "auth_required", "context_too_long", "bad_response", "provider_unavailable"]
    message: str = ""


class Step(_Strict):
    """One answer. `expect` must be in the text of the last message; `chunk` is how many characters come at a time,
    `delay_ms` how long each piece takes. With `error` the step fails after its text was given."""

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ScriptedCall, ...] = ()
    usage: ScriptedUsage | None = None
    expect: str | None = None
    delay_ms: float = Field(default=0, ge=0, le=600_000)
    chunk: int = Field(default=20, ge=1)
    error: ScriptedError | None = None
    finish: Literal["stop", "tool_calls", "length", "refusal"] | None = None


class ScriptedCompletion(_Strict):
    """What is offered at a cursor, wherever the text before it ends with `after`, once `delay_ms` are over."""

    text: str
    after: str = ""
    delay_ms: float = Field(default=0, ge=0, le=600_000)


class Script(_Strict):
    """The answers, in order. The one that is given is the one that stands at as many answers as the conversation
    already had, so that a resumed session goes on where it was. `summary` is what the model says when a conversation is
    made shorter. Of the completions the first one that fits is
    offered. With `loop` it begins again at its end."""

    steps: tuple[Step, ...]
    loop: bool = False
    completions: tuple[ScriptedCompletion, ...] = ()
    context_window: int | None = Field(default=None, ge=256)
    summary: str = "The work went on as the script says."


def connect(config: Config, model: str, environ: Mapping[str, str]) -> Model:
    """The model that plays the file with this path; `demo` is the script that comes with cass. ConfigError says
    what is wrong with the file, and where."""
    return ScriptedModel(model, load_script(_DEMO if model == "demo" else Path(model)))


def load_script(path: Path) -> Script:
    """Read a script: an object with `steps`, or the list of steps alone."""
    where = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SCRIPT + 1)
    except OSError as error:
        hint = "scripted/FILE plays the script in FILE; give the path of a JSON file."
        raise ConfigError(f"The script cannot be read: {error.strerror}.", where=where, hint=hint) from None
    if len(data) > MAX_SCRIPT:
        raise ConfigError(f"The script is longer than {MAX_SCRIPT // 1024 // 1024} MB.", where=where)
    try:
        value: object = json.loads(data)
    except json.JSONDecodeError as error:
        raise ConfigError(f"The script is not JSON: {error.msg}.", where=f"{where}:{error.lineno}") from None
    except (UnicodeDecodeError, RecursionError):
        raise ConfigError("The script is not JSON.", where=where) from None
    try:
        return Script.model_validate({"steps": value} if isinstance(value, list) else value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the script"
        raise ConfigError(f"{key}: {first['msg']}.", where=where) from None


@dataclass
class ScriptedModel(Model):
    """Plays a script."""

    file: str
    script: Script = field(repr=False)

    @property
    def name(self) -> str:
        """`scripted/FILE`."""
        return f"scripted/{self.file}"

    @property
    def window(self) -> Window:
        """What the script says."""
        size = self.script.context_window
        return Window(size, "configured") if size else Window(_WINDOW)

    async def prepare(self) -> None:
        """Everything is known."""

    def measure(self, request: ModelRequest) -> int:
        """About how many tokens a request is."""
        tools = sum(self.estimate(tool.description) + self.estimate(str(tool.parameters)) for tool in request.tools)
        return tools + self.estimate(request.system) + sum(map(_tokens, request.messages))

    def estimate(self, text: str) -> int:
        """About how many tokens a text is."""
        return int(rough_tokens(text)) + 1 if text else 0

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Give the answer at its place."""
        return self._play(request)

    async def complete(self, request: CompletionRequest) -> str:
        """Offer the first completion that fits."""
        for offer in self.script.completions:
            if request.prefix.endswith(offer.after):
                await asyncio.sleep(offer.delay_ms / 1000)
                return offer.text
        return ""

    async def _play(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        if request.purpose == "summary":
            yield Completed(
                (Text(text=self.script.summary),), "stop", Usage(input=self.measure(request)), self.name
            )
            return
        position = request.answers
        if position is None:
            position = sum(message.role == "assistant" for message in request.messages)
        steps = self.script.steps
        if self.script.loop and steps:
            position %= len(steps)
        step = steps[position] if position < len(steps) else Step(text=_THE_END)
        _check(step, position, request)
        for text, delta in ((step.thinking, ThinkingDelta), (step.text, TextDelta)):
            for at in range(0, len(text), step.chunk):
                await asyncio.sleep(step.delay_ms / 1000)
                yield delta(text[at : at + step.chunk])
        if step.error is not None:
            failure = _failure(step.error)
            failure.partial = (Text(text=step.text),) if step.text else ()
            raise failure
        if not step.text and step.delay_ms:
            await asyncio.sleep(step.delay_ms / 1000)
        yield self._completed(step, request)

    def _completed(self, step: Step, request: ModelRequest) -> Completed:
        content: list[Text | Thinking | ToolCall] = []
        if step.thinking:
            content.append(Thinking(text=step.thinking))
        if step.text:
            content.append(Text(text=step.text))
        for call in step.tool_calls:
            content.append(ToolCall(id=call.id or new_id(), name=call.name, arguments=call.arguments, raw=call.raw))
        finish: FinishReason = step.finish or ("tool_calls" if step.tool_calls else "stop")
        usage = step.usage or ScriptedUsage(
            input=self.measure(request),
            output=self.estimate(step.text),
        )
        reported = Usage(input=usage.input, output=usage.output, cost=usage.cost)
        return Completed(tuple(content), finish, reported, self.name)


def _tokens(message: Message) -> int:
    parts = [block.model_dump_json(exclude={"data"}) for block in message.content]
    return int(sum(map(rough_tokens, parts))) + 4


def _check(step: Step, position: int, request: ModelRequest) -> None:
    if step.expect is None:
        return
    last = request.messages[-1] if request.messages else None
    words = last.text if last is not None else ""
    if last is not None:
        words += "\n".join(block.text for block in last.content if isinstance(block, ToolResult))
    if step.expect not in words:
        error = BadResponse(f"Step {position + 1} of the script expects {step.expect!r} in the last message.")
        error.hint = f"It was: {words[:500]!r}"
        error.retryable = False
        raise error


def _failure(error: ScriptedError) -> ModelError:
    message = error.message or f"The script says: {error.kind}."
    match error.kind:
        case "rate_limited":
            return RateLimited(message)
        case "auth_required":
            return AuthenticationError(message)
        case "context_too_long":
            return ContextTooLong(message)
        case "bad_response":
            return BadResponse(message)
        case "provider_unavailable":
            return ModelUnavailable(message)
