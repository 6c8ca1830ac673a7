"""What the two wires have in common: how a request is written and an answer is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cass.llm.assemble import Assembly
from cass.llm.encoded import EncodedCache
from cass.llm.terms import Terms
from cass.llm.tokens import Size
from cass.ports import ModelRequest
from cass.protocol.wire import JsonObject


@dataclass(frozen=True)
class Body:
    """A request in pieces to be joined by commas, its parameters that an endpoint may refuse, and its size."""

    parts: Sequence[bytes]
    optional: Mapping[str, object]
    size: Size

    @property
    def data(self) -> bytes:
        """The request as bytes."""
        return b",".join(self.parts)


class Reader(Protocol):
    """Reads an answer into an assembly. An object that is no part of an answer changes nothing; Refused is raised
    for an error that the endpoint reports, BadResponse for what cannot be read."""

    def event(self, name: str, value: JsonObject) -> None:
        """One event of a stream."""
        ...

    def document(self, value: JsonObject) -> None:
        """A whole answer that came as one JSON object."""
        ...


class Wire(Protocol):
    """One of the APIs."""

    @property
    def name(self) -> str:
        """`chat` or `responses`."""
        ...

    @property
    def path(self) -> str:
        """Where requests go, behind the base URL."""
        ...

    def write(self, request: ModelRequest, terms: Terms, cache: EncodedCache) -> Body:
        """The request as bytes: the same prefix for the same beginning of a conversation."""
        ...

    def reader(self, assembly: Assembly, terms: Terms) -> Reader:
        """What reads the answer to it."""
        ...
