"""Reads what an endpoint says about the models it has."""

from __future__ import annotations

from cass.llm.jsonvalue import child, count_of, entries, number_of, objects, text_of
from cass.llm.preset import ModelFacts
from cass.protocol.wire import JsonObject

MAX_LISTED = 5_000
"""Models taken from one endpoint's list."""


def listed_models(answer: object) -> dict[str, ModelFacts]:
    """The models of a `/models` answer by name, in its order, with what it tells about each."""
    found = entries(answer, "data") or entries(answer, "models") or objects(answer)
    models: dict[str, ModelFacts] = {}
    for entry in found[:MAX_LISTED]:
        name = text_of(entry, "id") or text_of(entry, "model") or text_of(entry, "name")
        if name:
            models[name] = _facts(entry)
    return models


def _facts(entry: JsonObject) -> ModelFacts:
    window = count_of(
        entry, "loaded_context_length", "context_length", "max_model_len", "context_window", "max_context_length"
    )
    pricing = child(entry, "pricing")
    prompt, completion = number_of(pricing, "prompt"), number_of(pricing, "completion")
    cached = number_of(pricing, "input_cache_read")
    return ModelFacts(
        window=window
        or count_of(child(entry, "top_provider"), "context_length")
        or count_of(child(entry, "meta"), "n_ctx")
        or None,
        input_price=prompt * 1e6 if prompt is not None and prompt >= 0 else None,
        output_price=completion * 1e6 if completion is not None and completion >= 0 else None,
        cache_price=cached * 1e6 if cached is not None and cached >= 0 else None,
    )
