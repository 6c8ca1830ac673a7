"""Decodes server-sent events from bytes as they arrive, cut anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from cass.errors import BadResponse

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""Longest event that is taken; a longer one ends the stream with BadResponse."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class SseEvent:
    """One event: its name (empty when the stream gave none) and its data lines, joined by newlines."""

    name: str
    data: str


class SseDecoder:
    """Turns chunks of bytes into events. Lines end with LF, CRLF or CR and with nothing else; a character that
    is split between chunks stays whole; what is not UTF-8 becomes U+FFFD. Comments give no event."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._size = 0
        self._data: list[bytes] = []
        self._name = ""
        self._skip_newline = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that this chunk completes. BadResponse when one is longer than MAX_EVENT_BYTES."""
        if self._skip_newline and chunk:
            self._skip_newline = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        self._size += len(chunk)
        if self._size > MAX_EVENT_BYTES:
            raise BadResponse(f"The stream has an event longer than {MAX_EVENT_BYTES // 1024 // 1024} MB.")
        self._pending.append(chunk)
        if b"\n" not in chunk and b"\r" not in chunk:
            return []
        text = b"".join(self._pending)
        self._pending.clear()
        if self._at_start:
            self._at_start = False
            text = text.removeprefix(_BOM)
        lines = text.splitlines()
        if text.endswith(b"\r"):
            self._skip_newline = True
        elif not text.endswith(b"\n"):
            self._pending.append(lines.pop())
        return self._take(lines)

    def close(self) -> list[SseEvent]:
        """The event that was left open by a missing last blank line, if any."""
        rest = b"".join(self._pending)
        self._pending.clear()
        if self._at_start:
            rest = rest.removeprefix(_BOM)
        return self._take([rest, b""] if rest else [b""])

    def _take(self, lines: list[bytes]) -> list[SseEvent]:
        events: list[SseEvent] = []
        for line in lines:
            if not line:
                if self._data:
                    data = b"\n".join(self._data).decode("utf-8", "replace")
                    events.append(SseEvent(self._name, data))
                    self._data.clear()
                self._name = ""
                self._size = 0
            elif line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif line.startswith(b"event:"):
                self._name = line[6:].strip().decode("utf-8", "replace")
        return events
