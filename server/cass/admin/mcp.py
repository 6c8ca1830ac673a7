"""`cass mcp`: which MCP servers there are; add, remove, import them, try one, sign in; be one."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import cast

import click
import tomlkit

from cass import brought, plainfile
from cass.admin import ownfile
from cass.app import App
from cass.errors import ConfigError
from cass.mcp import files, importing, trusted
from cass.mcp.files import Definition, Definitions
from cass.protocol.methods import Rules
from cass.protocol.wire import JsonObject

_MOST_BYTES = 1_000_000


class _Group(click.Group):
    """Loads what starts servers only when it is called: it takes a while."""

    _LATE = ("login", "logout", "test")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self._LATE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._LATE:
            return cast("click.Command", getattr(importlib.import_module("cass.admin.mcp_trying"), cmd_name))
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Group)
def mcp() -> None:
    """Servers of the Model Context Protocol."""


@mcp.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON lines.")
def every(as_json: bool) -> None:
    """Every server: what it runs or asks, where it stands, whether it may act. Starts none of them."""
    app = App(os.environ)
    found = look(app)
    for name, one in sorted(found.found.items()):
        click.echo(json.dumps(_row(app, one)) if as_json else f"{plain(name):<16} {_line(app, one)}")
    for problem in found.problems:
        click.echo(f"wrong: {plain(problem)}", err=True)
    if not found.found and not as_json:
        click.echo("There are no MCP servers. `cass mcp add NAME -- COMMAND` or `cass mcp add NAME URL` adds one.")


@mcp.command()
@click.argument("name")
@click.argument("target", nargs=-1, required=True)
@click.option(
    "--env", "-e", multiple=True, metavar="NAME=VALUE", help="A variable for it; ${NAME} is read when it starts."
)
@click.option("--header", "-H", multiple=True, metavar="'NAME: VALUE'", help="A header of each request.")
@click.option(
    "--transport", type=click.Choice(["auto", "stdio", "http", "sse"]), default="auto", help="How it speaks."
)
@click.option("--project", is_flag=True, help="For everybody in this project: in .mcp.json.")
@click.option("--force", is_flag=True, help="In place of one of the same name.")
def add(
    name: str,
    target: tuple[str, ...],
    env: tuple[str, ...],
    header: tuple[str, ...],
    transport: str,
    project: bool,
    force: bool,
) -> None:
    """Add a server: cass mcp add NAME URL, or cass mcp add NAME -- COMMAND ARGUMENTS."""
    entry: JsonObject = {}
    if len(target) == 1 and target[0].startswith(("http://", "https://")):
        entry["url"] = target[0]
    else:
        entry["command"], *rest = target
        if rest:
            entry["args"] = rest
    if env:
        entry["env"] = dict(_pair(one, "=", "--env") for one in env)
    if header:
        entry["headers"] = dict(_pair(one, ":", "--header") for one in header)
    if transport != "auto":
        entry["transport"] = transport
    try:
        files.check(name, files.server(entry))
    except ValueError as error:
        raise ConfigError(f"the server {name!r} {error}") from None
    file = _to_project(name, entry, force) if project else _to_settings({name: entry}, force)
    click.echo(f"{name} is in {file}. `cass mcp test {name}` tries it.")
    if project:
        click.echo("It acts once this folder is trusted as it is now: `cass trust`.")


@mcp.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a server from your own settings, or from this project's .mcp.json."""
    app = App(os.environ)
    file = app.places.config_file
    document = ownfile.document(file)
    servers = ownfile.table(document, "mcp", "servers")
    if name in servers:
        del servers[name]
        ownfile.write(file, ownfile.checked(document, file))
    else:
        file = _project_file()
        text, entries = _entries(file)
        if name not in entries:
            raise ConfigError(
                f"no server {name!r} is in your settings or in {file}", hint="`cass mcp list` shows all."
            )
        del entries[name]
        _write_json(file, text, entries)
    click.echo(f"{name} is out of {file}.")


@mcp.command("import")
@click.argument("tool", default="")
@click.option("--dry-run", is_flag=True, help="Only say what would be added.")
def import_(tool: str, dry_run: bool) -> None:
    """Add to your settings the servers that other tools know: claude, claude-desktop, cursor, vscode, windsurf, gemini,
    codex; without a name all of them. What has the name of one that you have stays out."""
    app = App(os.environ)
    known = {name for name, _ in importing.places(app.places.home, Path.cwd())}
    if tool and tool not in known:
        raise ConfigError(f"cass cannot read servers of {tool!r}", hint=f"It can of: {', '.join(sorted(known))}.")
    own = app.load(None).config.mcp.servers
    taken: dict[str, JsonObject] = {}
    for one in importing.found(app.places.home, Path.cwd(), tool):
        name = f"{plain(one.name)} of {one.tool} ({one.file})"
        if one.config is None:
            click.echo(f"left out  {name}: {plain(one.problem)}", err=True)
        elif one.name in own or one.name in taken:
            click.echo(f"there     {name}")
        else:
            taken[one.name] = cast("JsonObject", one.config.model_dump(mode="json", exclude_defaults=True))
            click.echo(f"{'would add' if dry_run else 'added    '} {name}")
    if taken and not dry_run:
        click.echo(f"They are in {_to_settings(taken, False)}.")
    if not taken:
        click.echo("Nothing to add.")


