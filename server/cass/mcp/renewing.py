"""The package's way of signing in, across processes: what one of them learned or renewed is what the next one uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx2
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata, OAuthMetadata

from cass.mcp.tokens import Tokens


class Renewing(OAuthClientProvider):
    """Knows, also in a new process, until when a token is good and where it is renewed, which the package alone forgets;
    without that the user would have to sign in again each time that a token has run out."""

    def __init__(
        self,
        url: str,
        metadata: OAuthClientMetadata,
        kept: Tokens,
        show: Callable[[str], Awaitable[None]],
        result: Callable[[], Awaitable[AuthorizationCodeResult]],
        client_metadata_url: str | None,
    ) -> None:
        super().__init__(url, metadata, kept, show, result, client_metadata_url)
        self._kept = kept
        kept.place = self._place

    def _place(self) -> dict[str, object]:
        found = self.context.oauth_metadata
        return found.model_dump(mode="json", exclude_none=True) if found else {}

    async def _initialize(self) -> None:
        await super()._initialize()
        self.context.token_expiry_time = self._kept.good_until
        if self.context.oauth_metadata is None and (place := self._kept.known_place):
            try:
                self.context.oauth_metadata = OAuthMetadata.model_validate(place)
            except ValueError:
                return

    async def _refresh_token(self) -> httpx2.Request:
        """With the token that is on disk: another process may have renewed it meanwhile, and one is good only once."""
        kept = await self._kept.get_tokens()
        if kept is not None and kept.refresh_token:
            self.context.current_tokens = kept
        return await super()._refresh_token()
