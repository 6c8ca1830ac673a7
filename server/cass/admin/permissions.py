"""`cass permissions check`: what the rules say about a command, without running anything."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import cast

import click

from cass.agent.permissions import Policy, Verdict, judge, parse_rules
from cass.app import App
from cass.errors import ConfigError
from cass.ports import Action


@click.group()
def permissions() -> None:
    """Ask the permission rules."""


@permissions.command(context_settings={"ignore_unknown_options": True})
@click.option("--mode", type=click.Choice(["plan", "active"]))
@click.option("--approval", type=click.Choice(["ask", "edits", "auto"]))
@click.option("--allow", multiple=True, metavar="RULE", help="Like shell(git status*).")
@click.option("--ask", multiple=True, metavar="RULE")
@click.option("--deny", multiple=True, metavar="RULE")
@click.option(
    "--stdin",
    "from_stdin",
    is_flag=True,
    help='Read JSON lines {"command", "allow", "ask", "deny", "mode", "approval"}.',
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def check(
    mode: str | None,
    approval: str | None,
    allow: tuple[str, ...],
    ask: tuple[str, ...],
    deny: tuple[str, ...],
    from_stdin: bool,
    command: tuple[str, ...],
) -> None:
    """Print allow, ask or deny for the shell COMMAND, then the reason."""
    given: dict[str, object] = {"allow": allow, "ask": ask, "deny": deny, "mode": mode, "approval": approval}
    app = App(os.environ)
    if not from_stdin:
        if not command:
            raise click.UsageError("give a command after --, or --stdin")
        _print(_judge(app, command[0] if len(command) == 1 else shlex.join(command), given))
        return
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            try:
                case = cast("dict[str, object]", json.loads(line))
                text = str(case["command"])
            except (ValueError, KeyError, TypeError):
                raise ConfigError(f'line {number} is not {{"command": …}}', where="standard input") from None
            merged = {key: case.get(key) or value for key, value in given.items()}
            _print(_judge(app, text, merged))


def _judge(app: App, command: str, given: dict[str, object]) -> Verdict:
    cwd = Path.cwd()
    config = app.load(cwd).config
    policy = Policy(
        mode=str(given["mode"] or config.mode),
        approval=str(given["approval"] or config.approval),
        cwd=cwd,
        inside=lambda path: path.is_relative_to(cwd),
        allow=parse_rules((*config.permissions.allow, *_texts(given["allow"]))),
        ask=parse_rules((*config.permissions.ask, *_texts(given["ask"]))),
        deny=parse_rules((*config.permissions.deny, *_texts(given["deny"]))),
    )
    action = Action(title=command, kind="execute", changes=True, command=command, cwd=cwd)
    return judge("shell", action, policy)


def _texts(value: object) -> list[str]:
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list | tuple) else []


def _print(verdict: Verdict) -> None:
    click.echo(f"{verdict.answer} {verdict.reason}")
