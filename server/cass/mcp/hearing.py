"""What a server may ask of the session that it works for, and what it tells it. No word of the package is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from cass.protocol.messages import Message
from cass.protocol.wire import JsonObject

Action = Literal["accept", "decline", "cancel"]


@dataclass(frozen=True)
class Sampling:
    """A server wants a model's answer."""

    messages: tuple[Message, ...]
    system: str
    max_tokens: int


@dataclass(frozen=True)
class Sampled:
    """The answer, and whose it is. `is_whole` is False where it was cut at its limit."""

    text: str
    model: str
    is_whole: bool = True


class Hearing(Protocol):
    """One session, as its servers see it. `server` is always the name that the user knows it by."""

    def roots(self) -> Sequence[Path]:
        """The folders that the session works in."""
        ...

    async def form(self, server: str, message: str, schema: JsonObject) -> tuple[Action, JsonObject]:
        """Have the user fill in a form (a flat JSON Schema object)."""
        ...

    async def visit(self, server: str, message: str, url: str) -> Action:
        """Ask the user to open an address. Nobody else opens it."""
        ...

    async def sample(self, server: str, wanted: Sampling) -> Sampled | str:
        """A model's answer, if the user allows it; else why not."""
        ...
