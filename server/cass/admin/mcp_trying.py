"""`cass mcp test`, `login`, `logout`: one server, for real, without a session."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from cass.admin.given import json_object
from cass.admin.mcp import one_of, plain
from cass.app import App
from cass.errors import ConfigError, ToolError
from cass.mcp import oauth
from cass.mcp.hearing import Action, Sampled, Sampling
from cass.mcp.server import Around, Server
from cass.protocol.messages import Text
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from cass.mcp.facts import Facts
    from cass.mcp.files import Definition
    from cass.mcp.oauth import Auth

_LOGIN_SECONDS = 600.0
_SHOWN = 10_000


@dataclass(frozen=True)
class Wanted:
    """What to do once it runs: the call, if any; whether its questions are answered with what it suggests."""

    tool: str = ""
    arguments: JsonObject | None = None
    defaults: bool = False
    quiet: bool = False


@click.command()
@click.argument("name")
@click.option("--call", "tool", default="", metavar="TOOL", help="Call this tool of it, too.")
@click.option("--input", "given", default="{}", metavar="JSON", help="The arguments of the call.")
@click.option("--login", "sign_in", is_flag=True, help="Sign in where it wants that, in the browser.")
@click.option("--defaults", is_flag=True, help="Answer its questions with what it suggests.")
def test(name: str, tool: str, given: str, sign_in: bool, defaults: bool) -> None:
    """Start the server NAME, list what it offers, and call a tool of it. The exit code is 1 when that fails."""
    arguments = json_object("--input", given, '{"path": "README.md"}')
    wanted = Wanted(tool, arguments, defaults)
    sys.exit(asyncio.run(_tried(name, wanted, sign_in=sign_in)))


@click.command()
@click.argument("name")
@click.option("--no-browser", is_flag=True, help="Only print the address; paste what the browser ended on.")
def login(name: str, no_browser: bool) -> None:
    """Sign in to the server NAME in a browser, anew."""
    app = App(os.environ)
    one = one_of(app, name)
    if one.config.url is None:
        raise ConfigError(f"{name} is a program of this machine; there is nothing to sign in to")
    oauth.tokens(one, app.mcp_tokens).forget("tokens")
    code = asyncio.run(_tried(name, Wanted(quiet=True), sign_in=True, browser=not no_browser))
    if code == 0:
        kept = oauth.tokens(one, app.mcp_tokens).are_there
        click.echo(f"You are signed in to {name}." if kept else f"{name} wants no signing in.")
    sys.exit(code)


@click.command()
@click.argument("name")
def logout(name: str) -> None:
    """Forget what signing in to the server NAME gave."""
    app = App(os.environ)
    oauth.tokens(one_of(app, name), app.mcp_tokens).forget()
    click.echo(f"What signing in to {name} gave is forgotten.")


async def _tried(name: str, wanted: Wanted, *, sign_in: bool, browser: bool = True) -> int:
    app = App(os.environ)
    one = one_of(app, name)
    codes: list[int] = []
    try:
        if not sign_in or one.config.url is None:
            return await _run(app, one, wanted, app.mcp(app.config).auth(one))

        async def connect(auth: Auth) -> None:
            patient = one.config.model_copy(update={"start_timeout": _LOGIN_SECONDS, "timeout": _LOGIN_SECONDS})
            codes.append(await _run(app, replace(one, config=patient), wanted, auth))

        async def show(url: str) -> None:
            click.echo(f"Sign in at:\n  {url}")
            opened = browser and await asyncio.to_thread(webbrowser.open, url)
            if sys.stdin.isatty():
                click.echo("Waiting for the browser. Or paste here the address that it ended on:")
            elif not opened:
                click.echo("Waiting for the browser.")

        paste = _pasted if sys.stdin.isatty() or not browser else None
        await oauth.login(one, app.mcp_tokens, os.environ, show, paste, connect)
        return codes[0]
    finally:
        await app.close()


async def _run(app: App, one: Definition, wanted: Wanted, auth: Auth | None) -> int:
    def signed(_: Definition) -> Auth | None:
        return auth

    wiring = replace(app.mcp(app.config), auth=signed)
    server = Server(one, wiring, Around(_Person(wanted), lambda _: True, lambda _: None, Path.cwd()))
    began = time.monotonic()
    server.start()
    try:
        await server.settled(one.config.start_timeout + 5.0)
        facts = server.kept.facts
        if server.state not in ("ready", "changed") or facts is None:
            click.echo(f"{one.name} does not run: {plain(server.problem) or server.state}", err=True)
            if server.state == "login":
                click.echo(f"cass mcp login {one.name}", err=True)
            return 1
        if not wanted.quiet:
            _tell(facts, time.monotonic() - began)
        return await _called(server, wanted) if wanted.tool else 0
    finally:
        await server.close()
        if server.complaints.strip() and not wanted.quiet:
            click.echo(f"It said:\n{_lines(server.complaints[-2_000:])}", err=True)


async def _called(server: Server, wanted: Wanted) -> int:
    try:
        connection = await server.connection()
        result = await connection.call(wanted.tool, wanted.arguments or {}, lambda text: click.echo(_lines(text)))
    except ToolError as error:
        click.echo(f"The call failed: {_lines(error.message)}", err=True)
        return 1
    click.echo(
        _lines(json.dumps(result.model_dump(mode="json", by_alias=True, exclude_none=True), indent=1))[:_SHOWN]
    )
    return 1 if result.is_error else 0


def _tell(facts: Facts, seconds: float) -> None:
    click.echo(f"{plain(facts.title) or 'It'} answers over {facts.transport} ({facts.era}) after {seconds:.2f} s.")
    for tool in facts.tools:
        click.echo(f"  tool      {plain(tool.name):<28} {plain(tool.description)[:80]}")
    for prompt in facts.prompts:
        click.echo(f"  prompt    {plain(prompt.name):<28} {plain(prompt.description)[:80]}")
    for resource in facts.resources[:20]:
        click.echo(f"  resource  {plain(resource.uri):<28} {plain(resource.name)[:80]}")
    if len(facts.resources) > 20:
        click.echo(f"  … {len(facts.resources) - 20} more resources")
    for problem in facts.skipped:
        click.echo(f"  {plain(problem)}")


def _lines(text: str) -> str:
    return "\n".join(plain(line) for line in text.splitlines())


async def _pasted() -> str:
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        loop.remove_reader(sys.stdin.fileno())
        text = sys.stdin.readline()
        if not line.done() and text:
            line.set_result(text)

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        return await line
    finally:
        loop.remove_reader(sys.stdin.fileno())


class _Person:
    """Whoever runs the command, as the server sees them."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def roots(self) -> Sequence[Path]:
        """This folder."""
        return (Path.cwd(),)

    async def form(self, server: str, message: str, schema: JsonObject) -> tuple[Action, JsonObject]:
        """The fields one by one; without a terminal what it suggests, where that was asked for, or a refusal."""
        fields = cast("dict[str, JsonObject]", schema.get("properties") or {})
        suggested = {name: field["default"] for name, field in fields.items() if "default" in field}
        if self._wanted.defaults:
            return "accept", suggested
        if not sys.stdin.isatty():
            click.echo(f"{server} asks, and nobody is here to answer: {_lines(message)}", err=True)
            return "decline", {}
        click.echo(f"{plain(server)} asks: {_lines(message)}")
        if not await asyncio.to_thread(click.confirm, "Answer it?"):
            return "decline", {}
        given: JsonObject = {}
        for name, field in fields.items():
            words = plain(str(field.get("title") or name))
            given[name] = await asyncio.to_thread(click.prompt, words, default=suggested.get(name, ""))
        return "accept", given

    async def visit(self, server: str, message: str, url: str) -> Action:
        """Shown; opened by the user alone."""
        click.echo(f"{plain(server)} asks you to open {plain(url)}: {_lines(message)}")
        return "accept" if sys.stdin.isatty() and await asyncio.to_thread(click.confirm, "Done?") else "decline"

    async def sample(self, server: str, wanted: Sampling) -> Sampled | str:
        """No model is here."""
        said = " ".join(block.text for m in wanted.messages for block in m.content if isinstance(block, Text))
        click.echo(f"{plain(server)} asks for a model's answer to: {_lines(said[:500])}")
        return "there is no model here: cass mcp test has none"
