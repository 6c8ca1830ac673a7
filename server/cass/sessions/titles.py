"""What a session is called until its user says otherwise: the first thing that was really asked for, in short. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from cass.protocol.events import SessionInfoUpdate
from cass.protocol.messages import ContentBlock, Text
from cass.sessions.state import Folded

_COLUMNS = 60
_EDITOR = "[Editor]"
"""Begins what an editor adds to the user's words."""

_BLOCK = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S)
_TAGGED = re.compile(r"<([A-Za-z][\w-]*)(?:\s[^<>]*)?>.*?</\1>", re.S)
_DUMP = re.compile(
    r"^(?:\s*\d+[ \t]*[|:→].*|[-+@]{2,3} .*|>.*|\s*at .*:\d+.*|\s*File \".*|Traceback \(.*|[\w.]*(?:Error|Exception): .*|\t.*| {4,}.*|[{}\[\]();]+)$"
)
_MARKS = re.compile(r"^(?:#+|[-*•]|\d+[.)])\s+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[^a-z])|(?<=[。！？])|\n")
_POLITE = re.compile(
    r"^(?:(?:hi|hey|hello|hallo|hola|bonjour|salut|ciao|moin|good (?:morning|evening)|guten (?:tag|morgen)|ok(?:ay)?|so|"
    r"please|pls|kindly|bitte|por favor|s'il te pla[iî]t|s'il vous pla[iî]t|per favore|thanks|danke|merci|gracias|"
    r"(?:can|could|would|will) you|i (?:want|need|would like|'d like) you to|i'd like you to|let's|"
    r"(?:kannst|k[öo]nntest|w[üu]rdest) du|k[öo]nnen sie|peux-tu|pouvez-vous|puedes|podr[ií]as|puoi|"
    r"请|請|麻烦|你好|您好|お願いします|こんにちは)(?![\w'])[\s,.!:;，。！、-]*)+",
    re.IGNORECASE,
)


def named(state: Folded, content: Sequence[ContentBlock]) -> SessionInfoUpdate:
    """The session with a title from the user's words; what else is given of it stays."""
    words = (block.text for block in content if isinstance(block, Text))
    own = "\n".join(text for text in words if not text.lstrip().startswith(_EDITOR))
    return SessionInfoUpdate(title=title_of(own), tags=state.tags, archived=state.archived)


def title_of(text: str) -> str:
    """A title of at most 60 columns: the first sentence that asks for something, without code, dumps of files, and
    courtesies. `(no words)` for a text without any."""
    prose = _TAGGED.sub("\n", _BLOCK.sub("\n", text))
    best = _first(_sentences(prose.splitlines())) or _first(_sentences(text.splitlines()))
    best = best or " ".join(text.split())
    return _cut(best) or "(no words)"


def _sentences(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        if line.strip() and not _DUMP.match(line):
            yield from _SENTENCE.split(line.strip())


def _first(sentences: Iterable[str]) -> str:
    """The first that says something; a greeting or a single short word gives way to what follows it."""
    spare = ""
    for sentence in sentences:
        clean = _MARKS.sub("", " ".join(sentence.split()))
        bare = _POLITE.sub("", clean).strip()
        if _width(bare) >= 8 or " " in bare:
            return bare if bare == clean else bare.rstrip("?？ ")  # "can you do it?" asks for it
        spare = spare or bare or clean
    return spare


def _cut(text: str) -> str:
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf"))
    text = text.rstrip(" .,:;!。，、")
    if _width(text) > _COLUMNS:
        short = ""
        for char in text:
            if _width(short + char) >= _COLUMNS:
                break
            short += char
        space = short.rfind(" ")
        text = (short[:space] if space > _COLUMNS // 2 else short).rstrip(" .,:;") + "…"
    return text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
