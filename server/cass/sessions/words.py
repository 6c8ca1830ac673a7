"""The words of a prompt: what the user typed, and what came along with it."""

from __future__ import annotations

from collections.abc import Sequence

from cass.protocol.messages import ContentBlock, ResourceLink, Text
from cass.protocol.methods import PromptParams

EDITOR = "\n\n[Editor]\n"
"""Stands before what the user looks at, behind their words."""


def is_beside(block: ContentBlock) -> bool:
    """Whether this is no words of the user's: what they look at, and files that their words name."""
    return isinstance(block, ResourceLink) or (isinstance(block, Text) and block.text.startswith(EDITOR))


def plain(content: Sequence[ContentBlock]) -> str:
    """The prompt's text when it is nothing but text."""
    return (
        "".join(b.text for b in content if isinstance(b, Text)) if all(isinstance(b, Text) for b in content) else ""
    )


def with_context(params: PromptParams) -> tuple[ContentBlock, ...]:
    """The prompt, with what the user is looking at put behind it."""
    context = params.context
    if context is None:
        return params.prompt
    lines = [f"Active file: {context.active_uri}"] if context.active_uri else []
    lines += [f"Selection:\n{context.selection}"] if context.selection else []
    lines += ["Open files:\n" + "\n".join(context.open_uris)] if context.open_uris else []
    return (*params.prompt, Text(text=EDITOR + "\n".join(lines))) if lines else params.prompt
