"""Finds the endpoint that a provider's name means: presets, settings, environment, keyring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from cass.config import Config, ProviderConfig
from cass.errors import AuthenticationError, ConfigError
from cass.llm import keys
from cass.llm.preset import Endpoint, Preset, preset_of, without_password
from cass.registry import find


class Endpoints:
    """All providers that have a name here."""

    def __init__(
        self, config: Config, environ: Mapping[str, str], on_key: Callable[[str], None] | None = None
    ) -> None:
        self._config = config
        self._on_key = on_key
        self._environ = environ
        self._presets: dict[str, Preset] | None = None

    @property
    def names(self) -> list[str]:
        """Every provider, the user's own ones too."""
        return sorted({*self._all(), *self._config.providers})

    def split(self, name: str) -> tuple[str, str]:
        """Provider and model of a `provider/model` or of a bare model name. ConfigError for an unknown provider."""
        head, slash, rest = name.partition("/")
        if slash and head in self.names:
            if not rest:
                raise ConfigError(f"The model name {name!r} has no model behind the slash.", hint=_FORM)
            return head, rest
        if not name.strip():
            raise ConfigError("The model name is empty.", hint=_FORM)
        if self._config.default_provider:
            return self._config.default_provider, name
        if slash:
            known = ", ".join(self.names)
            raise ConfigError(
                f"There is no provider {head!r} (of the model {name!r}). Known: {known}.",
                hint=f"{_FORM} A provider of your own needs [providers.{head}] with base_url in the configuration.",
            )
        usable = [provider for provider in self.names if self.is_usable(provider)]
        return (usable[0] if len(usable) == 1 else "openai"), name

    def preset(self, provider: str) -> Preset:
        """What is known of a provider. ConfigError for an unknown one."""
        preset = self._all().get(provider)
        if preset is not None:
            return preset
        if provider in self._config.providers:
            return Preset(name=provider, title=provider)
        known = ", ".join(self.names)
        raise ConfigError(f"There is no provider {provider!r}. Known: {known}.", hint=_FORM)

    def resolve(self, provider: str, *, look_in_keyring: bool = True) -> Endpoint:
        """The endpoint with its key. ConfigError for an unknown provider or a wrong base URL, AuthenticationError
        where a key is needed and missing."""
        preset = self.preset(provider)
        settings = self._config.providers.get(provider, ProviderConfig())
        base_url = _checked(self._address(preset, settings), provider)
        key_env = settings.key_env or preset.key_env or f"{provider.upper().replace('-', '_')}_API_KEY"
        key = self._environ.get(key_env, "").strip()
        if not key and look_in_keyring and not preset.local:
            key = (keys.get(provider) or "").strip()
        if not key.isprintable() or not key.isascii():
            raise AuthenticationError(
                f"The key in {key_env} has characters that no key has.", hint=f"Set {key_env} again."
            )
        endpoint = Endpoint(preset, base_url, key, key_env, {}, settings.wire, settings.models)
        if not key and endpoint.own and preset.key_env:
            raise AuthenticationError(
                f"{preset.title or provider} needs a key, and none is set.",
                hint=f"Set {key_env}, or run: cass auth set {provider}",
            )
        headers = dict(preset.own_headers(self._environ)) if preset.own_headers and endpoint.own else {}
        if key:
            if self._on_key:
                self._on_key(key)
            headers["Authorization"] = f"Bearer {key}"
        headers.update(settings.headers)
        return Endpoint(preset, base_url, key, key_env, headers, settings.wire, settings.models)

    def is_usable(self, provider: str) -> bool:
        """Whether the settings or the environment name this provider: a key, an address, or a section."""
        preset = self.preset(provider)
        settings = self._config.providers.get(provider)
        if settings is not None and settings.base_url:
            return True
        key_env = (settings.key_env if settings else None) or preset.key_env
        has_key = bool(key_env and self._environ.get(key_env, "").strip())
        return has_key or bool(preset.address is not None and preset.address(self._environ))

    def _all(self) -> dict[str, Preset]:
        if self._presets is None:
            self._presets = {preset.name: preset for preset in map(preset_of, find("providers"))}
        return self._presets

    def _address(self, preset: Preset, settings: ProviderConfig) -> str:
        from_environment = preset.address(self._environ) if preset.address is not None else None
        return settings.base_url or from_environment or preset.base_url


_FORM = "Write provider/model, as in openai/gpt-5.1 or ollama/qwen3:8b; cass models lists what there is."


def _checked(url: str, provider: str) -> str:
    where = f"providers.{provider}.base_url"
    if not url:
        raise ConfigError("The provider has no base URL.", where=where, hint="Set it, as in https://host/v1.")
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise ConfigError(
            f"{without_password(url)!r} is no base URL.", where=where, hint="It looks like https://host/v1."
        )
    return url
