"""Counts with OpenAI's own tokenizer, where its package and its data are at hand. Never downloads either.

tiktoken fetches an encoding that it does not find, without a time limit. So it is asked only when the file stands where
it will look first, and holds what it expects: both by tiktoken's own rules (tiktoken/load.py, tiktoken_ext/openai_public.py
of 0.14).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

_FILES = {
    "o200k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}
_MODELS = (
    (re.compile(r"(^|/)(gpt-5|gpt-4\.[15]|gpt-4o|chatgpt-4o|o\d|codex)"), "o200k_base"),
    (re.compile(r"(^|/)(gpt-4|gpt-3\.5)"), "cl100k_base"),
)

Count = Callable[[str], int]


def at_hand(model: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The name of the encoding of an OpenAI model, where it can be had without a download; None otherwise."""
    encoding = next((name for pattern, name in _MODELS if pattern.search(model)), None)
    if encoding is None or importlib.util.find_spec("tiktoken") is None:
        return None
    url, expected = _FILES[encoding]
    folder = environ.get("TIKTOKEN_CACHE_DIR", environ.get("DATA_GYM_CACHE_DIR"))
    if folder == "":
        return None
    base = Path(folder) if folder else Path(tempfile.gettempdir()) / "data-gym-cache"
    try:
        data = (base / hashlib.sha1(url.encode()).hexdigest()).read_bytes()
    except OSError:
        return None
    return encoding if hashlib.sha256(data).hexdigest() == expected else None


def load(encoding: str) -> Count:
    """The counter of an encoding that is at hand. Takes a second of CPU: call it in a thread."""
    import tiktoken  # heavy, and not everybody has it

    found = tiktoken.get_encoding(encoding)
    return lambda text: len(found.encode(text, disallowed_special=()))
