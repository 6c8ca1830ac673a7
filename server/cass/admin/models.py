"""`cass models`: what can be talked to, and what was learned about it."""

from __future__ import annotations

import asyncio
import os

import click

from cass.app import App


@click.command()
@click.argument("name", required=False)
@click.option(
    "--probe", is_flag=True, help="Make small real requests to NAME (or the default model) and say what it can do."
)
def models(name: str | None, probe: bool) -> None:
    """List the models of the configured providers. NAME narrows the list to names that contain it."""
    asyncio.run(_probe(name) if probe else _list(name or ""))


async def _list(part: str) -> None:
    app = App(os.environ)
    try:
        found = await app.list_models()
    finally:
        await app.close()
    for model in found.models:
        if part.lower() in model.name.lower():
            window = f"  {model.context_window:,} tokens" if model.context_window else ""
            price = f"  ${model.input_price:g}/${model.output_price:g}" if model.input_price is not None else ""
            click.echo(f"{model.name}{window}{price}")
    for problem in found.problems:
        click.echo(problem, err=True)


async def _probe(name: str | None) -> None:
    app = App(os.environ)
    try:
        wanted = name or await app.models.default()
        for line in await app.models.probe(wanted):
            click.echo(line)
    finally:
        await app.close()
