"""OpenRouter: many models behind one key."""

from __future__ import annotations

from cass.llm.jsonvalue import child, entries, number_of
from cass.llm.preset import AskJson, ModelFacts

name = "openrouter"
title = "OpenRouter"
base_url = "https://openrouter.ai/api/v1"
key_env = "OPENROUTER_API_KEY"
default_model = "anthropic/claude-sonnet-4.5"
effort_style = "object"
usage_include = True
chat_only = True
reasoning_details = True


def cache_marks(model: str) -> bool:
    """Anthropic's models cache only up to marked places."""
    return model.startswith(("anthropic/", "~anthropic/"))


async def facts(ask: AskJson, base_url: str, model: str) -> ModelFacts:
    """The window and the prices of the first endpoint that serves the model."""
    found = entries(child(await ask(f"models/{model.partition(':')[0]}/endpoints"), "data"), "endpoints")
    if not found:
        return ModelFacts()
    sizes = [int(size) for entry in found if (size := number_of(entry, "context_length"))]
    prices = child(found[0], "pricing")
    prompt, completion = number_of(prices, "prompt"), number_of(prices, "completion")
    cached = number_of(prices, "input_cache_read")
    return ModelFacts(
        window=min(sizes) if sizes else None,
        input_price=prompt * 1e6 if prompt is not None else None,
        output_price=completion * 1e6 if completion is not None else None,
        cache_price=cached * 1e6 if cached is not None else None,
    )
