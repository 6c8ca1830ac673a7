"""Where the model's window goes: every part of what it is sent, with its size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cass.agent import notes
from cass.ports import Model, ModelRequest
from cass.protocol.looking import ContextGetResult, ContextItem, ContextPart
from cass.protocol.messages import Image, Message, Text, ToolCall, ToolResult
from cass.sessions.compacting import fitting_of, summary

if TYPE_CHECKING:
    from cass.sessions.session import Session

_NAME_CHARS = 60


async def context(session: Session) -> ContextGetResult:
    """The parts and the single items in them. The sum is what the provider counted where it did, with what came since
    estimated; parts and items are estimates, scaled to that sum."""
    if not session.model_name:
        session.set_option("model", await session.house.models.default())
    fitting = fitting_of(session)
    model = fitting.model
    await model.prepare()
    used = model.measure(fitting.request())
    items = list(_items(session, model, fitting.system, len(fitting.tools())))
    items.insert(
        1,
        ContextItem(
            kind="tools", name=f"{len(fitting.tools())} tools", tokens=_tools(fitting.model, fitting.request())
        ),
    )
    scale = used / max(1, sum(item.tokens for item in items))
    scaled = tuple(item.model_copy(update={"tokens": round(item.tokens * scale)}) for item in items)
    sizes: dict[str, int] = {}
    for item in scaled:
        sizes[item.kind] = sizes.get(item.kind, 0) + item.tokens
    return ContextGetResult(
        used=used,
        size=model.window.tokens,
        estimated=session.stream.state.used == 0,
        window=model.window.words,
        compacts_at=fitting.budget,
        parts=tuple(ContextPart(name=name, tokens=tokens) for name, tokens in sizes.items()),
        items=scaled,
        total=session.total,
        compacted=session.stream.state.history.compaction is not None,
        summary=summary(session),
    )


def _items(session: Session, model: Model, system: str, tools: int) -> Iterator[ContextItem]:
    rules = session.preamble.instructions()
    inside = sum(model.estimate(rule.text) for rule in rules)
    yield ContextItem(kind="system prompt", name="system prompt", tokens=max(0, model.estimate(system) - inside))
    for rule in rules:
        yield ContextItem(kind="rules", name=str(rule.path), tokens=model.estimate(rule.text))
    titles: dict[str, str] = {}
    for message in session.messages:
        for block in message.content:
            if isinstance(block, ToolCall):
                titles[block.id] = f"{block.name} {block.id}"
        yield _item(message, titles, _size(model, message))


def _item(message: Message, titles: dict[str, str], tokens: int) -> ContextItem:
    if message.role == "tool":
        block = message.content[0]
        id = block.call_id if isinstance(block, ToolResult) else ""
        return ContextItem(kind="tool results", name=titles.get(id, id), tokens=tokens)
    if notes.summary_of(message) is not None:
        return ContextItem(kind="notes", name="what was left out, in short", tokens=tokens)
    kind = {"user": "your messages", "assistant": "answers"}[message.role]
    calls = ", ".join(call.name for call in message.tool_calls)
    return ContextItem(
        kind=kind, name=" ".join(message.text.split())[:_NAME_CHARS] or calls or "(no words)", tokens=tokens
    )


def _tools(model: Model, request: ModelRequest) -> int:
    whole = model.measure(ModelRequest(request.system, (), request.tools))
    return whole - model.measure(ModelRequest(request.system, ()))


def _size(model: Model, message: Message) -> int:
    blocks = [part for b in message.content for part in (b.content if isinstance(b, ToolResult) else (b,))]
    calls = sum(model.estimate(call.model_dump_json()) for call in message.tool_calls)
    plain = tuple(block for block in blocks if isinstance(block, Text | Image))
    return calls + model.measure(ModelRequest("", (Message(role="user", content=plain),)))
