"""What a command prints: made readable, held in bounded memory, all of it kept in a file when it is much."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cass import private

Mask = Callable[[str], str]
"""Takes secrets out of the next piece of a text."""

HEAD, TAIL = 2_000, 4_000
"""Characters of the beginning and the end that are shown at most when the whole is too much."""

LEAST = 600
"""Characters: a smaller limit is not kept."""

SPILL_LIMIT = 50_000_000
"""Bytes that the file holds at most."""

_LINE_LIMIT = 8_192
_HELD_BACK = 512
"""Characters of a very long line that wait for what follows: a secret may be cut there."""

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)
_OVERWRITTEN = re.compile(r"[^\n]*\r+(?=[^\r\n])")
_JUNK = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]+")


class Output:
    """Takes bytes as they come, gives text. Escape sequences are dropped, lines that were overwritten on a
    terminal (progress bars) are reduced to their last state, and runs of binary junk become one U+FFFD.

    Beyond `limit` characters only the head and the tail are held; all of it then goes to `spill`, a file that only
    its owner can read. With `taken_in_parts` it goes there from the start and at once, so that the parts taken
    before are in the file, too, and a crash loses none. `mask` is given all of it, whole lines together, before anything is held or kept."""

    def __init__(self, limit: int, spill: Path, *, taken_in_parts: bool = False, mask: Mask | None = None) -> None:
        self._limit = max(limit, LEAST)
        self._most_head = min(HEAD, self._limit // 4)
        self._most_tail = min(TAIL, self._limit // 2)
        self._eager = taken_in_parts
        self._mask = mask or str
        self._spill_path = spill
        self._file: BinaryIO | None = None
        self._file_note = ""
        self._written = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = ""
        self._raw_tail = b""
        self._begin()
        if taken_in_parts:
            self._open()

    @property
    def has_news(self) -> bool:
        """Whether something came since the last `take`."""
        return self._chars > 0 or bool(self._line) or self._skipped > 0

    @property
    def spill(self) -> Path | None:
        """The file, once there is one."""
        return self._spill_path if self._file is not None else None

    def feed(self, data: bytes) -> None:
        """Some more output."""
        if self._written >= SPILL_LIMIT:
            self._skip(data)
            return
        text = self._line + self._decoder.decode(data)
        cut = text.rfind("\n") + 1
        if len(text) - cut > _LINE_LIMIT:
            cut = len(text) - _HELD_BACK
        self._line = text[cut:]
        if "\r" in self._line:
            self._line = _overwritten(self._line)
        self._add(self._mask(readable(text[:cut])))

    def take(self) -> tuple[str, Path | None]:
        """What came since the last `take`, and the file that holds more than this text, if it does."""
        self._finish_line()
        if self._parts is not None:
            text, spill = "".join(self._parts), None
        else:
            text, spill = self._shortened(), self.spill
        self._begin()
        if self._file is not None:
            with contextlib.suppress(OSError, ValueError):  # ValueError: closed, so everything is written
                self._file.flush()
        return text, spill

    def close(self) -> None:
        """The command has ended: close the file. It stays, and what was printed can still be taken."""
        self._finish_line()
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()

    def _begin(self) -> None:
        self._parts: list[str] | None = []
        self._head = self._tail = ""
        self._chars = self._lines = self._skipped = 0

    def _add(self, text: str) -> None:
        if not text:
            return
        self._chars += len(text)
        self._lines += text.count("\n")
        self._store(text)
        if self._parts is None:
            self._tail = (self._tail + text)[-self._most_tail :]
            return
        self._parts.append(text)
        if self._chars > self._limit:
            whole = "".join(self._parts)
            self._shorten()
            if self._file is None:
                self._open()
                self._store(whole)
        elif len(self._parts) > 256:
            self._parts = ["".join(self._parts)]

    def _finish_line(self) -> None:
        """Count an unfinished line as it stands."""
        if self._skipped:
            self._add_skipped()
        else:
            self._add(self._mask(readable(self._line + self._decoder.decode(b"", final=True))))
            self._line = ""
            self._decoder.reset()

    def _add_skipped(self) -> None:
        self._shorten()
        self._skipped -= len(self._raw_tail)
        self._lines -= self._raw_tail.count(b"\n")
        self._add(self._mask(readable(self._line + self._raw_tail.decode("utf-8", "ignore"))))
        self._line, self._raw_tail = "", b""

    def _shorten(self) -> None:
        """From here on only head and tail are held."""
        if self._parts is not None:
            whole = "".join(self._parts)
            self._head, self._tail, self._parts = whole[: self._most_head], whole[-self._most_tail :], None

    def _open(self) -> None:
        try:
            private.make_folder(self._spill_path.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.fdopen(os.open(self._spill_path, flags, 0o600), "wb")
        except OSError as error:
            self._file_note = f"the rest could not be kept: {(error.strerror or 'error').lower()}"

    def _store(self, text: str) -> None:
        if self._file is None or self._written >= SPILL_LIMIT:
            return
        data = text.encode("utf-8", "replace")
        try:
            self._file.write(data[: SPILL_LIMIT - self._written])
            if self._eager:  # whoever takes it in parts may be gone the next moment: what came is there then
                self._file.flush()
        except OSError as error:
            self._file_note = f"the file is not complete: {(error.strerror or 'error').lower()}"
            self._written = SPILL_LIMIT
            return
        self._written += len(data)
        if self._written >= SPILL_LIMIT:
            self._file_note = f"the file holds the first {SPILL_LIMIT // 1_000_000} MB"

    def _skip(self, data: bytes) -> None:
        """Past the file's limit the output is only counted, and its end kept."""
        self._skipped += len(data)
        self._lines += data.count(b"\n")
        keep = self._most_tail * 4
        self._raw_tail = data[-keep:] if len(data) >= keep else (self._raw_tail + data)[-keep:]

    def _shortened(self) -> str:
        head = self._head[: self._head.rfind("\n") + 1] or self._head
        tail = self._tail[self._tail.find("\n") + 1 :] or self._tail
        if len(head) < self._most_head // 2:
            head = self._head
        if len(tail) < self._most_tail // 2:
            tail = self._tail
        left_out = self._chars + self._skipped - len(head) - len(tail)
        lines = max(0, self._lines - head.count("\n") - tail.count("\n"))
        where = f"all of it is in {self._spill_path}" if self._file is not None else ""
        notes = "; ".join(note for note in (where, self._file_note) if note)
        gap = "" if head.endswith("\n") else "\n"
        return f"{head}{gap}[… {left_out:,} characters, {lines:,} lines left out; {notes} …]\n{tail}"


def readable(text: str) -> str:
    """Text for a model and a person: no escape sequences, no overwritten lines, no control characters."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPE.sub("", text)
    if "\r" in text:
        text = _overwritten(text).replace("\r", "")
    return _JUNK.sub("\ufffd", text) if _JUNK.search(text) else text


def _overwritten(text: str) -> str:
    return _OVERWRITTEN.sub("", re.sub(r"\r+\n", "\n", text))
