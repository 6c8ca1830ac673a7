"""Writes as plain words what a model cannot be sent in its own form: resources, pictures, tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cass.llm.jsonvalue import dump
from cass.ports import ToolSpec
from cass.protocol.messages import Block, Image, Message, Resource, ResourceLink, Text, ToolCall, ToolResult

NO_IMAGE = "[A picture was here; this model reads none.]"

_TOOLS = """

# Tools

You can call these tools. To call one, write exactly this as the end of your answer, once for each call, and then stop:

<tool_call>
{"name": "TOOL", "arguments": {}}
</tool_call>

The results come in the next message. Each line here is one tool with the JSON Schema of its arguments:
"""


def text_of_block(block: Block) -> str | None:
    """The block as text; None for one that is not said in words."""
    match block:
        case Text():
            return block.text
        case Resource():
            return f'<resource uri="{block.resource.uri}">\n{block.resource.text}\n</resource>'
        case ResourceLink():
            return f"[{block.name or block.uri}]({block.uri})"
        case _:
            return None


def texts_of(blocks: Iterable[Block], *, images: bool) -> str:
    """All that can be said in words, in lines of its own. Without `images`, pictures are mentioned."""
    parts: list[str] = []
    for block in blocks:
        text = NO_IMAGE if isinstance(block, Image) and not images else text_of_block(block)
        if text:
            parts.append(text)
    return "\n".join(parts)


def result_text(result: ToolResult, *, images: bool) -> str:
    """A tool's result in words, never empty."""
    text = texts_of(result.content, images=images)
    if not text and any(isinstance(block, Image) for block in result.content):
        return "The picture is in the next message."
    return text or "(no output)"


def call_text(call: ToolCall) -> str:
    """A tool call as a model without tools writes it."""
    body = call.raw if call.raw is not None else dump({"name": call.name, "arguments": call.arguments}).decode()
    return f"<tool_call>\n{body}\n</tool_call>"


def tools_text(tools: Sequence[ToolSpec]) -> str:
    """What a model without tools is told about them."""
    lines = [
        dump({"name": tool.name, "description": tool.description, "parameters": tool.parameters}).decode()
        for tool in tools
    ]
    return _TOOLS + "\n".join(lines)


def pictures(message: Message) -> int:
    """How many pictures a message holds, those of tool results included."""
    inside = [block.content if isinstance(block, ToolResult) else (block,) for block in message.content]
    return sum(isinstance(part, Image) for parts in inside for part in parts)
