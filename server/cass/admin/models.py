"""`cass models`: what can be talked to, and what was learned about it."""

from __future__ import annotations

import asyncio
import os
import sys

import click

from cass.app import App


@click.command()
@click.argument("name", required=False)
@click.option(
    "--probe", is_flag=True, help="Make small real requests to NAME (or the default model) and say what it can do."
)
def models(name: str | None, probe: bool) -> None:
    """List the models of the configured providers. NAME narrows the list to names that contain it."""
    sys.exit(asyncio.run(_probe(name) if probe else _list(name or "")))


async def _list(part: str) -> int:
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
    return 0


async def _probe(name: str | None) -> int:
    app = App(os.environ)
    try:
        wanted = name or await app.models.default()
        report = await app.models.probe(wanted)
        click.echo("\n".join(report.lines))
        return 0 if report.ok else 4
    finally:
        await app.close()
