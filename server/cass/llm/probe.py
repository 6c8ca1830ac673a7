"""Finds out, by small real requests, what a model at an endpoint can do."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from cass.errors import CassError
from cass.llm.quirks import Quirks
from cass.ports import Completed, Model, ModelNotice, ModelRequest, Retrying, TextDelta, ThinkingDelta, ToolSpec
from cass.protocol.messages import Message, Text

LIMIT = 60.0
"""Seconds for each of the requests."""

_TOOL = ToolSpec(
    "report_number",
    "Reports a number to the user.",
    {
        "type": "object",
        "properties": {"number": {"type": "integer", "description": "The number."}},
        "required": ["number"],
    },
)


@dataclass(frozen=True)
class ProbeReport:
    """What was found, in lines for a person. `ok` is false when the model gave no answer at all."""

    model: str
    ok: bool
    lines: tuple[str, ...]


@dataclass
class _Answer:
    completed: Completed | None = None
    pieces: int = 0
    first_ms: int = 0
    notes: tuple[str, ...] = ()
    problem: str = ""


async def probe_model(model: Model) -> ProbeReport:
    """Ask for one word, then for one tool call."""
    lines: list[str] = []
    plain = await _ask(model, ModelRequest("Answer briefly.", [_user("Say the word ready.")]))
    lines += plain.notes
    if plain.completed is None:
        return ProbeReport(model.name, ok=False, lines=(*lines, f"answer: {plain.problem}"))
    lines.append(f"answer: yes, first text after {plain.first_ms} ms, {plain.pieces} pieces")
    usage = plain.completed.usage
    lines.append(
        f"usage: {usage.input} in, {usage.output} out" if usage else "usage: not reported; tokens are estimated"
    )
    tool = await _ask(model, ModelRequest("Use the tool.", [_user("Report the number 7 with the tool.")], (_TOOL,)))
    lines += tool.notes
    if tool.completed is None:
        lines.append(f"tools: {tool.problem}")
    else:
        calls = [block for block in tool.completed.content if block.type == "tool_call"]
        good = any(call.arguments.get("number") == 7 for call in calls)
        lines.append("tools: " + ("yes" if good else "called wrongly" if calls else "offered, but not called"))
    window = model.window
    known = f"window: {window.tokens:,} tokens, {window.words}"
    lines.append(known if window.is_known else f"{known}; set context_window for the model")
    quirks = getattr(model, "quirks", None)
    if isinstance(quirks, Quirks):
        lines += _learned(quirks)
    return ProbeReport(model.name, ok=True, lines=tuple(lines))


async def _ask(model: Model, request: ModelRequest) -> _Answer:
    answer = _Answer()
    began = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT):
            async for event in model.stream(request):
                match event:
                    case TextDelta() | ThinkingDelta():
                        answer.pieces += 1
                        answer.first_ms = answer.first_ms or int((time.monotonic() - began) * 1000)
                    case Retrying():
                        answer.notes += (f"retried: {event.reason}",)
                    case ModelNotice():
                        answer.notes += (f"notice: {event.text}",)
                    case Completed():
                        answer.completed = event
    except CassError as error:
        answer.problem = error.message
    except TimeoutError:
        answer.problem = f"no answer within {LIMIT:g} seconds"
    return answer


def _learned(quirks: Quirks) -> list[str]:
    lines: list[str] = []
    if quirks.dropped:
        lines.append(f"refused parameters: {', '.join(quirks.dropped)}")
    words = {
        "wire": "answers on the API: {}",
        "max_tokens": "output limit is called {}",
        "system": "takes the system prompt as {}",
        "tools": "takes tools as {}",
        "reasoning_back": "wants its reasoning back: {}",
    }
    for name, text in words.items():
        value = getattr(quirks, name)
        if value:
            lines.append(text.format(value))
    if quirks.prints_calls:
        lines.append("prints tool calls as text; they are understood")
    if quirks.no_images:
        lines.append("reads no images")
    lines.append(f"tokens: {quirks.rates.words:g} of the estimate for words")
    return lines


def _user(text: str) -> Message:
    return Message(role="user", content=(Text(text=text),))
