"""What a conversation is made of: messages, their blocks, usage. Names follow ACP and MCP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cass.protocol.wire import JsonObject, Wire

Role = Literal["user", "assistant", "tool"]

StopReason = Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled", "error"]
"""Why a turn ended: ACP's words, and `error` for a turn that failed."""

ToolKind = Literal["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other"]
ToolStatus = Literal["pending", "in_progress", "completed", "failed", "cancelled"]


class Text(Wire):
    """Plain text, Markdown where a person reads it."""

    type: Literal["text"] = "text"
    text: str


class Thinking(Wire):
    """A model's reasoning. `data` is the provider's own form, opaque, sent back with the next request."""

    type: Literal["thinking"] = "thinking"
    text: str = ""
    data: JsonObject | None = None


class Image(Wire):
    """A picture: `data` is base64, `mime_type` as in `image/png`."""

    type: Literal["image"] = "image"
    data: str
    mime_type: str


class EmbeddedText(Wire):
    """The text of a resource and where it came from."""

    uri: str
    text: str
    mime_type: str | None = None


class Resource(Wire):
    """A file or other resource whose text travels with the prompt (ACP's embedded context)."""

    type: Literal["resource"] = "resource"
    resource: EmbeddedText


class ResourceLink(Wire):
    """A file that the model may read, named only."""

    type: Literal["resource_link"] = "resource_link"
    uri: str
    name: str = ""


class ToolCall(Wire):
    """The model wants a tool run. `raw` holds the arguments' text only where it was not a JSON object;
    such a call is answered with an error, never guessed at."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    name: str
    arguments: JsonObject = Field(default_factory=dict)
    raw: str | None = None


class ToolResult(Wire):
    """What the model reads of a tool call's end."""

    type: Literal["tool_result"] = "tool_result"
    call_id: str
    content: tuple[Annotated[Text | Image, Field(discriminator="type")], ...]
    is_error: bool = False

    @property
    def text(self) -> str:
        """The text blocks, joined."""
        return "\n".join(block.text for block in self.content if isinstance(block, Text))


ContentBlock = Annotated[Text | Image | Resource | ResourceLink, Field(discriminator="type")]
"""What a prompt may hold."""

Block = Annotated[
    Text | Thinking | Image | Resource | ResourceLink | ToolCall | ToolResult, Field(discriminator="type")
]


class Message(Wire):
    """One entry of the conversation. `role: tool` holds tool results only."""

    role: Role
    content: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The text blocks, joined; thinking and tool calls left out."""
        return "".join(block.text for block in self.content if isinstance(block, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls, in the model's order."""
        return tuple(block for block in self.content if isinstance(block, ToolCall))


class Usage(Wire):
    """Tokens of one request or of a sum of requests. `input` counts the whole prompt, `cache_read` the part
    of it that came from the provider's cache. `cost` is in US dollars, None where no price is known."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        costs = [c for c in (self.cost, other.cost) if c is not None]
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            reasoning=self.reasoning + other.reasoning,
            cost=sum(costs) if costs else None,
        )
