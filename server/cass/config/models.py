"""Models and their endpoints."""

from __future__ import annotations

from typing import Literal

from cass.config.setting import Section, setting


class ModelConfig(Section):
    """Facts about one model that its provider does not report: `[providers.NAME.models."MODEL"]`."""

    context_window: int | None = setting(None, "Size of the window, tokens.", ge=256)
    max_output: int | None = setting(None, "Longest answer, tokens.", ge=1)
    input_price: float | None = setting(None, "US dollars per million input tokens.", ge=0)
    output_price: float | None = setting(None, "US dollars per million output tokens.", ge=0)
    cache_price: float | None = setting(
        None, "US dollars per million input tokens that came from the provider's cache.", ge=0
    )
    todos: bool = setting(True, "Whether it is offered the tool for a to-do list.")
    images: bool | None = setting(None, "Whether it reads images.")
    wire: Literal["chat", "responses", "auto"] = setting("auto", "Which API this model answers on.")


class ProviderConfig(Section):
    """An endpoint of the user's own, or changes to a preset: `[providers.NAME]`."""

    base_url: str | None = setting(None, "Base URL of an OpenAI-compatible API, up to and with /v1.")
    key_env: str | None = setting(None, "Environment variable that holds the key.")
    wire: Literal["chat", "responses", "auto"] = setting(
        "auto", "Which API to speak: chat completions or Responses."
    )
    headers: dict[str, str] = setting(dict, "Extra HTTP headers.")
    models: dict[str, ModelConfig] = setting(dict, "What is known of single models, by their name at the provider.")


class LlmConfig(Section):
    """How requests to a model are made."""

    idle_timeout: float = setting(
        120.0, "Seconds without a byte from the model until the request is given up.", gt=0, le=3600
    )
    connect_timeout: float = setting(10.0, "Seconds to reach the endpoint.", gt=0, le=600)
    max_retries: int = setting(4, "How often a failed request is sent again.", ge=0, le=20)
    max_retry_wait: float = setting(
        60.0,
        "Longest wait before a retry, seconds; an endpoint that asks for more is reported instead.",
        ge=0,
        le=3600,
    )
    max_output: int | None = setting(
        None, "Longest answer to ask for, tokens; unset leaves it to the provider.", ge=1
    )
    text_tool_calls: Literal["auto", "on", "off"] = setting(
        "auto",
        "Whether tool calls that a model prints as text are understood; auto: where the endpoint gave no proper one.",
    )
