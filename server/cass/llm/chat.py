"""The chat completions wire: writes requests."""

from __future__ import annotations

from cass.llm.assemble import Assembly
from cass.llm.chat_messages import write_messages, write_tool
from cass.llm.chat_reader import ChatReader
from cass.llm.conversation import array
from cass.llm.encoded import EncodedCache
from cass.llm.jsonvalue import dump
from cass.llm.terms import Terms, without_dropped
from cass.llm.wire import Body
from cass.ports import ModelRequest


class ChatWire:
    """POST /chat/completions, streamed."""

    name = "chat"
    path = "/chat/completions"

    def write(self, request: ModelRequest, terms: Terms, cache: EncodedCache) -> Body:
        """The request's bytes. Everything that stays the same from step to step stands before what grows."""
        parameters = without_dropped(_parameters(request, terms), terms.quirks)
        tools = [cache.get(tool, "chat", lambda t=tool: write_tool(t)) for tool in request.tools]
        messages, size = write_messages(
            request.system,
            request.messages,
            request.tools,
            terms.style,
            cache,
            marks=terms.cache_marks,
        )
        parts = [dump({"model": terms.model, "stream": True, **parameters})[:-1]]
        optional = dict(parameters)
        if tools and not terms.style.tools_as_text:
            parts.append(b'"tools":[' + b",".join(tool.body for tool in tools) + b"]")
            optional["tools"] = True
            size = sum((tool.size for tool in tools), size)
        parts += array("messages", messages)
        return Body(parts, optional, size)

    def reader(self, assembly: Assembly, terms: Terms) -> ChatReader:
        """What reads the answer."""
        return ChatReader(assembly, terms.style.origin)


def _parameters(request: ModelRequest, terms: Terms) -> dict[str, object]:
    preset = terms.endpoint.preset
    parameters: dict[str, object] = {"stream_options": {"include_usage": True}}
    if preset.usage_include:
        parameters["usage"] = {"include": True}
    if (limit := terms.output_limit(request)) is not None:
        default = "max_completion_tokens" if terms.endpoint.own and preset.prompt_cache_key else "max_tokens"
        parameters[terms.quirks.max_tokens or default] = limit
    if (effort := terms.effort(request)) is not None:
        if preset.effort_style == "object":
            parameters["reasoning"] = {"effort": effort}
        else:
            parameters["reasoning_effort"] = effort
    if request.cache_key and preset.prompt_cache_key and terms.endpoint.own:
        parameters["prompt_cache_key"] = request.cache_key
    return parameters
