"""What a provider's module says about itself, and the endpoint that comes out of it and the settings."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Literal, Protocol, cast
from urllib.parse import urlsplit

from cass.config import Config, ModelConfig
from cass.ports import Model
from cass.protocol.wire import JsonObject


class AskJson(Protocol):
    """Asks a URL of the endpoint (a path beside the base URL, or absolute), with a body by POST, and gives the JSON of
    the answer; raises ModelError."""

    def __call__(self, url: str, body: JsonObject | None = None, /) -> Awaitable[object]: ...


@dataclass(frozen=True)
class ModelFacts:
    """What an endpoint tells about a model: the window in tokens, prices in US dollars per million tokens. `most` is
    what it could be given, `assumed` what it has unless somebody set more; `again`: ask again once it is loaded."""

    window: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    cache_price: float | None = None
    most: int | None = None
    assumed: int | None = None
    again: bool = False


Connect = Callable[[Config, str, Mapping[str, str]], Model]


@dataclass(frozen=True)
class Preset:
    """A provider. Its module has these names as attributes; all but `name` and `base_url` may be left out.

    `address(environ)` gives a base URL from the environment. `key_env` names the variable of the key, which is a must
    at the provider's own host. `default_model` is taken when nothing else is said. `local`: it runs where the user is.
    `own_headers(environ)` are sent to the provider's own host only. `efforts` maps our words for effort to the
    provider's; `effort_style` says how they are sent. `cache_marks(model)`: the model wants cache breakpoints.
    `responses_only(model)`: answers on the Responses API only. `window(model)`: a size known beforehand.
    `chat_only`: it fills no gaps in texts, so nothing is tried. `facts(ask, base_url, model)` asks the endpoint.
    `widen(ask, base_url, model, window)` has the server make the same model with another window, and names it. `connect` makes the whole model, in place of all this.
    """

    name: str
    base_url: str = ""
    title: str = ""
    key_env: str = ""
    default_model: str = ""
    local: bool = False
    address: Callable[[Mapping[str, str]], str | None] | None = None
    own_headers: Callable[[Mapping[str, str]], dict[str, str]] | None = None
    efforts: Mapping[str, str] = field(default_factory=dict[str, str])
    effort_style: Literal["parameter", "object"] = "parameter"
    usage_include: bool = False
    reasoning_details: bool = False
    prompt_cache_key: bool = False
    chat_only: bool = False
    cache_marks: Callable[[str], bool] | None = None
    responses_only: Callable[[str], bool] | None = None
    window: Callable[[str], int | None] | None = None
    facts: Callable[[AskJson, str, str], Awaitable[ModelFacts]] | None = None
    widen: Callable[[AskJson, str, str, int], Awaitable[str]] | None = None
    connect: Connect | None = None


def preset_of(module: ModuleType) -> Preset:
    """The preset that a provider's module describes."""
    names = Preset.__dataclass_fields__
    values = {name: getattr(module, name) for name in names if hasattr(module, name)}
    return Preset(**cast("dict[str, str]", values))  # pyright: ignore[reportArgumentType]  # a module is the seam


@dataclass(frozen=True)
class Endpoint:
    """Where requests of one provider go. `own` is true at the provider's own host, not at a compatible server."""

    preset: Preset
    base_url: str
    key: str = field(default="", repr=False)
    key_env: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    wire: Literal["chat", "responses", "auto"] = "auto"
    models: Mapping[str, ModelConfig] = field(default_factory=dict[str, ModelConfig])

    @property
    def own(self) -> bool:
        """Whether this is the provider's own host."""
        return bool(self.preset.base_url) and host_of(self.base_url) == host_of(self.preset.base_url)

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return is_local(self.base_url)


def host_of(url: str) -> str:
    """The host name in a URL, empty when there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def without_password(url: str) -> str:
    """A URL as it may be shown: without a name and a password in it."""
    return re.sub(r"(?<=//)[^/@]*@", "", url)


def is_local(url: str) -> bool:
    """Whether a URL means this machine."""
    host = host_of(url)
    return host in ("localhost", "::1", "0.0.0.0") or host.startswith("127.") or host.endswith(".localhost")
