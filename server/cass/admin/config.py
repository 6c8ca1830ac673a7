"""`cass config`: show, find, read, change and check settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import click

from cass import layers, places
from cass.admin import ownfile
from cass.app import App
from cass.config import Config
from cass.errors import ConfigError


@click.group()
def config() -> None:
    """Show and change settings."""


@config.command()
def show() -> None:
    """Every setting with its value and where that came from."""
    loaded = App(os.environ).load(Path.cwd())
    for warning in loaded.warnings:
        click.echo(f"# {warning}", err=True)
    for key, _ in layers.fields():
        origin = next((w for k, w in loaded.origins.items() if k == key or k.startswith(f"{key}.")), "default")
        click.echo(f"{key} = {_shown(_value(loaded.config, key))}  # {origin}")


@config.command()
def path() -> None:
    """The file of your own settings."""
    click.echo(places.find(os.environ).config_file)


@config.command()
@click.argument("key")
def get(key: str) -> None:
    """One setting's value."""
    click.echo(_shown(_value(App(os.environ).load(Path.cwd()).config, key)))


@config.command("set")
@click.argument("key")
@click.argument("value")
def set_(key: str, value: str) -> None:
    """Change a setting in your own file. VALUE is JSON or TOML where it fits (true, 5, ["a"]), else plain text."""
    file = places.find(os.environ).config_file
    document = ownfile.document(file)
    *parents, name = key.split(".")
    table = ownfile.table(document, *parents)
    table[name] = _parsed(value)
    try:
        text = ownfile.checked(document, file)
    except ConfigError:
        if not isinstance(table[name], str):
            table[name] = value
        text = ownfile.checked(document, file)
    ownfile.write(file, text)
    click.echo(f"{key} = {_shown(table[name])}  # {file}")


@config.command()
def edit() -> None:
    """Open your own file in the editor ($VISUAL, $EDITOR)."""
    file = places.find(os.environ).config_file
    if not file.exists():
        ownfile.write(file, "# Settings of cass. `cass config show` lists all of them.\n")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    if subprocess.call([*editor.split(), str(file)]) != 0:
        raise ConfigError(f"the editor {editor!r} failed", hint="Set VISUAL or EDITOR to one that works.")
    App(os.environ).load(None)


@config.command()
def check() -> None:
    """Read all layers and say what is wrong."""
    loaded = App(os.environ).load(Path.cwd())
    for warning in loaded.warnings:
        click.echo(warning)
    click.echo("The settings are fine." if not loaded.warnings else "The other settings are fine.")
    sys.exit(0)


def _value(config: Config, key: str) -> object:
    found: object = config
    for part in key.split("."):
        if isinstance(found, dict):
            found = cast("dict[str, object]", found).get(part, ...)
        else:
            found = getattr(found, part, ...) if part in getattr(type(found), "model_fields", {}) else ...
        if found is ...:
            raise ConfigError(f"there is no setting {key}", hint="`cass config show` lists all of them.")
    return found


def _shown(value: object) -> str:
    dump = getattr(value, "model_dump", None)
    plain = dump(mode="json") if dump else value
    return json.dumps(plain, default=lambda o: o.model_dump(mode="json"), ensure_ascii=False)


def _parsed(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
