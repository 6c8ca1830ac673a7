"""The Responses wire: writes requests. Nothing is stored at the provider; reasoning travels encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cass.llm.assemble import Assembly
from cass.llm.chat_messages import image_url, wire_name
from cass.llm.conversation import array, begin, write
from cass.llm.encoded import Encoded, EncodedCache
from cass.llm.jsonvalue import dump, is_object
from cass.llm.prose import pictures, result_text, texts_of
from cass.llm.responses_reader import ResponsesReader
from cass.llm.terms import Style, Terms, without_dropped
from cass.llm.tokens import MESSAGE, PICTURE_TOKENS, Size, size_of
from cass.llm.wire import Body
from cass.ports import ModelRequest, ToolSpec
from cass.protocol.messages import Block, Image, Message, Text, Thinking, ToolCall, ToolResult
from cass.protocol.wire import JsonObject


class ResponsesWire:
    """POST /responses, streamed."""

    name = "responses"
    path = "/responses"

    def write(self, request: ModelRequest, terms: Terms, cache: EncodedCache) -> Body:
        """The request's bytes. Everything that stays the same from step to step stands before what grows."""
        parameters = without_dropped(_parameters(request, terms), terms.quirks)
        tools = [cache.get(tool, "responses", lambda t=tool: _tool(t)) for tool in request.tools]
        style = cache.style(("responses", terms.style))

        def encode(message: Message) -> Encoded:
            return cache.get(message, style, lambda: _encode(message, terms.style))

        begun, rest = begin(request.messages, style, cache, encode)
        ending, size = write(rest, encode)
        size += size_of(request.system) + begun.size
        head: dict[str, object] = {"model": terms.model, "stream": True, "store": False, **parameters}
        if request.system:
            head["instructions"] = request.system
        parts = [dump(head)[:-1]]
        optional = dict(parameters)
        if tools:
            parts.append(b'"tools":[' + b",".join(tool.body for tool in tools) + b"]")
            optional["tools"] = True
            size = sum((tool.size for tool in tools), size)
        parts += array("input", [*begun.parts, *ending])
        return Body(parts, optional, size)

    def reader(self, assembly: Assembly, terms: Terms) -> ResponsesReader:
        """What reads the answer."""
        return ResponsesReader(assembly, terms.style.origin)


def _parameters(request: ModelRequest, terms: Terms) -> dict[str, object]:
    parameters: dict[str, object] = {"include": ["reasoning.encrypted_content"]}
    if (limit := terms.output_limit(request)) is not None:
        parameters["max_output_tokens"] = limit
    if (effort := terms.effort(request)) is not None:
        parameters["reasoning"] = {"effort": effort, "summary": "auto"}
    if request.cache_key and terms.endpoint.preset.prompt_cache_key and terms.endpoint.own:
        parameters["prompt_cache_key"] = request.cache_key
    return parameters


def _tool(tool: ToolSpec) -> Encoded:
    body = dump(
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": False,
        }
    )
    return Encoded(body, size=size_of(body.decode()))


def _encode(message: Message, style: Style) -> Encoded:
    written = _written(message, style)
    seen = pictures(message) if style.images else 0
    return replace(written, size=written.size + MESSAGE + Size(pictures=seen * PICTURE_TOKENS))


def _written(message: Message, style: Style) -> Encoded:
    match message.role:
        case "user":
            items: list[JsonObject] = [
                {"type": "message", "role": "user", "content": _parts(message.content, style)}
            ]
            return _encoded(items, [], texts_of(message.content, images=True), style)
        case "assistant":
            items = _assistant(message, style)
            return _encoded(items, [], message.text, style)
        case "tool":
            results = [block for block in message.content if isinstance(block, ToolResult)]
            texts = [result_text(result, images=style.images) for result in results]
            items = [
                {"type": "function_call_output", "call_id": result.call_id, "output": text}
                for result, text in zip(results, texts, strict=True)
            ]
            images = [part for result in results for part in result.content if isinstance(part, Image)]
            return _encoded(items, images if style.images else [], "\n".join(texts), style)


def _encoded(items: Sequence[JsonObject], images: Sequence[Image], words: str, style: Style) -> Encoded:
    after = b""
    if images:
        parts = [{"type": "input_image", "image_url": image_url(image)} for image in images]
        after = dump({"type": "message", "role": "user", "content": parts})
    size = sum(
        (style.measure(dump(item).decode()) for item in items if item["type"] == "function_call"),
        style.measure(words),
    )
    return Encoded(b",".join(dump(item) for item in items), after, size)


def _parts(content: Sequence[Block], style: Style) -> list[object]:
    parts: list[object] = []
    for block in content:
        if isinstance(block, Image) and style.images:
            parts.append({"type": "input_image", "image_url": image_url(block)})
        elif text := texts_of([block], images=style.images):
            parts.append({"type": "input_text", "text": text})
    return parts


def _assistant(message: Message, style: Style) -> list[JsonObject]:
    items: list[JsonObject] = []
    for block in message.content:
        match block:
            case Text():
                if block.text:
                    content: object = [{"type": "output_text", "text": block.text, "annotations": list[str]()}]
                    items.append({"type": "message", "role": "assistant", "content": content})
            case Thinking():
                data = block.data or {}
                item = data.get("item")
                if data.get("origin") == style.origin and is_object(item):
                    items.append(item)
            case ToolCall():
                arguments = dump({} if block.raw is not None else block.arguments).decode()
                items.append(
                    {
                        "type": "function_call",
                        "call_id": block.id,
                        "name": wire_name(block.name),
                        "arguments": arguments,
                    }
                )
            case _:
                continue
    return items if any(item["type"] != "reasoning" for item in items) else []
