"""`cass auth`: keys in the system's keyring."""

from __future__ import annotations

import sys

import click

from cass.errors import ConfigError
from cass.llm import keys


@click.group()
def auth() -> None:
    """Keep keys in the system's keyring. A key in the environment goes before it."""


@auth.command("set")
@click.argument("provider")
def set_(provider: str) -> None:
    """Store the key of PROVIDER. It is asked for, or read from standard input."""
    key = click.prompt("Key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    keys.store(provider, key.strip())
    click.echo(f"The key of {provider} is in the keyring.")


@auth.command()
@click.argument("provider")
def remove(provider: str) -> None:
    """Forget the key of PROVIDER."""
    if keys.delete(provider):
        click.echo(f"The key of {provider} is out of the keyring.")
    else:
        raise ConfigError(f"there is no key of {provider} in the keyring")
