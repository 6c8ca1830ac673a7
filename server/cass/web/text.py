"""What bytes from the web are, whatever they say they are: a charset that fits, a kind that can be read."""

from __future__ import annotations

import codecs
import re
from typing import Literal

from cass.errors import ToolError

Kind = Literal["html", "text", "pdf"]

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"\x00\x00\x01\x00", b"II*\x00", b"MM\x00*")
_PACKED = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"\x28\xb5\x2f\xfd",
)
_NOT_TEXT = ("image/", "audio/", "video/", "font/")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|div|p|h1|table|script|article|main)\b",
    re.IGNORECASE | re.DOTALL,
)
_ODD_CODECS = frozenset(
    {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)

# Nothing of these is seen by a person: control characters, marks that turn the direction of writing, and tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e0fff]"
)


def kind_of(content_type: str, body: bytes) -> Kind:
    """What the bytes are. ToolError for what is no text: the type that was told is only a hint, for it may be a lie."""
    named = content_type.partition(";")[0].strip().lower()
    start = body[:1_024]
    if start[:1_024].lstrip()[:5] == b"%PDF-":
        return "pdf"
    if start.startswith(_PICTURES) and not _mostly_text(start):
        raise ToolError("This is a picture; only text can be read.")
    if start.startswith(_PACKED) and not _mostly_text(start):
        raise ToolError("This is an archive or a program; only text can be read.")
    if not start.startswith(tuple(bom for bom, _ in _BOMS)) and not _mostly_text(start):
        shown = f" ({named})" if re.fullmatch(r"[a-z0-9.+/-]{1,80}", named) else ""
        raise ToolError(f"This is no text{shown}; only text can be read.")
    if named.startswith(_NOT_TEXT) and not named.startswith("image/svg"):
        raise ToolError(f"This says that it is {named[:60]}; only text can be read.")
    plain = start.decode("latin-1").lstrip("\xef\xbb\xbf")
    if _HTML.match(plain) or (named in ("text/html", "application/xhtml+xml") and plain.lstrip().startswith("<")):
        return "text" if named in ("text/plain", "text/markdown") else "html"
    return "text"


def _mostly_text(start: bytes) -> bool:
    return b"\x00" not in start and sum(byte < 9 or 13 < byte < 27 for byte in start) <= len(start) // 20


def decode(content_type: str, body: bytes) -> str:
    """The text, by its mark, the charset that was told, the one in the page, UTF-8, or what always works."""
    names: list[str] = [name for bom, name in _BOMS if body.startswith(bom)]
    told = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", content_type, re.IGNORECASE)
    names += [told[1]] if told else []
    meta = _META.search(body[:4_096])
    names += [meta[1].decode("ascii")] if meta else []
    for name in (*names, "utf-8"):
        try:
            found = codecs.lookup(name)
            if found.name in _ODD_CODECS or not getattr(found, "_is_text_encoding", False):
                continue
            return body.decode(found.name)
        except (LookupError, UnicodeError, ValueError):
            # A page that was cut may end within a letter.
            if name.lower().replace("_", "-") in ("utf-8", "utf8") and _almost(body):
                return body.decode("utf-8", "replace")
    return body.decode("cp1252", "replace")


def _almost(body: bytes) -> bool:
    text = body.decode("utf-8", "replace")
    return text.count("\ufffd") <= len(text) // 1_000 + (len(text) > 20 and text.endswith("\ufffd"))


def seen(text: str) -> str:
    """The text without what a person would not see, with plain line ends."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))
