"""Signing in: what comes back from the browser, what is kept of it, and who is asked for what."""

from __future__ import annotations

import asyncio
import json
import stat
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from cass.config import McpOauthConfig, McpServerConfig
from cass.errors import AuthenticationError, ConfigError
from cass.mcp import oauth, redirect
from cass.mcp.files import Definition
from cass.mcp.tokens import Tokens


def _one(**values: object) -> Definition:
    config = McpServerConfig(url="https://x.example/mcp", oauth=McpOauthConfig.model_validate(values))
    return Definition("x", config, "user", "config.toml")


@pytest.mark.parametrize(
    "pasted",
    [
        "http://127.0.0.1:5/callback?code=abc&state=s",
        " http://127.0.0.1:5/callback?state=s&code=abc\n",
        "code=abc&state=s",
        "abc",
    ],
)
def test_the_code_is_found_in_whatever_is_pasted(pasted: str) -> None:
    found = redirect.read(pasted)
    assert found.code == "abc"
    assert found.state == ("s" if "state" in pasted else None)


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("http://127.0.0.1:5/callback?error=access_denied&error_description=You+said+no", "You said no"),
        ("http://127.0.0.1:5/callback", "no code"),
        ("", "no code"),
    ],
)
def test_an_answer_without_a_code_says_what_is_wrong(pasted: str, said: str) -> None:
    with pytest.raises(AuthenticationError, match=said):
        redirect.read(pasted)


async def test_the_browser_comes_back_to_this_machine_alone() -> None:
    def get(url: str) -> int:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    async with redirect.opened(None, None, None) as back:
        assert back.address.startswith("http://127.0.0.1:")
        other = back.address.replace("/callback", "/favicon.ico")
        assert await asyncio.to_thread(get, other) == 404
        assert await asyncio.to_thread(get, f"{back.address}?code=one&state=s") == 200
        assert (await back.result()).code == "one"
        assert await asyncio.to_thread(get, f"{back.address}?code=two&state=s") == 200
        assert (await back.result()).code == "two"


async def test_who_connects_and_says_nothing_holds_up_nobody() -> None:
    async with redirect.opened(None, None, None) as back:
        port = int(back.address.split(":")[2].split("/")[0])
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /callback?code=x HTTP/1.1\r\n\r\n")
        assert b"Signed in" in await reader.read()
        assert (await back.result()).code == "x"
        silent.close()


async def test_a_paste_counts_when_the_browser_is_elsewhere() -> None:
    async def paste() -> str:
        return "http://127.0.0.1:9/callback?code=pasted&state=s"

    async with redirect.opened(None, None, paste) as back:
        assert (await back.result()).code == "pasted"


async def test_the_port_that_is_registered_is_used_again_unless_it_is_taken() -> None:
    async with redirect.opened(None, None, None) as first:
        port = int(first.address.split(":")[2].split("/")[0])
        async with redirect.opened(None, port, None) as second:
            assert second.address != first.address
        with pytest.raises(AuthenticationError, match=f"port {port}"):
            async with redirect.opened(port, None, None):
                pass
    async with redirect.opened(None, port, None) as third:
        assert third.address == first.address


async def test_what_signing_in_gave_is_the_owner_s_alone(tmp_path: Path) -> None:
    kept = Tokens(tmp_path / "tokens" / "x.json")
    assert await kept.get_tokens() is None
    await kept.set_tokens(OAuthToken(access_token="a", refresh_token="r"))
    await kept.set_client_info(
        OAuthClientInformationFull(client_id="me", redirect_uris=["http://127.0.0.1:5/callback"])
    )  # pyright: ignore[reportArgumentType]
    await kept.set_tokens(OAuthToken(access_token="b"))
    again = Tokens(kept.file)
    tokens = await again.get_tokens()
    assert tokens
    assert (tokens.access_token, tokens.refresh_token) == ("b", "r")
    assert again.redirect == "http://127.0.0.1:5/callback"
    assert stat.S_IMODE(kept.file.stat().st_mode) == 0o600
    again.forget("tokens")
    assert not again.are_there
    client = await again.get_client_info()
    assert client
    assert client.client_id == "me"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tokens": 5, "client": []}', "[" * 9_000])
async def test_a_damaged_file_counts_as_not_signed_in(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    kept = Tokens(tmp_path / "x.json")
    assert await kept.get_tokens() is None
    assert await kept.get_client_info() is None
    assert kept.redirect == ""
    assert not kept.are_there


def test_nothing_is_registered_anywhere_before_the_user_signs_in(tmp_path: Path) -> None:
    assert oauth.quiet(_one(), tmp_path, {}) is None
    oauth.tokens(_one(), tmp_path).file.write_text(
        json.dumps({"tokens": {"access_token": "a", "token_type": "Bearer"}})
    )
    assert oauth.quiet(_one(), tmp_path, {}) is not None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"grant": "client"}, "needs oauth.client_id"),
        ({"grant": "client", "client_id": "me"}, "needs oauth.client_secret_env"),
        ({"grant": "client", "client_id": "me", "client_secret_env": "NOT_SET"}, "NOT_SET is not set"),
        ({"grant": "jwt", "client_id": "me"}, "needs oauth.key_env"),
        ({"grant": "enterprise"}, "needs oauth.idp_token_url"),
    ],
)
def test_what_a_way_of_signing_in_lacks_is_named(tmp_path: Path, values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        oauth.quiet(_one(**values), tmp_path, {})


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://a/$(touch x) y", "vscode://x", "javascript:alert(1)", "http://a/\x1b[2J"]
)
async def test_no_browser_opens_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    opened: list[str] = []

    async def show(address: str) -> None:
        opened.append(address)

    async def connect(auth: object) -> None:
        await auth.context.redirect_handler(url)  # pyright: ignore

    with pytest.raises(AuthenticationError, match="an address to sign in at that is none"):
        await oauth.login(_one(), tmp_path, {}, show, None, connect)
    assert opened == []
