"""Makes a conversation that every endpoint accepts: each tool call is followed by its one result."""

from __future__ import annotations

from collections.abc import Sequence

from cass.protocol.messages import Message, Text, ToolCall, ToolResult

INTERRUPTED = "Interrupted: this call gave no result."


def valid_sequence(messages: Sequence[Message]) -> list[Message]:
    """The same messages, those that are right as the same objects. A call without a result gets one that says
    `interrupted`; a result without its call, and a second one, are left out; so is an empty message."""
    valid: list[Message] = []
    open_calls: dict[str, None] = {}
    for message in messages:
        role = message.role
        if role == "tool":
            answered = _answering(message, open_calls)
            if answered is not None:
                valid.append(answered)
            continue
        if open_calls:
            valid.append(_interrupted(open_calls))
            open_calls = {}
        if message.content:
            valid.append(message)
        if role == "assistant":
            open_calls = {block.id: None for block in message.content if isinstance(block, ToolCall)}
    if open_calls:
        valid.append(_interrupted(open_calls))
    return valid


def _answering(message: Message, open_calls: dict[str, None]) -> Message | None:
    kept: list[ToolResult] = []
    for block in message.content:
        if isinstance(block, ToolResult) and block.call_id in open_calls:
            del open_calls[block.call_id]
            kept.append(block)
    if len(kept) == len(message.content):
        return message if kept else None
    return Message(role="tool", content=tuple(kept)) if kept else None


def _interrupted(open_calls: dict[str, None]) -> Message:
    results = (ToolResult(call_id=i, content=(Text(text=INTERRUPTED),), is_error=True) for i in open_calls)
    return Message(role="tool", content=tuple(results))
