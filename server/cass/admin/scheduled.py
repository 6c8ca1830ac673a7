"""`cass schedule install`: the file that has the system start the daemon."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from cass import places, private
from cass.errors import ConfigError
from cass.schedules import units


@click.command()
@click.option("--system", type=click.Choice(["systemd", "launchd", "windows"]), help="Where not this machine's.")
@click.option("--write", is_flag=True, help="Write the file; else it is only shown.")
@click.option("--force", is_flag=True, help="Also over one that is there and is another.")
def install(system: units.System | None, write: bool, force: bool) -> None:
    """Show the unit (systemd, launchd, Windows) that starts the daemon when you log in, and what to do with it."""
    command = [sys.executable, "-P", "-m", "cass", "schedule", "daemon"]
    unit = units.unit(system or units.here(), command, os.environ, places.find(os.environ).home)
    click.echo(f"# {unit.path}\n{unit.text}")
    if write:
        _write(unit.path, unit.text, force=force)
        click.echo(f"Written to {unit.path}. Now:")
    else:
        click.echo("Not written: `cass schedule install --write` does. Then:")
    for line in unit.start:
        click.echo(f"    {line}")
    click.echo("To take it back:")
    for line in unit.remove:
        click.echo(f"    {line}")


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        there = path.read_text("utf-8") if path.exists() else text
        if there != text and not force:
            raise ConfigError("another file is there", where=str(path), hint="Look at it; --force replaces it.")
        private.write(path, text.encode())
    except OSError as error:
        raise ConfigError(f"it cannot be written: {error.strerror}", where=str(path)) from None
