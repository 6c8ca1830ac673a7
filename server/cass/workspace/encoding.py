"""Bytes to text and back without losing one: byte order marks, encodings, line ends."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from cass.errors import ToolError

# UTF-32 goes first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffe\uffff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{4,}")


@dataclass(frozen=True)
class Decoded:
    """The text of a file and what is needed to write it back byte for byte."""

    text: str
    encoding: str
    bom: bytes


def decode(raw: bytes, name: str) -> Decoded:
    """Read bytes as text. UTF-8, UTF-16 and UTF-32 are known by their mark, UTF-8 and plain UTF-16 without one,
    and Western single-byte text where that is beyond doubt. ToolError for everything else: it is never guessed
    in a way that would damage the file on writing."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            text = _strict(raw[len(mark) :], encoding)
            if text is None or text.encode(encoding) != raw[len(mark) :]:
                raise ToolError(f"{name} says that it is {encoding} but is not. It was left alone.", kind="binary")
            return Decoded(text, encoding, mark)
    if b"\0" not in raw:
        text = _strict(raw, "utf-8")
        if text is not None:
            return Decoded(text, "utf-8", b"")
        if _is_western(raw):
            return Decoded(raw.decode("cp1252"), "cp1252", b"")
        raise ToolError(
            f"{name} is not UTF-8 text, and its encoding is not certain, so it is neither shown nor changed. "
            "Convert it first, for example with iconv in the shell.",
            kind="binary",
        )
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _wide(raw, encoding)
        if text is not None:
            return Decoded(text, encoding, b"")
    raise ToolError(f"{name} is a binary file. Look at it with a shell command such as file or xxd.", kind="binary")


def encode(text: str, encoding: str, bom: bytes, name: str) -> bytes:
    """The bytes of a file. ToolError names the first character that the file's encoding does not have."""
    try:
        return bom + text.encode(encoding)
    except UnicodeEncodeError as error:
        char = text[error.start]
        raise ToolError(
            f"{name} is {encoding}, which has no character U+{ord(char):04X}. "
            "Write the text without it, or convert the file to UTF-8 first."
        ) from None


def text_hash(text: str) -> str:
    """The sha256, in hex, of the text as UTF-8; what cannot be UTF-8 is hashed as its escapes."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def dominant_eol(text: str) -> Literal["\n", "\r\n", "\r"]:
    """The line end that most lines have; \\n for a text without any."""
    crlf = text.count("\r\n")
    lf, cr = text.count("\n") - crlf, text.count("\r") - crlf
    if crlf > lf and crlf >= cr:
        return "\r\n"
    return "\r" if cr > lf else "\n"


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_western(raw: bytes) -> bool:
    """Whether this is clearly cp1252: no control characters, few high bytes, none in long runs as other
    alphabets and multi-byte encodings have them."""
    text = _strict(raw, "cp1252")
    if text is None or _CONTROL.search(text) or text.encode("cp1252") != raw:
        return False
    high = sum(byte >= 0x80 for byte in raw)
    return high * 4 <= len(raw) and not _HIGH_RUN.search(raw)


def _wide(raw: bytes, encoding: str) -> str | None:
    """UTF-16 without a mark, only where it is certain: mostly ASCII, and zero bytes on one side only."""
    zeros_high, zeros_low = (raw[1::2], raw[::2]) if encoding == "utf-16-le" else (raw[::2], raw[1::2])
    if len(raw) % 2 or len(raw) < 4 or b"\0" in zeros_low or zeros_high.count(0) * 10 < len(raw) // 2 * 7:
        return None
    text = _strict(raw, encoding)
    if text is None or _CONTROL.search(text) or text.encode(encoding) != raw:
        return None
    return text
