"""Asks servers for the window that a model really runs with, each in the server's own way."""

from __future__ import annotations

import re
from dataclasses import replace

from cass.errors import CassError
from cass.llm.catalog import listed_models
from cass.llm.jsonvalue import child, count_of, entries, number_of, text_of
from cass.llm.preset import AskJson, ModelFacts

OLLAMA_DEFAULT = 4_096
"""Tokens: what Ollama loads a model with where nobody said otherwise (docs.ollama.com, FAQ)."""


async def of_server(ask: AskJson, base_url: str, model: str) -> ModelFacts:
    """What a compatible server tells. `/models` says it on vLLM, LiteLLM and routers; else llama.cpp says it in
    `/props`, Ollama in `/api/ps` and `/api/show`, LM Studio in `/api/v0/models`: they are asked one after the other,
    on one connection, until one knows."""
    listed = listed_models(await _try(ask, "models")).get(model, ModelFacts())
    if listed.window:
        return listed
    root = root_of(base_url)
    props = await _try(ask, f"{root}/props")
    slot = count_of(child(props, "default_generation_settings"), "n_ctx") or count_of(props, "n_ctx")
    if slot:
        return replace(listed, window=slot)
    ollama = await _ollama(ask, root, model)
    if ollama.window or ollama.assumed:
        return ollama
    loaded = count_of(await _try(ask, f"{root}/api/v0/models/{model}"), "loaded_context_length")
    return replace(listed, window=loaded or None)


async def of_ollama(ask: AskJson, base_url: str, model: str) -> ModelFacts:
    """What Ollama tells: the window that the loaded model runs with, not what it could hold. ModelError when the
    server cannot be asked."""
    root = root_of(base_url)
    return await _ollama(ask, root, model, await ask(f"{root}/api/ps"))


async def widened(ask: AskJson, base_url: str, model: str, window: int) -> str:
    """Have Ollama make a copy of the model that is loaded with this window (its weights are shared), and name it."""
    family, _, tag = model.partition(":")
    tag = re.sub(r"-ctx\d+$", "", tag or "latest")
    name = f"{family}:{tag}-ctx{window}"
    wanted = {"model": name, "from": model, "parameters": {"num_ctx": window}, "stream": False}
    await ask(f"{root_of(base_url)}/api/create", dict(wanted))
    return name


def observed(counted: int) -> int:
    """The window of a server that cut a prompt down to so many tokens: servers keep a little less than fits."""
    power = 1 << max(0, counted - 1).bit_length()
    return power if counted >= power * 0.85 else counted


def root_of(base_url: str) -> str:
    """A server's address without the path of its compatible API."""
    return base_url.rstrip("/").removesuffix("/v1").removesuffix("/api")


async def _ollama(ask: AskJson, root: str, model: str, running: object = None) -> ModelFacts:
    running = running if running is not None else await _try(ask, f"{root}/api/ps")
    if running is None:
        return ModelFacts()
    for entry in entries(running, "models"):
        names = (text_of(entry, "name"), text_of(entry, "model"))
        if model in names or f"{model}:latest" in names:
            size = number_of(entry, "context_length")
            if size:
                return ModelFacts(window=int(size), most=_most(await _try(ask, f"{root}/api/show", model)))
    shown = await _try(ask, f"{root}/api/show", model)
    if shown is None:
        return ModelFacts()
    asked = re.search(r"^num_ctx\s+(\d+)", text_of(shown, "parameters"), re.M)
    window = int(asked[1]) if asked else None
    return ModelFacts(window=window, most=_most(shown), assumed=OLLAMA_DEFAULT, again=window is None)


def _most(shown: object) -> int | None:
    info = child(shown, "model_info")
    return next((int(n) for key in info if key.endswith(".context_length") and (n := number_of(info, key))), None)


async def _try(ask: AskJson, url: str, model: str | None = None) -> object:
    """An answer; None for none."""
    try:
        return await ask(url, None if model is None else {"model": model})
    except CassError:
        return None
