"""`cass trust`: what a folder brings that could act, and whether it may."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import click

from cass.app import App
from cass.protocol.custom import TrustGetResult


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def trust(ctx: click.Context, as_json: bool) -> None:
    """Show what this folder brings that could act (hooks, commands, skills, MCP servers, …), and decide about it."""
    if ctx.invoked_subcommand is None:
        found = App(os.environ).trust(Path.cwd()).look()
        click.echo(found.wire_json() if as_json else _shown(found))


@trust.command()
@click.option("--digest", help="Only when this is what is there: the digest that `cass trust` printed.")
def yes(digest: str | None) -> None:
    """Let it act, as it is now. A changed byte asks again."""
    _decide("trust", digest)


@trust.command()
@click.option("--digest", help="Only when this is what is there.")
def no(digest: str | None) -> None:
    """Leave it out, without being asked, until it changes."""
    _decide("refuse", digest)


@trust.command()
def forget() -> None:
    """Take the decision about this folder back."""
    _decide("forget", None)


@trust.command("list")
def every() -> None:
    """The folders that were decided about."""
    for one in App(os.environ).decisions.all():
        click.echo(f"{one.decision:<7} {_plain(one.folder)}")


def _decide(word: Literal["trust", "refuse", "forget"], digest: str | None) -> None:
    folder = App(os.environ).trust(Path.cwd())
    if digest is None:
        seen = folder.look()
        click.echo(_shown(seen))
        digest = seen.digest
    click.echo(f"Now: {folder.decide(word, digest).state}.")


def _shown(found: TrustGetResult) -> str:
    lines = [f"{_plain(found.folder)}: {found.state}", f"digest {found.digest}"]
    for item in found.items:
        lines.append(f"\n{item.kind}: {_plain(item.path)} ({item.state}, {item.size:,} bytes)")
        lines += [f"    {_plain(line)}" for line in (item.diff or item.text).splitlines()]
    if not found.items:
        lines.append("It brings nothing that could act.")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Without what could do something to a terminal."""
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)
