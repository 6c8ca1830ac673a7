"""A search provider as `registry.find("search")` finds it, and what it is given to work with.

A provider is a module with `name`, `SITE` (whom it asks), `KEY_ENV` (the variable with its key, empty for none) and
`async def search(search, query, limit)`, which answers with `SearchHit`s.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import cast

from cass.config import WebConfig
from cass.errors import ToolError
from cass.ports.web import Address, SearchHit
from cass.protocol.wire import JsonObject, as_object
from cass.web import addresses
from cass.web.fetching import Fetcher
from cass.web.http import Request, post

_BYTES = 2_000_000


@dataclass(frozen=True)
class Search:
    """One provider, with the user's settings for it. `base` is the user's own address, or the provider's; `key` is empty
    for one without."""

    name: str
    base: str
    key: str
    seconds: float
    fetcher: Fetcher
    run: Callable[[Search, str, int], Awaitable[Sequence[SearchHit]]]

    @staticmethod
    def of(
        module: ModuleType, settings: WebConfig, fetcher: Fetcher, key_of: Callable[[str, str], str | None]
    ) -> Search:
        """The provider of this module. ToolError when the settings lack what it needs."""
        parts = vars(module)
        name, variable = str(parts["name"]), settings.search.key_env or str(parts.get("KEY_ENV", ""))
        base = settings.search.url or str(parts.get("SITE", ""))
        if not base:
            raise ToolError(f"The search provider {name} needs an address, and web.search.url is not set.")
        key = (key_of(name, variable) or "") if variable else ""
        if variable and not key and parts.get("KEY_ENV"):
            raise ToolError(
                f"The search provider {name} needs a key: set {variable} in the environment of cass.",
                hint=f"`cass auth set {name}` keeps it in the system's keyring.",
            )
        return Search(name, base, key, settings.timeout, fetcher, parts["search"])

    @property
    def site(self) -> str:
        """Whom it asks."""
        return self.address("").site

    def address(self, path: str) -> Address:
        """An address of the provider."""
        return addresses.read(self.base.rstrip("/") + path)

    async def ask(self, query: str, limit: int) -> Sequence[SearchHit]:
        """At most so many results."""
        return (await self.run(self, query, limit))[:limit]

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> JsonObject:
        """The JSON at a path of the provider. ToolError for anything else."""
        return await self._json(Request(self.address(path), headers=tuple((headers or {}).items())))

    async def post(self, path: str, fields: Mapping[str, object], headers: Mapping[str, str]) -> JsonObject:
        """The JSON that a path of the provider answers with to this JSON."""
        return await self._json(post(self.address(path), fields, tuple(headers.items())))

    async def _json(self, request: Request) -> JsonObject:
        # The user wrote this address down themselves, so it may be an inner one. Redirects are not followed: they
        # would carry the key elsewhere.
        answer = await self.fetcher.send(request, _BYTES, (request.address.site,))
        if answer.status in (401, 403):
            raise ToolError(f"{self.site} does not accept the key of {self.name}, or the form of answer (JSON).")
        if answer.status == 429:
            raise ToolError(f"{self.site} was asked too often. Wait, or go on without.")
        if answer.status != 200:
            raise ToolError(f"{self.site} answered with the status {answer.status}.")
        try:
            return as_object(cast("object", json.loads(answer.body)))
        except ValueError:
            raise ToolError(f"{self.site} did not answer with JSON.") from None
