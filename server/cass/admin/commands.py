"""`cass commands`: lists, shows, checks and begins custom commands, without running any of them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cass import brought
from cass.app import App
from cass.brought import Source
from cass.customs import advice, checking, dryrun
from cass.customs.definition import Definition
from cass.customs.index import Entry, Index, found, name_of, named, whole
from cass.customs.starter import STARTER, kinds
from cass.errors import ConfigError


@click.group()
def commands() -> None:
    """Custom commands: Markdown files in .cass/commands, .claude/commands and the user's own folders."""


@commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(as_json: bool) -> None:
    """Every command that the present folder has, weakest place first."""
    entries = _entries()
    if as_json:
        click.echo(json.dumps([_row(entry) for entry in entries.values()], ensure_ascii=False, indent=2))
        return
    if not entries:
        click.echo("There are none. `cass commands new NAME` begins one.")
    width = max((len(name) for name in entries), default=0)
    for name, entry in sorted(entries.items()):
        problem = _fault(entry)
        says = f"cannot be read: {problem}" if problem or not entry.definition else entry.definition.description
        click.echo(f"/{name:<{width}}  {_line(says)}  ({entry.source.origin})")


@commands.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="What would be sent and run with these arguments.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def show(name: str, dry_run: bool, arguments: tuple[str, ...]) -> None:
    """Where a command lies and what it asks for; with --dry-run what it would do. Nothing is run, asked or sent."""
    entries = _entries()
    definition = _definition(entries, name)
    if dry_run or arguments:
        line = " ".join(map(_quoted, arguments))
        checking.calls(definition, lambda other: found(entries, other))
        text = asyncio.run(dryrun.text(definition, line, "", lambda other: found(entries, other)))
        click.echo(_plain(text))
        return
    click.echo(f"/{definition.name}  {_line(definition.description)}\n{definition.path} ({definition.origin})")
    for parameter in definition.parameters:
        marks = [parameter.type, "needed" if parameter.required else "", _line(parameter.description)]
        if parameter.values:
            marks.insert(1, "|".join(parameter.values))
        if parameter.default is not None:
            marks.append(f"default {parameter.default!r}")
        click.echo(f"  {parameter.name}: {', '.join(filter(None, marks))}")
    click.echo("")
    click.echo(_plain(definition.path.read_text("utf-8", "replace")))


@commands.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON array of {file, line, message, hint, level}.")
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Say everything that is wrong with NAMES (names or files; all without one), each with file and line. Ends with 3 when
    something is."""
    entries = _entries()
    app = App(os.environ)
    chosen = [_chosen(entries, name) for name in names] or list(entries.values())
    rows: list[dict[str, object]] = []
    for entry in chosen:
        problems: list[ConfigError] = []
        hints: Sequence[ConfigError] = ()
        try:
            if entry.problem:
                raise entry.problem
            definition = whole(entry)
            problems = checking.problems(definition, lambda other: found(entries, other)) + advice.faults(
                definition
            )
            hints = advice.of(definition, app.tool_names(), app.command_names())
        except ConfigError as error:
            problems = [error]
        rows += [_problem(problem, "error") for problem in problems] + [_problem(hint, "warning") for hint in hints]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for row in rows:
            click.echo(f"{row['file']}:{row['line']}: {row['level']}: {row['message']}".rstrip())
            if row["hint"]:
                click.echo(f"    {row['hint']}")
        errors = len({row["file"] for row in rows if row["level"] == "error"})
        click.echo(f"{len(chosen)} checked, {errors or 'none'} with errors.")
    sys.exit(3 if any(row["level"] == "error" for row in rows) else 0)


@commands.command()
@click.argument("name")
@click.option("--user", is_flag=True, help="In the user's own folder, not in the project's.")
@click.option(
    "--kind", type=click.Choice(kinds()), default="simple", show_default=True, help="What it begins with."
)
def new(name: str, user: bool, kind: str) -> None:
    """Begin a command: NAME, or FOLDER:NAME. Writes a commented example, never over a file that is there."""
    app = App(os.environ)
    parts = name.lstrip("/").split(":")
    top = app.places.config / "commands" if user else Path.cwd() / ".cass" / "commands"
    path = top.joinpath(*parts).with_suffix(".md") if all(parts) else top / ".md"
    if not all(parts) or any(part in (".", "..") or "/" in part for part in parts) or not name_of(path, top):
        raise ConfigError(
            f"{name!r} is no name for a command", hint="Letters, digits, _ and -; folders with a colon."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER[kind])
    except FileExistsError:
        raise ConfigError("there is such a command already", where=str(path)) from None
    click.echo(f"{path}\n`cass commands show {':'.join(parts)} --dry-run` shows what it would do.")


def _entries() -> dict[str, Entry]:
    app = App(os.environ)
    packages = [Source(folder, "user", "cass", folder) for folder in app.command_folders()]
    sources = brought.sources("commands", Path.cwd(), app.places.config, app.places.home)
    return named(Index().look([*packages, *sources]))


def _chosen(entries: dict[str, Entry], name: str) -> Entry:
    wanted = Path(name).resolve()
    for entry in entries.values():
        if entry.name == name.lstrip("/") or entry.path.resolve() == wanted:
            return entry
    if wanted.is_file():
        source = Source(wanted.parent, "project", "claude" if ".claude" in wanted.parts else "cass", wanted.parent)
        one = next((e for e in Index().look([source]) if e.path == wanted), None)
        if one:
            return one
    raise ConfigError(
        f"there is no custom command /{name.lstrip('/')}", hint="`cass commands list` shows those there are."
    )


def _definition(entries: dict[str, Entry], name: str) -> Definition:
    entry = _chosen(entries, name)
    if entry.problem:
        raise entry.problem
    return whole(entry)


def _fault(entry: Entry) -> ConfigError | None:
    """Why a file cannot be used."""
    try:
        whole(entry)
    except ConfigError as error:
        return error
    return entry.problem


def _row(entry: Entry) -> dict[str, object]:
    definition = entry.definition
    return {
        "name": entry.name,
        "description": definition.description if definition else "",
        "path": str(entry.path),
        "origin": entry.source.origin,
        "parameters": [p.name for p in definition.parameters] if definition else [],
        "problem": str(problem) if (problem := _fault(entry)) else None,
    }


def _problem(error: ConfigError, level: str) -> dict[str, object]:
    file, _, line = error.where.rpartition(":")
    message = error.message.removeprefix(f"{error.where}: ")
    known = line.isdecimal()
    return {
        "file": file if known else error.where,
        "line": int(line) if known else 1,
        "level": level,
        "message": message,
        "hint": error.hint,
    }


def _quoted(word: str) -> str:
    """A word of the shell as a word of a command's line."""
    if word and not any(char.isspace() or char in "\"'" for char in word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    head, equals, value = escaped.partition("=")
    named_ = equals and head.replace("-", "").replace("_", "").isalnum()
    return f'{head}="{value}"' if named_ else f'"{escaped}"'


def _line(text: str) -> str:
    return _plain(" ".join(text.split()))[:200]


def _plain(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in text)
