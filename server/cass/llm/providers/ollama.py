"""Ollama: models on this machine or in this network, no key needed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cass.llm.window import of_ollama, widened

name = "ollama"
title = "Ollama"
base_url = "http://127.0.0.1:11434/v1"
local = True
efforts = {"minimal": "low", "xhigh": "high"}
facts = of_ollama
widen = widened


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
