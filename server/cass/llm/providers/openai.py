"""OpenAI, and any compatible server at OPENAI_BASE_URL."""

from __future__ import annotations

import re
from collections.abc import Mapping

name = "openai"
title = "OpenAI"
base_url = "https://api.openai.com/v1"
key_env = "OPENAI_API_KEY"
default_model = "gpt-5.1"
prompt_cache_key = True
chat_only = True

_RESPONSES_ONLY = re.compile(
    r"(^|/)(o\d+(-mini)?-pro|gpt-5[\d.]*-pro|.*codex.*|.*deep-research.*|computer-use)", re.I
)
_WINDOWS = (
    (r"gpt-5\.[4-9]", 1_000_000),
    (r"gpt-5.*-chat", 128_000),
    (r"gpt-5", 400_000),
    (r"gpt-4\.1", 1_047_576),
    (r"gpt-4o|gpt-4-turbo|o1-mini|o1-preview", 128_000),
    (r"o\d", 200_000),
    (r"gpt-4", 8_192),
    (r"gpt-3\.5", 16_385),
)


def address(environ: Mapping[str, str]) -> str | None:
    """The base URL that the environment names."""
    return environ.get("OPENAI_BASE_URL") or None


def own_headers(environ: Mapping[str, str]) -> dict[str, str]:
    """Organisation, project and further headers that the environment names for OpenAI."""
    headers: dict[str, str] = {}
    for line in environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines():
        header, colon, value = line.partition(":")
        if colon and header.strip():
            headers[header.strip()] = value.strip()
    for variable, header in (("OPENAI_ORG_ID", "OpenAI-Organization"), ("OPENAI_PROJECT_ID", "OpenAI-Project")):
        if environ.get(variable):
            headers[header] = environ[variable]
    return headers


def responses_only(model: str) -> bool:
    """Whether the model answers on the Responses API only."""
    return _RESPONSES_ONLY.search(model) is not None


def window(model: str) -> int | None:
    """Sizes of well-known families."""
    return next((size for pattern, size in _WINDOWS if re.match(pattern, model)), None)
