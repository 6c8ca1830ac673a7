"""The user's words as a query: for the index, and for looking into texts without one. Both find the same sessions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_PART = re.compile(r'"([^"]*)"?|(\S+)')
_WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_BETWEEN = re.compile(f"(?<=[{_WIDE}])(?=\\w)|(?<=\\w)(?=[{_WIDE}])")
GAP = "\u200b"
"""Parts the characters of scripts that write no spaces, so that each is a word of its own."""

_TERMS = 12
_AROUND = 60


@dataclass(frozen=True)
class Term:
    """Words that stand side by side. `open` ones may go on: the last word is the beginning of one."""

    words: tuple[str, ...]
    open: bool


def parse(query: str) -> tuple[Term, ...]:
    """What is looked for: all of these. Whatever has no letter and no digit is left out."""
    found: list[Term] = []
    for match in _PART.finditer(query[:1_000]):
        quoted, bare = match[1], match[2]
        words = tuple(spaced(bare if quoted is None else quoted))
        if words:
            found.append(Term(words, quoted is None))
    return tuple(dict.fromkeys(found))[:_TERMS]


def spaced(text: str) -> list[str]:
    """The words of a text, without case and accents."""
    plain = "".join(c for c in unicodedata.normalize("NFD", parted(text)) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", plain).lower())


def parted(text: str) -> str:
    """The text with gaps where words end that no space parts."""
    return _BETWEEN.sub(GAP, text)


def expression(term: Term) -> str:
    """The term as FTS5 writes it."""
    return f'"{" ".join(term.words)}"{" *" if term.open else ""}'


def holds(text: str, terms: Sequence[Term]) -> bool:
    """Whether all the terms are in the text."""
    line = f" {' '.join(spaced(text))} "
    return all(f" {' '.join(t.words)}{'' if t.open else ' '}" in line for t in terms)


def snippet(text: str, terms: Sequence[Term]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The place in a text where the first of the terms stands, and where they stand in it."""
    words = [re.escape(t.words[0]) + (r"\w*" if t.open and len(t.words) == 1 else "") for t in terms]
    pattern = re.compile("|".join(words), re.IGNORECASE)
    first = pattern.search(text)
    start = max(0, first.start() - _AROUND) if first else 0
    cut = " ".join(text[start : start + 3 * _AROUND].split())
    return cut, tuple(match.span() for match in pattern.finditer(cut))
