"""What signing in to a server gave: kept in a file of the user's own, one for each server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cass import plainfile, private
from cass.errors import ConfigError
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

_MOST_BYTES = 1_000_000
_EARLY = 5.0
"""Seconds before it runs out that a token counts as run out: a request takes a while."""


class Tokens:
    """The package's `TokenStorage`, over one file that only its owner can read. What cannot be read counts as nothing: the
    user signs in again. Each look is at the disk, so that two processes use the token that was renewed last."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.place: Callable[[], JsonObject] = dict[str, object]
        """Says what is known of the authorisation server; kept with the tokens."""

    @property
    def are_there(self) -> bool:
        """Whether the user has signed in."""
        return bool(self._part("tokens"))

    @property
    def redirect(self) -> str:
        """The address that cass registered to be called back at; empty for none."""
        uris = self._part("client").get("redirect_uris")
        return str(cast("list[object]", uris)[0]) if isinstance(uris, list) and uris else ""

    @property
    def good_until(self) -> float | None:
        """When the token runs out, in seconds since 1970; None where that was not said."""
        found = self._read().get("until")
        return float(found) if isinstance(found, int | float) else None

    @property
    def known_place(self) -> JsonObject:
        """What was known of the authorisation server when the token was given."""
        return self._part("place")

    def forget(self, part: str = "") -> None:
        """Sign out: all of it, or one part (`tokens`, `client`)."""
        left = {key: value for key, value in self._read().items() if part and key != part}
        if left:
            self._write(left)
        else:
            self.file.unlink(missing_ok=True)

    async def get_tokens(self) -> OAuthToken | None:
        """The tokens; None before the user signed in."""
        from mcp.shared.auth import OAuthToken

        try:
            return OAuthToken.model_validate(self._part("tokens"))
        except ValueError:
            return None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep them. A renewal that brings no new refresh token keeps the old one."""
        new = tokens.model_dump(mode="json", exclude_none=True)
        old = {key: value for key, value in self._part("tokens").items() if key == "refresh_token"}
        until = time.time() + tokens.expires_in - _EARLY if tokens.expires_in else None
        place = self.place() or self.known_place
        self._write({**self._read(), "tokens": {**old, **new}, "until": until, "place": place})

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """How cass is registered there; None before it was."""
        from mcp.shared.auth import OAuthClientInformationFull

        try:
            return OAuthClientInformationFull.model_validate(self._part("client"))
        except ValueError:
            return None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep it."""
        self._write({**self._read(), "client": client_info.model_dump(mode="json", exclude_none=True)})

    def _part(self, part: str) -> JsonObject:
        found = self._read().get(part)
        return cast("JsonObject", found) if isinstance(found, dict) else {}

    def _read(self) -> JsonObject:
        try:
            values = json.loads(plainfile.read(self.file, _MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return cast("JsonObject", values) if isinstance(values, dict) else {}

    def _write(self, values: JsonObject) -> None:
        try:
            private.write(self.file, json.dumps(values).encode())
        except OSError as error:
            raise ConfigError(
                f"what signing in gave cannot be kept: {error.strerror}", where=str(self.file)
            ) from None
