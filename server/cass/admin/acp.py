"""`cass acp`: the door for ACP clients, with settings on the command line, and the setting up that they offer."""

from __future__ import annotations

import os
import sys

import click

from cass import registry
from cass.layers import Tree
from cass.llm import keys


@click.command()
@click.option("-m", "--model", help="The model, as provider/model.")
@click.option("--mode", type=click.Choice(["plan", "active"]), help="plan keeps changes as proposals.")
@click.option("--approval", type=click.Choice(["ask", "edits", "auto"]), help="What is asked about in active mode.")
@click.option("--setup", is_flag=True, help="Choose a provider and give its key, in this terminal; then end.")
def acp(model: str | None, mode: str | None, approval: str | None, setup: bool) -> None:
    """Serve an editor or a program that speaks Agent Client Protocol, on standard input and output."""
    if setup:
        set_up()
        return
    from cass.acp.serve import serve

    given = {"model": model, "mode": mode, "approval": approval}
    flags: Tree = {name: value for name, value in given.items() if value is not None}
    sys.exit(serve(os.environ, flags))


def set_up() -> None:
    """Ask for a provider and its key and keep the key in the keyring. ConfigError where there is no keyring."""
    names = sorted(module.name for module in registry.find("providers") if module.name != "scripted")
    provider = click.prompt("Provider", type=click.Choice(names), default=names[0])
    key = click.prompt("Key (empty for none)", hide_input=True, default="", show_default=False).strip()
    if not key:
        click.echo(f"{provider} is used without a key.")
        return
    keys.store(provider, key)
    click.echo(f"The key of {provider} is in the keyring.")
