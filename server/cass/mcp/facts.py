"""What is known of a server: its tools, prompts and resources, as they were last listed."""

from __future__ import annotations

import hashlib
import json

from pydantic import Field

from cass.process.output import readable
from cass.protocol.wire import JsonObject, Wire

MOST = 1_000
"""Tools, prompts and resources of one server that are known, of each."""

TEXT = 4_000
"""Characters of one description."""


class ToolFact(Wire):
    """One tool, `schema_` repaired. `reads_only` and `destroys` are no more than what the server says."""

    name: str
    title: str = ""
    description: str = ""
    schema_: JsonObject = Field(default_factory=dict)
    reads_only: bool = False
    destroys: bool = False

    @property
    def words(self) -> str:
        """All that a model is told of it: what is agreed to."""
        told = {"description": self.description, "title": self.title, "parameters": self.schema_}
        return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False)

    @property
    def pin(self) -> str:
        """The same as long as a model is told the same."""
        return hashlib.sha256(self.words.encode("utf-8", "surrogatepass")).hexdigest()


class ArgumentFact(Wire):
    """Something that a prompt asks for."""

    name: str
    description: str = ""
    required: bool = False


class PromptFact(Wire):
    """One prompt."""

    name: str
    title: str = ""
    description: str = ""
    arguments: tuple[ArgumentFact, ...] = ()


class ResourceFact(Wire):
    """One resource; a template where `uri` has parts in braces."""

    uri: str
    name: str = ""
    description: str = ""
    mime_type: str = ""


class Facts(Wire):
    """A server. `era` is the protocol's generation that it was reached with, `transport` the way."""

    era: str = ""
    transport: str = ""
    title: str = ""
    instructions: str = ""
    tools: tuple[ToolFact, ...] = ()
    prompts: tuple[PromptFact, ...] = ()
    resources: tuple[ResourceFact, ...] = ()
    skipped: tuple[str, ...] = ()
    """What could not be used, and why, in whole sentences."""


def plain(text: str | None, most: int = TEXT) -> str:
    """A stranger's text for a model and a person: bounded, no control characters."""
    whole = (text or "")[: most * 2].encode("utf-8", "replace").decode("utf-8")
    return readable(whole).strip()[:most]


def line(text: str | None, most: int = 120) -> str:
    """The same as one line."""
    return " ".join(plain(text, most * 4).split())[:most]
