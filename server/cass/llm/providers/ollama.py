"""Ollama: models on this machine or in this network, no key needed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cass.llm.jsonvalue import entries, number_of, text_of
from cass.llm.preset import AskJson, ModelFacts

name = "ollama"
title = "Ollama"
base_url = "http://127.0.0.1:11434/v1"
local = True
efforts = {"minimal": "low", "xhigh": "high"}


def address(environ: Mapping[str, str]) -> str | None:
    """The base URL that OLLAMA_HOST means: with or without scheme, port and path; 0.0.0.0 is this machine."""
    host = environ.get("OLLAMA_HOST", "").strip().strip("\"'").rstrip("/")
    if not host:
        return None
    scheme, has_scheme, rest = host.partition("://")
    if not has_scheme:
        scheme, rest = "http", host
    authority, slash, path = rest.partition("/")
    if authority.count(":") > 1 and not authority.startswith("["):
        authority = f"[{authority}]"
    if authority.startswith(":"):
        authority = f"127.0.0.1{authority}"
    if not re.search(r":\d+$", authority) or authority.endswith("]"):
        authority += {"http": ":11434", "https": ":443"}.get(scheme, "")
    authority = re.sub(r"^(0\.0\.0\.0|\[::\])(?=:|$)", "127.0.0.1", authority)
    path = path.removesuffix("v1").rstrip("/")
    return f"{scheme}://{authority}{slash and path and f'/{path}'}/v1"


async def facts(ask: AskJson, base_url: str, model: str) -> ModelFacts:
    """The window that the loaded model runs with: what counts, not what the model could hold."""
    root = base_url.removesuffix("/").removesuffix("/v1")
    answer = await ask(f"{root}/api/ps")
    for entry in entries(answer, "models"):
        if (
            model in (text_of(entry, "name"), text_of(entry, "model"))
            or text_of(entry, "name") == f"{model}:latest"
        ):
            size = number_of(entry, "context_length")
            return ModelFacts(window=int(size) if size else None)
    return ModelFacts()
