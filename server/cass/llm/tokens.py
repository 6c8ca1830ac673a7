"""Estimates how many tokens a text is, without any tokenizer's data: by kind of text, so that a rate can be learned
for each kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

LOWEST_RATE, HIGHEST_RATE = 0.05, 2.5
"""A kind's real tokens over its estimated ones, as far as it is believed."""

MESSAGE_TOKENS = 4.0
"""What a message costs beside its text."""

PICTURE_TOKENS = 1_000.0
"""A rough figure for a picture: providers count 85 to 1,600, by its size."""

_WORD = re.compile(r"[A-Z]?[a-z\u00c0-\u024f]+|[A-Z]+(?![a-z])")
_ENDING = re.compile(r"[A-Za-z][a-z\u00c0-\u024f]{6}([a-z\u00c0-\u024f]+)")
_NUMBER = re.compile(r"\d{1,3}")
_MARK = re.compile(r"[^\w\s]+|\n\s*|[ \t]{2,}")
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")
_OTHER = re.compile("[\u0250-\u10ff\u1200-\u1fff\ua000-\ua95f]")
_SIGN = re.compile("[\u2600-\u27bf\U00010000-\U0001ffff]")
_DENSE = re.compile(r"[A-Za-z0-9+/=_-]{60,}")


class Rates(NamedTuple):
    """Real tokens over estimated ones, kind by kind: words of Latin script, also inside of identifiers; digits;
    punctuation and white space that is more than one blank; other scripts; base64, hashes and the like; pictures."""

    words: float = 1.0
    numbers: float = 1.0
    marks: float = 1.0
    wide: float = 1.0
    dense: float = 1.0
    pictures: float = 1.0


@dataclass(frozen=True, slots=True)
class Size:
    """How big something is: uncalibrated tokens of each kind, as `Rates` has them."""

    words: float = 0.0
    numbers: float = 0.0
    marks: float = 0.0
    wide: float = 0.0
    dense: float = 0.0
    pictures: float = 0.0

    def __add__(self, other: Size) -> Size:
        return Size(
            self.words + other.words,
            self.numbers + other.numbers,
            self.marks + other.marks,
            self.wide + other.wide,
            self.dense + other.dense,
            self.pictures + other.pictures,
        )

    def __sub__(self, other: Size) -> Size:
        return Size(*(a - b for a, b in zip(self.parts, other.parts, strict=True)))

    @property
    def parts(self) -> tuple[float, ...]:
        """The kinds in the order of `Rates`."""
        return self.words, self.numbers, self.marks, self.wide, self.dense, self.pictures

    @property
    def tokens(self) -> float:
        """All kinds together, not calibrated."""
        return sum(self.parts)

    def at(self, rates: Rates) -> float:
        """Tokens for a model whose rates are known."""
        return sum(part * rate for part, rate in zip(self.parts, rates, strict=True))


UNKNOWN = Rates()
NOTHING = Size()
MESSAGE = Size(marks=MESSAGE_TOKENS)


def size_of(text: str) -> Size:
    """The size of a text. The weights were fitted to cl100k_base and o200k_base on source code, JSON and prose, where
    they are within 4 % of either (`tests/benchmarks/tokens.py`); other scripts and base64 err to the high side."""
    if not text:
        return NOTHING
    dense = 0
    if len(text) >= 60 and (runs := _DENSE.findall(text)):
        dense = sum(map(len, runs))
        text = _DENSE.sub("", text)
    wide = other = signs = 0
    if not text.isascii():
        wide, other, signs = (len(kind.findall(text)) for kind in (_WIDE, _OTHER, _SIGN))
    return Size(
        words=1.06 * len(_WORD.findall(text)) + 0.22 * sum(map(len, _ENDING.findall(text))),
        numbers=1.33 * len(_NUMBER.findall(text)),
        marks=0.97 * len(_MARK.findall(text)),
        wide=wide / 1.2 + other / 2.0 + signs * 2.0,
        dense=dense / 1.4,
    )


def rough_tokens(text: str) -> float:
    """Tokens of a text for a model nobody has measured yet."""
    return size_of(text).tokens


def learned(rates: Rates, size: Size, counted: float, *, trust: float) -> Rates:
    """The rates after a text of this size was counted: the difference is laid on the kinds by how much of each the
    text holds. `trust` is how much of the difference is believed, 0 to 1."""
    weight = sum(part * part for part in size.parts)
    if counted <= 0 or weight <= 0:
        return rates
    error = trust * (counted - size.at(rates)) / weight
    return Rates(
        *(
            min(HIGHEST_RATE, max(LOWEST_RATE, rate + error * part))
            for rate, part in zip(rates, size.parts, strict=True)
        )
    )
