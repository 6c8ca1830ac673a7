"""Writes messages in the form of the chat completions API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cass.llm.conversation import begin, write
from cass.llm.encoded import Encoded, EncodedCache
from cass.llm.jsonvalue import dump, is_list
from cass.llm.prose import call_text, pictures, result_text, texts_of, tools_text
from cass.llm.terms import Style
from cass.llm.tokens import MESSAGE, NOTHING, PICTURE_TOKENS, Size, size_of
from cass.ports import ToolSpec
from cass.protocol.messages import Block, Image, Message, Thinking, ToolCall, ToolResult
from cass.protocol.wire import JsonObject

MARKED_MESSAGES = 2
"""Messages at the end that get a cache breakpoint, beside the system prompt's."""

_MARK: JsonObject = {"type": "ephemeral"}
_NAME = re.compile(r"[^A-Za-z0-9_-]")


def write_messages(
    system: str,
    messages: Sequence[Message],
    tools: Sequence[ToolSpec],
    style: Style,
    cache: EncodedCache,
    *,
    marks: bool,
) -> tuple[list[bytes], Size]:
    """The messages as JSON values, and their size. With `marks`, cache breakpoints are set."""
    known_as = cache.style(style)

    def plain(message: Message) -> Encoded:
        return cache.get(message, known_as, lambda: _encode(message, style, marked=False))

    def at_the_end(message: Message) -> Encoded:
        return _encode(message, style, marked=True) if id(message) in marked else plain(message)

    head = system + (tools_text(tools) if style.tools_as_text and tools else "")
    parts = [_system(head, style, marked=marks)] if head else []
    begun, rest = begin(messages, known_as, cache, plain)
    marked = {id(message) for message in _last_marked(rest)} if marks else set[int]()
    ending, size = write(rest, at_the_end)
    return [*parts, *begun.parts, *ending], size_of(head) + begun.size + size


def write_tool(tool: ToolSpec) -> Encoded:
    """A tool's description."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    body = dump({"type": "function", "function": function})
    return Encoded(body, size=size_of(body.decode()))


def wire_name(name: str) -> str:
    """A tool's name as every endpoint takes it, whatever a model called it."""
    return _NAME.sub("_", name)[:64] or "unknown"


def image_url(image: Image) -> str:
    """A picture as a URL that holds it."""
    return f"data:{image.mime_type};base64,{image.data}"


def _system(text: str, style: Style, *, marked: bool) -> bytes:
    role = "user" if style.system_as_user else "system"
    content: object = [{"type": "text", "text": text, "cache_control": _MARK}] if marked else text
    return dump({"role": role, "content": content})


def _last_marked(messages: Sequence[Message]) -> Iterable[Message]:
    return [message for message in messages if message.role != "assistant"][-MARKED_MESSAGES:]


def _encode(message: Message, style: Style, *, marked: bool) -> Encoded:
    match message.role:
        case "user":
            entries, images, words = [_user(message.content, style)], [], texts_of(message.content, images=True)
        case "assistant":
            entry, words = _assistant(message, style)
            entries, images = [entry] if entry else [], list[Image]()
        case "tool":
            entries, images, words = _results(message, style)
    if marked and entries:
        entries[-1] = _mark(entries[-1])
    after = dump({"role": "user", "content": _image_parts(images)}) if images else b""
    seen = pictures(message) if style.images else 0
    size = style.measure(words) + MESSAGE + Size(pictures=seen * PICTURE_TOKENS)
    return Encoded(b",".join(dump(entry) for entry in entries), after, size if entries else NOTHING)


def _user(content: Sequence[Block], style: Style) -> JsonObject:
    if not style.images or not any(isinstance(block, Image) for block in content):
        return {"role": "user", "content": texts_of(content, images=False)}
    parts: list[object] = []
    for block in content:
        if isinstance(block, Image):
            parts += _image_parts([block])
        elif text := texts_of([block], images=True):
            parts.append({"type": "text", "text": text})
    return {"role": "user", "content": parts}


def _image_parts(images: Iterable[Image]) -> list[object]:
    return [{"type": "image_url", "image_url": {"url": image_url(image)}} for image in images]


def _assistant(message: Message, style: Style) -> tuple[JsonObject | None, str]:
    text, calls = message.text, message.tool_calls
    if style.tools_as_text:
        text = "\n".join(filter(None, [text, *(call_text(call) for call in calls)]))
        calls = ()
    if not text and not calls:
        return None, ""
    entry: JsonObject = {"role": "assistant", "content": text or ("" if style.empty_content else None)}
    words = text
    thoughts = [block for block in message.content if isinstance(block, Thinking)]
    if style.reasoning == "reasoning_content" and (thought := "\n".join(b.text for b in thoughts if b.text)):
        entry["reasoning_content"] = thought
        words += thought
    if style.reasoning == "reasoning_details" and (details := _details(thoughts, style.origin)):
        entry["reasoning_details"] = details
        words += "\n".join(block.text for block in thoughts)
    if calls:
        written = [_call(call) for call in calls]
        entry["tool_calls"] = written
        words += dump(written).decode()
    return entry, words


def _call(call: ToolCall) -> JsonObject:
    arguments = dump({} if call.raw is not None else call.arguments).decode()
    return {"id": call.id, "type": "function", "function": {"name": wire_name(call.name), "arguments": arguments}}


def _details(thoughts: Iterable[Thinking], origin: str) -> list[object]:
    """The provider's own form of the reasoning, where it came from this very model."""
    found: list[object] = []
    for block in thoughts:
        data = block.data or {}
        details = data.get("reasoning_details")
        if data.get("origin") == origin and is_list(details):
            found += details
    return found


def _results(message: Message, style: Style) -> tuple[list[JsonObject], list[Image], str]:
    entries: list[JsonObject] = []
    images: list[Image] = []
    words: list[str] = []
    for block in message.content:
        if not isinstance(block, ToolResult):
            continue
        text = result_text(block, images=style.images)
        words.append(text)
        if style.images:
            images += [part for part in block.content if isinstance(part, Image)]
        if style.tools_as_text:
            entries.append({"role": "user", "content": f"<tool_response>\n{text}\n</tool_response>"})
        else:
            entries.append({"role": "tool", "tool_call_id": block.call_id, "content": text})
    return entries, images, "\n".join(words)


def _mark(entry: JsonObject) -> JsonObject:
    """The entry with a cache breakpoint on its last part."""
    content = entry["content"]
    parts = list(content) if is_list(content) else [{"type": "text", "text": content}]
    last = parts[-1]
    if isinstance(last, dict):
        parts[-1] = {**last, "cache_control": _MARK}
    return {**entry, "content": parts}
