"""What one model at one endpoint wants to be sent: preset, settings and learned quirks in one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from cass.llm.preset import Endpoint
from cass.llm.quirks import Quirks
from cass.llm.tokens import Size, size_of
from cass.ports import ModelRequest

ReasoningBack = Literal["", "reasoning_content", "reasoning_details"]


@dataclass(frozen=True)
class Style:
    """How messages are written and measured. Two messages of one style always give the same bytes."""

    origin: str
    images: bool = True
    tools_as_text: bool = False
    empty_content: bool = False
    system_as_user: bool = False
    reasoning: ReasoningBack = ""
    measure: Callable[[str], Size] = size_of


@dataclass(frozen=True)
class Terms:
    """Everything that shapes a request beside the request itself."""

    endpoint: Endpoint
    model: str
    quirks: Quirks
    style: Style
    max_output: int | None = None

    @property
    def cache_marks(self) -> bool:
        """Whether the model wants cache breakpoints."""
        marks = self.endpoint.preset.cache_marks
        return marks is not None and marks(self.model)

    def effort(self, request: ModelRequest) -> str | None:
        """The effort in the provider's words."""
        return self.endpoint.preset.efforts.get(request.effort, request.effort) if request.effort else None

    def output_limit(self, request: ModelRequest) -> int | None:
        """The longest answer to ask for, tokens."""
        return request.max_output or self.max_output


def terms_of(
    endpoint: Endpoint,
    model: str,
    quirks: Quirks,
    max_output: int | None,
    measure: Callable[[str], Size] = size_of,
) -> Terms:
    """The terms for a model, from the settings and what was learned."""
    known = endpoint.models.get(model)
    images = not quirks.no_images if known is None or known.images is None else known.images
    reasoning: ReasoningBack = "reasoning_details" if endpoint.preset.reasoning_details else ""
    if quirks.reasoning_back:
        reasoning = "reasoning_content" if quirks.reasoning_back == "yes" else ""
    style = Style(
        origin=origin(endpoint, model),
        images=images,
        tools_as_text=quirks.tools == "text",
        empty_content=quirks.null_content == "empty",
        system_as_user=quirks.system == "user",
        reasoning=reasoning,
        measure=measure,
    )
    limit = (known.max_output if known else None) or max_output
    return Terms(endpoint, model, quirks, style, limit)


def origin(endpoint: Endpoint, model: str) -> str:
    """The name under which things about this model at this endpoint are kept."""
    return f"{endpoint.base_url.rstrip('/')} {model}"


def without_dropped(parameters: Mapping[str, object], quirks: Quirks) -> dict[str, object]:
    """The parameters that the endpoint takes, in their order."""
    kept: dict[str, object] = {}
    for name, value in parameters.items():
        if name in quirks.dropped or f"{name}={value}" in quirks.dropped:
            continue
        kept[name] = value
    return kept
