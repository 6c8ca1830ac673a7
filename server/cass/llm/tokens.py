"""Estimates how many tokens a text is, without any tokenizer's data."""

from __future__ import annotations

import re

SMOOTHING = 0.3
"""How much of each new ratio is believed."""

LOWEST_RATIO, HIGHEST_RATIO = 0.5, 2.0

MESSAGE_TOKENS = 4.0
"""What a message costs beside its text."""

_WINDOW = 4_000
_SYMBOLS = re.compile(r"[^\w\s]|\d")
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")
_DENSE = re.compile(r"[A-Za-z0-9+/=_-]{200,}")


def rough_tokens(text: str) -> float:
    """Tokens of a text for a model nobody has measured yet. Errs to the high side: code and prose cost a token for
    3.6 to 4 characters, JSON and logs for 2.3, Chinese, Japanese and Korean for 1.6, base64 for 1.4."""
    return sum(_window(text[at : at + _WINDOW]) for at in range(0, len(text), _WINDOW))


def calibrated(ratio: float, reported: int, estimated: float) -> float:
    """The ratio of counted to estimated tokens after one more report, within its bounds."""
    if reported <= 0 or estimated <= 0:
        return ratio
    seen = min(HIGHEST_RATIO, max(LOWEST_RATIO, reported / estimated))
    return min(HIGHEST_RATIO, max(LOWEST_RATIO, ratio + SMOOTHING * (seen - ratio)))


def _window(text: str) -> float:
    dense = sum(len(run) for run in _DENSE.findall(text)) if len(text) >= 200 else 0
    tokens = dense / 1.4
    rest = len(text) - dense
    if not text.isascii():
        wide = len(_WIDE.findall(text))
        other = sum(1 for char in text if char > "\u024f") - wide
        tokens += wide / 1.6 + max(0, other) / 2.0
        rest -= wide + max(0, other)
    if rest <= 0:
        return tokens
    symbols = len(_SYMBOLS.findall(text)) / max(1, len(text))
    per_token = 4.0 if symbols < 0.06 else 3.6 if symbols < 0.20 else 2.3
    return tokens + rest / per_token
