"""Cuts the incoming bytes into messages: LSP's base protocol, or one JSON document a line.

Forgiving where peers err (header in lower case, no space, bare LF) and back in step after garbage: what cannot be
a message is reported once and skipped up to the next thing that looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes of one message."""

_MAX_HEADER = 8 * 1024
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,20})[ \t]*\r?$", re.IGNORECASE)
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:[^\n]*$")


@dataclass(frozen=True)
class Body:
    """The bytes of one message."""

    data: bytes


@dataclass(frozen=True)
class Garbage:
    """Bytes that are no message. `data` is their beginning."""

    problem: str
    data: bytes = b""


class HeaderFraming:
    """`Content-Length: N`, an empty line, N bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._in_body = False

    def feed(self, data: bytes) -> Iterator[Body | Garbage]:
        """All that is complete after these bytes."""
        self._buffer += data
        while True:
            if self._in_body:
                if len(self._buffer) < (self._length or 0):
                    return
                body = bytes(self._buffer[: self._length])
                del self._buffer[: self._length]
                self._length, self._in_body = None, False
                yield Body(body)
            else:
                found, problem = self._header_line()
                if problem:
                    yield problem
                if not found:
                    return

    def resume(self, body: bytes) -> None:
        """This body was no JSON: where a header stands inside it, its length was wrong, and reading goes on there."""
        at = body.lower().find(b"content-length")
        if at > 0 and not self._in_body:
            self._buffer[:0] = body[at:]

    def _header_line(self) -> tuple[bool, Garbage | None]:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) <= _MAX_HEADER:
                return False, None
            start = bytes(self._buffer[:200])
            del self._buffer[:-64]
            return False, Garbage("these bytes are no message", start)
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        if not line:
            self._in_body = self._length is not None
            return True, None
        found = _LENGTH.search(line)
        if found:
            length = int(found[1])
            if length > MAX_MESSAGE:
                self._length = None
                return True, Garbage(f"a message of {length} bytes is over the limit of {MAX_MESSAGE}")
            self._length = length
            return True, Garbage("these bytes are no message", line) if found.start() else None
        if line[:15].lower().startswith(b"content-length") or not _HEADER.match(line):
            return True, Garbage("these bytes are no message", line[:200])
        return True, None


class LineFraming:
    """One JSON document a line."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[Body | Garbage]:
        """All that is complete after these bytes."""
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).strip()
            del self._buffer[: end + 1]
            if self._skipping:
                self._skipping = False
            elif line:
                yield Body(line)
        if len(self._buffer) > MAX_MESSAGE:
            self._buffer.clear()
            if not self._skipping:
                self._skipping = True
                yield Garbage(f"a line is over the limit of {MAX_MESSAGE} bytes")

    def resume(self, body: bytes) -> None:
        """Nothing to do: the next line is the next message."""
