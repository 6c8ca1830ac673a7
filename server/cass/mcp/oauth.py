"""Signing in to servers that want it: which of the package's ways fits a definition, and what is kept."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from cass.config import McpOauthConfig
from cass.errors import AuthenticationError, ConfigError
from cass.mcp import redirect
from cass.mcp.files import Definition
from cass.mcp.tokens import Tokens
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from httpx2 import Auth as Auth
    from mcp.client.auth import AuthorizationCodeResult
    from mcp.shared.auth import OAuthClientInformationFull

Show = Callable[[str], Awaitable[None]]
"""Shows the user an address to sign in at, or opens it; http and https alone are ever given to it."""

_JAG = "urn:ietf:params:oauth:token-type:id-jag"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"


class LoginNeeded(AuthenticationError):
    """The user has to sign in first."""

    kind = "login_needed"


def tokens(one: Definition, folder: Path) -> Tokens:
    """What is kept of this server, in this folder."""
    return Tokens(folder / f"{one.key}.json")


def quiet(one: Definition, folder: Path, environ: Mapping[str, str]) -> Auth | None:
    """For a connection in the background: uses and renews what is there; LoginNeeded where a person would have to do
    something. None before the user signed in, so that nothing is registered anywhere unasked."""
    kept = tokens(one, folder)
    if one.config.url is None or (one.config.oauth.grant == "user" and not kept.are_there):
        return None

    async def nobody(_: str) -> None:
        raise LoginNeeded(
            f"{one.name} wants you to sign in", hint=f"/mcp login {one.name}, or: cass mcp login {one.name}"
        )

    async def never() -> AuthorizationCodeResult:
        raise LoginNeeded(f"{one.name} wants you to sign in")

    return _auth(one, kept, environ, kept.redirect or "http://127.0.0.1/callback", nobody, never)


async def login(
    one: Definition,
    folder: Path,
    environ: Mapping[str, str],
    show: Show,
    paste: redirect.Paste | None,
    connect: Callable[[Auth], Awaitable[None]],
) -> None:
    """Sign in where the server asks for it: `connect` is tried with what does so, and what that gives is kept.
    AuthenticationError, also for an address that no browser should open."""
    kept = tokens(one, folder)
    before = urlsplit(kept.redirect).port if kept.redirect else None

    async def shown(url: str) -> None:
        if (
            urlsplit(url).scheme not in ("http", "https")
            or not url.isascii()
            or not url.isprintable()
            or " " in url
        ):
            raise AuthenticationError(f"{one.name} names an address to sign in at that is none: {url[:200]!r}")
        await show(url)

    async with redirect.opened(one.config.oauth.port, before, paste) as back:
        if back.address != kept.redirect:
            kept.forget("client")
        await connect(_auth(one, kept, environ, back.address, shown, back.result))


def _auth(
    one: Definition,
    kept: Tokens,
    environ: Mapping[str, str],
    address: str,
    show: Show,
    result: Callable[[], Awaitable[AuthorizationCodeResult]],
) -> Auth:
    from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
    from mcp.shared.auth import OAuthClientMetadata
    from pydantic import AnyUrl

    from cass.mcp.renewing import Renewing

    logging.getLogger("mcp.client.auth").setLevel(logging.CRITICAL)  # it prints what is told to the user anyway
    oauth, url = one.config.oauth, one.config.url or ""
    if oauth.grant == "client":
        return ClientCredentialsOAuthProvider(
            url,
            kept,
            _needed(one, "client_id"),
            _secret(one, environ, "client_secret_env"),
            "client_secret_basic" if oauth.token_auth == "basic" else "client_secret_post",
            oauth.scope,
            oauth.issuer,
        )
    if oauth.grant == "jwt":
        return _signed(one, kept, environ)
    if oauth.grant == "enterprise":
        return _enterprise(one, kept, environ)
    metadata = OAuthClientMetadata(
        client_name="cass", redirect_uris=[AnyUrl(address)], scope=oauth.scope, software_id="cass"
    )
    if oauth.client_id:
        kept = _Registered(kept, oauth, environ, address)
    return Renewing(url, metadata, kept, show, result, oauth.client_metadata_url)


class _Registered(Tokens):
    """cass is known there by an id from the settings; the tokens are kept as always."""

    def __init__(self, kept: Tokens, oauth: McpOauthConfig, environ: Mapping[str, str], address: str) -> None:
        super().__init__(kept.file)
        self._oauth, self._environ, self._address = oauth, environ, address

    async def get_client_info(self) -> OAuthClientInformationFull:
        """The id of the settings."""
        from mcp.shared.auth import OAuthClientInformationFull
        from pydantic import AnyUrl

        secret = self._environ.get(self._oauth.client_secret_env or "")
        way = f"client_secret_{self._oauth.token_auth}" if secret else "none"
        return OAuthClientInformationFull(
            client_id=self._oauth.client_id or "",
            client_secret=secret,
            redirect_uris=[AnyUrl(self._address)],
            token_endpoint_auth_method=way,
            scope=self._oauth.scope,
            issuer=self._oauth.issuer,
        )


def _signed(one: Definition, kept: Tokens, environ: Mapping[str, str]) -> Auth:
    from mcp.client.auth.extensions.client_credentials import PrivateKeyJWTOAuthProvider, SignedJWTParameters

    oauth, id = one.config.oauth, _needed(one, "client_id")
    signing = SignedJWTParameters(
        issuer=id, subject=id, signing_key=_secret(one, environ, "key_env"), signing_algorithm=oauth.algorithm
    )
    provider = signing.create_assertion_provider()
    return PrivateKeyJWTOAuthProvider(one.config.url or "", kept, id, provider, oauth.scope, oauth.issuer)


def _enterprise(one: Definition, kept: Tokens, environ: Mapping[str, str]) -> Auth:
    """The identity provider's token is exchanged for a grant that the server's own authorisation server takes (RFC 8693,
    then RFC 7523)."""
    from mcp.client.auth.extensions.identity_assertion import IdentityAssertionOAuthProvider

    oauth = one.config.oauth
    at, token, id = (
        _needed(one, "idp_token_url"),
        _secret(one, environ, "idp_token_env"),
        _needed(one, "idp_client_id"),
    )

    async def grant(audience: str, resource: str) -> str:
        import httpx2

        asked = {
            "grant_type": _EXCHANGE,
            "requested_token_type": _JAG,
            "audience": audience,
            "resource": resource,
            "subject_token": token,
            "subject_token_type": _ID_TOKEN,
            "client_id": id,
        }
        async with httpx2.AsyncClient(timeout=30) as client:
            answer = await client.post(at, data=asked)
        try:
            given = cast("object", answer.json())
        except ValueError:
            given = None
        values = cast("JsonObject", given) if isinstance(given, dict) and answer.status_code == 200 else {}
        if "access_token" not in values:
            raise AuthenticationError(f"the identity provider {at} gave no grant (HTTP {answer.status_code})")
        return str(values["access_token"])

    return IdentityAssertionOAuthProvider(
        one.config.url or "",
        kept,
        _needed(one, "client_id"),
        _secret(one, environ, "client_secret_env"),
        _needed(one, "issuer"),
        grant,
        oauth.scope,
        "client_secret_basic" if oauth.token_auth == "basic" else "client_secret_post",
    )


def _needed(one: Definition, field: str) -> str:
    value = cast("str | None", getattr(one.config.oauth, field))
    if not value:
        raise ConfigError(
            f"the grant {one.config.oauth.grant} needs oauth.{field}", where=f"{one.where}, {one.name}"
        )
    return value


def _secret(one: Definition, environ: Mapping[str, str], field: str) -> str:
    name = _needed(one, field)
    if not environ.get(name):
        raise ConfigError(
            f"the variable {name} is not set", where=f"{one.where}, {one.name}", hint=f"oauth.{field} names it."
        )
    return environ[name]
