"""`cass agents`: lists, shows, checks and begins profiles of sub-agents, without running any of them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import cast

import click

from cass import brought
from cass.app import App
from cass.customs import profiles
from cass.customs.profiles import Profile
from cass.errors import ConfigError

_STARTER = """\
---
name: {name}
description: Says when the model should hand a task to this sub-agent.
# All of these may be left out:
tools: [read_file, grep, glob, list_dir, shell]   # without it: all that the session may use
# disallowed-tools: [web_fetch]
# model: provider/model                            # without it: the session's
# mode: plan                                       # plan, ask, edits or auto; never wider than the session's
# max-turns: 30
# background: false
# isolation: worktree                              # it works on a copy; its changes are offered
# skills: [name]
---
What the sub-agent is, how it works, and what its last answer, the only thing that is read of it, should hold.
"""


@click.group()
def agents() -> None:
    """Profiles of sub-agents: cass's own, and Markdown files in .cass/agents, .claude/agents and the user's own folders."""


@agents.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(as_json: bool) -> None:
    """Every profile that the present folder has."""
    found = _found()
    if as_json:
        click.echo(json.dumps([_row(profile) for profile in found.profiles.values()], ensure_ascii=False, indent=2))
        return
    width = max(map(len, found.profiles))
    for name, profile in sorted(found.profiles.items()):
        click.echo(f"{name:<{width}}  {_plain(profile.description)[:200]}  ({profile.origin})")
    for problem in found.problems:
        click.echo(_plain(problem), err=True)


@agents.command()
@click.argument("name")
def show(name: str) -> None:
    """Where a profile lies, what it may, and its text."""
    profile = _found().profiles.get(name)
    if profile is None:
        raise ConfigError(f"there is no profile {name!r}", hint="`cass agents list` shows those there are.")
    click.echo(_plain(f"{profile.name}  {profile.description}\n{profile.path or 'built in'} ({profile.origin})"))
    for key, value in _row(profile).items():
        if key not in ("name", "description", "path", "origin", "notes") and value:
            words = ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)
            click.echo(_plain(f"  {key}: {words}"))
    for note in profile.notes:
        click.echo(f"  {_plain(note)}")
    click.echo(f"\n{_plain(profile.body)}")


@agents.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of {file, line, message, level}.")
def check(as_json: bool) -> None:
    """Say everything that is wrong in the profiles, each thing with file and line. Ends with 3 when one cannot be used."""
    found = _found()
    tools = set(App(os.environ).tool_names())
    rows = [_problem(problem, "error") for problem in found.problems]
    for profile in found.profiles.values():
        rows += [_problem(note, "warning") for note in profile.notes]
        for tool in (*profile.tools, *profile.never) if profile.path else ():
            if tool not in tools and not any(c in tool for c in "*?[") and not tool.startswith("mcp__"):
                rows.append(_problem(f"{profile.path}:1: there is no tool {tool!r}", "warning"))
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for row in rows:
            click.echo(_plain(f"{row['file']}:{row['line']}: {row['level']}: {row['message']}"))
        click.echo(f"{len(found.profiles)} profiles can be used, {len(found.problems) or 'none'} cannot.")
    sys.exit(3 if found.problems else 0)


@agents.command()
@click.argument("name")
@click.option("--user", is_flag=True, help="In the user's own folder, not in the project's.")
def new(name: str, user: bool) -> None:
    """Begin a profile: a commented example, never over a file that is there."""
    if not profiles.is_name(name):
        raise ConfigError(f"{name!r} is no name for a profile", hint="Letters, digits, - and _; 64 at most.")
    top = App(os.environ).places.config / "agents" if user else Path.cwd() / ".cass" / "agents"
    path = top / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_STARTER.format(name=name))
    except FileExistsError:
        raise ConfigError("there is such a profile already", where=str(path)) from None
    click.echo(f"{path}\n`cass agents check` says whether it can be used.")


def _found() -> profiles.Found:
    places = App(os.environ).places
    return profiles.find(
        brought.sources("agents", Path.cwd(), places.config, places.home), lambda path, origin: True
    )


def _row(profile: Profile) -> dict[str, object]:
    return {
        "name": profile.name,
        "description": profile.description,
        "path": str(profile.path) if profile.path else None,
        "origin": profile.origin,
        "tools": list(profile.tools),
        "disallowed-tools": list(profile.never),
        "asks": list(profile.asks),
        "model": profile.model or None,
        "effort": profile.effort or None,
        "mode": profile.mode or profile.approval or None,
        "max-turns": profile.turns,
        "background": profile.background,
        "isolation": "worktree" if profile.apart else None,
        "skills": list(profile.skills),
        "hooks": list(profile.hooks),
        "notes": list(profile.notes),
    }


def _problem(text: str, level: str) -> dict[str, object]:
    where, _, message = text.partition(": ")
    file, _, line = where.rpartition(":")
    known = line.isdecimal()
    return {"file": file if known else where, "line": int(line) if known else 1, "level": level, "message": message}


def _plain(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in text)
