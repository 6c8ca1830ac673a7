"""The conversation as a file that hooks may read: JSON lines in Claude Code's shape."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from cass import private
from cass.protocol.messages import Image, Message, Text, Thinking, ToolCall, ToolResult
from cass.protocol.wire import JsonObject


class Transcript:
    """One session's. Written only when somebody is told where it is; what came since is added then. Secrets are masked
    in it, as they are in the conversation."""

    def __init__(self, path: Path, session_id: str, cwd: Path) -> None:
        self._path = path
        self._session_id = session_id
        self._cwd = str(cwd)
        self._kept: list[Message] = []

    def write(self, messages: Sequence[Message]) -> Path:
        """Bring the file up to date; where it is. What cannot be written is left out."""
        known = len(self._kept)
        same = known <= len(messages) and all(a is b for a, b in zip(self._kept, messages, strict=False))
        new = messages[known:] if same else messages
        try:
            if not same or not known:
                private.write(self._path, b"")
            if new:
                fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
                with os.fdopen(fd, "ab") as file:
                    file.write("".join(_compact(self._line(m)) + "\n" for m in new).encode())
        except OSError:
            self._kept = []
            return self._path
        self._kept = list(messages)
        return self._path

    def _line(self, message: Message) -> JsonObject:
        is_assistant = message.role == "assistant"
        content = [part for block in message.content if (part := _part(block))]
        inner: JsonObject = {"role": "assistant" if is_assistant else "user", "content": content}
        if is_assistant:
            inner |= {"type": "message", "stop_reason": None}
        return {
            "type": inner["role"],
            "sessionId": self._session_id,
            "cwd": self._cwd,
            "isSidechain": False,
            "message": inner,
        }


def _compact(line: JsonObject) -> str:
    """Without blanks: hooks look for `"role":"assistant"` with grep."""
    return json.dumps(line, separators=(",", ":"))


def _part(block: object) -> JsonObject | None:
    match block:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Thinking(text=text):
            return {"type": "thinking", "thinking": text}
        case Image():
            return {"type": "text", "text": "[image]"}
        case ToolCall():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.arguments}
        case ToolResult():
            return {
                "type": "tool_result",
                "tool_use_id": block.call_id,
                "content": block.text,
                "is_error": block.is_error,
            }
        case _:
            return None
