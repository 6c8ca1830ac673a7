"""Reads why an answer ended and what it cost, in the words of both wires."""

from __future__ import annotations

from cass.errors import BadResponse, ModelUnavailable
from cass.llm.jsonvalue import child, count_of, is_object, number_of
from cass.ports import FinishReason
from cass.protocol.messages import Usage

_LENGTH = {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"}
_REFUSAL = {
    "content_filter", "safety", "refusal", "recitation", "blocklist", "prohibited_content", "spii", "sensitive",
}  # fmt: skip
_CALLS = {"tool_calls", "tool_call", "tool_use", "function_call"}
_BROKEN = {"error", "abort", "aborted", "cancelled", "canceled", "network_error", "unexpected", "interrupted"}
_BUSY = {"insufficient_system_resource", "overloaded", "timeout"}


def finish_reason(word: str) -> FinishReason:
    """Our word for the provider's. An unknown word is an end like any other; one that says that the answer broke
    off raises BadResponse or ModelUnavailable."""
    word = word.strip().lower()
    if word in _LENGTH:
        return "length"
    if word in _REFUSAL:
        return "refusal"
    if word in _CALLS:
        return "tool_calls"
    if word in _BROKEN:
        raise BadResponse(f"The provider broke off the answer ({word}).")
    if word in _BUSY:
        raise ModelUnavailable(f"The provider broke off the answer ({word}).")
    return "stop"


def chat_usage(value: object) -> Usage | None:
    """Usage as the chat completions API reports it; None when nothing is reported."""
    if not is_object(value):
        return None
    prompt, completion = child(value, "prompt_tokens_details"), child(value, "completion_tokens_details")
    return _usage(
        Usage(
            input=count_of(value, "prompt_tokens", "input_tokens"),
            output=count_of(value, "completion_tokens", "output_tokens"),
            cache_read=count_of(prompt, "cached_tokens") or count_of(value, "prompt_cache_hit_tokens"),
            cache_write=count_of(prompt, "cache_write_tokens", "cache_creation_tokens"),
            reasoning=count_of(completion, "reasoning_tokens"),
            cost=number_of(value, "cost"),
        )
    )


def responses_usage(value: object) -> Usage | None:
    """Usage as the Responses API reports it; None when nothing is reported."""
    if not is_object(value):
        return None
    return _usage(
        Usage(
            input=count_of(value, "input_tokens", "prompt_tokens"),
            output=count_of(value, "output_tokens", "completion_tokens"),
            cache_read=count_of(child(value, "input_tokens_details"), "cached_tokens"),
            cache_write=count_of(child(value, "input_tokens_details"), "cache_write_tokens"),
            reasoning=count_of(child(value, "output_tokens_details"), "reasoning_tokens"),
            cost=number_of(value, "cost"),
        )
    )


def _usage(usage: Usage) -> Usage | None:
    return usage if usage.input or usage.output else None
