"""Servers of the Model Context Protocol, and how their tools are offered."""

from __future__ import annotations

from typing import Literal

from cass.config.setting import Section, setting


class McpOauthConfig(Section):
    """How to sign in to a server that wants it. Mostly nothing of this is needed: the server says where, and cass
    registers itself there."""

    grant: Literal["user", "client", "jwt", "enterprise"] = setting(
        "user",
        "user: you sign in, in a browser. Without a person: client (id and secret), jwt (a signed assertion), enterprise "
        "(your identity provider's token is exchanged).",
    )
    client_id: str | None = setting(None, "The id that cass is registered with there; unset: it registers itself.")
    client_secret_env: str | None = setting(None, "Environment variable with the secret of that id.")
    client_metadata_url: str | None = setting(
        None, "An https address that describes cass, for servers that take one as the id."
    )
    token_auth: Literal["basic", "post"] = setting("basic", "How the secret is sent.")
    scope: str | None = setting(None, "Scopes to ask for; unset: those that the server names.")
    issuer: str | None = setting(None, "The only authorisation server that is given the secret.")
    key_env: str | None = setting(None, "Environment variable with the private key (PEM) that signs, for jwt.")
    algorithm: str = setting("ES256", "What it signs with.")
    idp_client_id: str | None = setting(None, "Your id at the identity provider, for enterprise.")
    idp_token_url: str | None = setting(None, "Its token endpoint.")
    idp_token_env: str | None = setting(None, "Environment variable with the identity token that it gave you.")
    port: int | None = setting(
        None, "Port of 127.0.0.1 that the browser comes back to; unset: a free one.", ge=1024, le=65_535
    )


class McpServerConfig(Section):
    """One server: a `command`, which is run, or a `url`."""

    command: str | None = setting(None, "Program of a server that speaks over stdio.")
    args: tuple[str, ...] = setting(
        (), "Its arguments. ${NAME} and ${NAME:-default} are read from the environment."
    )
    env: dict[str, str] = setting(dict, "Variables for it, beside a harmless few of cass's own.")
    cwd: str | None = setting(None, "Its folder; unset: the session's, or your home for npx and its like.")
    url: str | None = setting(None, "Address of a server that speaks over HTTP.")
    transport: Literal["auto", "stdio", "http", "sse"] = setting(
        "auto", "auto: by command or url, http before sse."
    )
    headers: dict[str, str] = setting(dict, "Headers of each request.")
    oauth: McpOauthConfig = setting(McpOauthConfig, "Signing in.")
    enabled: bool = setting(True, "Use it.")
    timeout: float = setting(60, "Longest time for a call without any word of progress, seconds.", ge=1, le=3600)
    start_timeout: float = setting(30, "Longest time until it answers at all, seconds.", ge=1, le=600)
    inline: bool = setting(False, "Offer its tools at once, however many.")
    only: tuple[str, ...] = setting((), "Tools of it that are offered (patterns); none: all.")
    never: tuple[str, ...] = setting((), "Tools of it that are not offered (patterns).")


class McpConfig(Section):
    """MCP."""

    enabled: bool = setting(True, "Use servers at all.")
    servers: dict[str, McpServerConfig] = setting(
        dict, "Servers by name, besides .mcp.json and .cass/mcp.json.", project="trusted"
    )
    inline_tokens: int = setting(
        600,
        "Tools of all servers together that are offered at once, tokens; above that they are searched for.",
        ge=0,
    )
    inline_share: float = setting(
        0.02, "The same as a share of the model's window; the smaller of the two counts.", ge=0, le=1
    )
    sampling: bool = setting(True, "Let servers ask your model, each time or for a session as you say.")
    output_chars: int = setting(24_000, "What the model reads of one result, characters.", ge=1_000)