@mcp.command()
@click.option("--cwd", default=".", help="The folder to work in.", type=click.Path(exists=True, file_okay=False))
@click.option("--mode", type=click.Choice(["plan", "active"]), help="plan: propose only; active: do it.")
@click.option("--approval", type=click.Choice(["ask", "edits", "auto"]), help="What needs asking.")
@click.option("--model", help="The model of the tool cass, as provider/model.")
@click.option("--allow", multiple=True, metavar="RULE", help="Allow calls that match.")
@click.option("--deny", multiple=True, metavar="RULE", help="Refuse calls that match.")
def serve(
    cwd: str,
    mode: str | None,
    approval: str | None,
    model: str | None,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
) -> None:
    """Be an MCP server on standard input and output: cass's tools, and cass itself, for other programs."""
    from cass.mcp_server.serve import serve as run

    given = (("mode", mode), ("approval", approval), ("model", model))
    chosen = {key: value for key, value in given if value}
    sys.exit(run(os.environ, Path(cwd).resolve(), chosen, Rules(allow=allow, deny=deny)))


def look(app: App) -> Definitions:
    """All servers of this folder, as a session would find them."""
    cwd = Path.cwd()
    loaded = app.load(cwd)
    wiring, allows = app.mcp(loaded.config), app.trust(cwd).allows
    places = files.Places(cwd, app.places.home, allows, loaded.origins, wiring.environ, wiring.kept_back)
    return files.definitions(loaded.config.mcp.servers, places)


def one_of(app: App, name: str) -> Definition:
    """The server of this name, which may act. ConfigError."""
    found = look(app)
    one = found.found.get(name)
    if one is None:
        wrong = next((text for text in found.problems if repr(name) in text), "")
        there = ", ".join(sorted(found.found)) or "none"
        raise ConfigError(wrong or f"there is no MCP server {name!r}", hint=f"There is: {there}.")
    if not _may_run(app, one):
        raise ConfigError(f"{name} is brought by this folder, which is not trusted as it is", hint="cass trust")
    return one


def plain(text: str) -> str:
    """Without anything that a terminal would act on."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _may_run(app: App, one: Definition) -> bool:
    return trusted.may_run(one, app.trust(Path.cwd()).allows, Path.cwd(), app.places.home)


def _row(app: App, one: Definition) -> JsonObject:
    told = one.config.model_dump(mode="json", exclude_defaults=True, exclude={"env", "headers"})
    return {"name": one.name, "origin": one.origin, "where": one.where, "mayAct": _may_run(app, one), **told}


def _line(app: App, one: Definition) -> str:
    what = one.config.url or " ".join([one.config.command or "", *one.config.args])
    off = "" if one.config.enabled else "  (off)"
    held = "" if _may_run(app, one) else "  (held back: cass trust)"
    return f"{plain(what)[:90]}  [{plain(one.where)}]{off}{held}"


def _pair(text: str, sign: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition(sign)
    if not found or not name.strip():
        raise ConfigError(f"{option} {text!r} is not NAME{sign}VALUE")
    return name.strip(), value.strip() if sign == ":" else value


def _to_settings(entries: dict[str, JsonObject], force: bool) -> Path:
    file = App(os.environ).places.config_file
    document = ownfile.document(file)
    servers = ownfile.table(document, "mcp", "servers")
    for name, entry in entries.items():
        if name in servers and not force:
            raise ConfigError(f"{name} is in {file} already", hint="--force puts this one in its place.")
        servers[name] = _table(entry)
    ownfile.write(file, ownfile.checked(document, file))
    return file


def _table(entry: JsonObject) -> object:
    made = tomlkit.table()
    for key, value in entry.items():
        made[key] = value
    return made


def _to_project(name: str, entry: JsonObject, force: bool) -> Path:
    file = _project_file()
    text, entries = _entries(file)
    if name in entries and not force:
        raise ConfigError(f"{name} is in {file} already", hint="--force puts this one in its place.")
    if "transport" in entry:
        entry["type"] = entry.pop("transport")
    elif "url" in entry:
        entry["type"] = "http"
    entries[name] = entry
    _write_json(file, text, entries)
    return file


def _project_file() -> Path:
    return brought.project_folders(Path.cwd(), App(os.environ).places.home)[0] / ".mcp.json"


def _entries(file: Path) -> tuple[str, JsonObject]:
    try:
        text = plainfile.read(file, _MOST_BYTES).decode("utf-8-sig")
        return text, files.read(text)
    except FileNotFoundError:
        return "{}", {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be changed: {error}", where=str(file)) from None


def _write_json(file: Path, text: str, entries: JsonObject) -> None:
    whole = cast("JsonObject", json.loads(text))
    whole["mcpServers" if "mcpServers" in whole or "servers" not in whole else "servers"] = entries
    try:
        file.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(file)) from None
