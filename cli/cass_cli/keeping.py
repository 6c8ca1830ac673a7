"""`cass sessions search|fork|rename|tag|archive|export|import|prune`: keeping sessions, through the protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from cass_cli.client import CassClient
from cass_cli.commands import with_client
from cass_cli.escape import escape, escape_line
from cass_cli.fields import Json, get_int, get_list, get_object, get_text, get_texts
from cass_cli.opening import START_LIMIT, find_session, greet
from cass_cli.options import Options
from cass_cli.paint import Paint
from cass_cli.words import (
    EXIT_FAILED,
    EXIT_OK,
    SESSION_EXPORT,
    SESSION_FORK,
    SESSION_IMPORT,
    SESSION_PRUNE,
    SESSION_SEARCH,
    SESSION_SET_INFO,
)

Server = subprocess.Popen[bytes] | None

LONG = 600.0
"""Seconds for what reads or writes many files."""


def commands() -> tuple[click.Command, ...]:
    """The commands of the group `cass sessions` that are made here."""
    return _search, _fork, _rename, _tag, _archive, _unarchive, _export, _import, _prune


def hit_lines(hit: Json, width: int, paint: Paint) -> str:
    """A session that was found, and below it the place, with what was looked for set off."""
    from cass_cli.stored import session_line

    return f"{session_line(get_object(hit, 'session'), width)}\n    {_snippet(hit, width - 4, paint)}"


def _snippet(hit: Json, width: int, paint: Paint) -> str:
    text, out, at = get_text(hit, "snippet"), "", 0
    marks = hit.get("marks")
    pairs = [mark for mark in marks if isinstance(mark, list) and len(mark) == 2] if isinstance(marks, list) else []  # pyright: ignore
    text = text[: max(20, width)]
    for start, end in pairs:  # pyright: ignore[reportUnknownVariableType]
        if isinstance(start, int) and isinstance(end, int) and at <= start < end <= len(text):
            out += escape_line(text[at:start]) + paint.cyan(escape_line(text[start:end]))
            at = end
    return out + escape_line(text[at:])


def _with_greeting(server: Server, work: Callable[[CassClient], Awaitable[int]]) -> int:
    async def greeted(client: CassClient) -> int:
        await greet(client, Options(cwd=Path.cwd()), person=False)
        return await work(client)

    return with_client(server, greeted)


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option("--all", "everywhere", is_flag=True, help="In all folders, not just this one.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many, at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def _search(server: Server, words: tuple[str, ...], everywhere: bool, limit: int, as_json: bool) -> int:
    """Find sessions by what was said and done in them. All words must be there, each as the beginning of one;
    "words in quotes" as they stand."""
    quoted = " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in words)

    async def work(client: CassClient) -> int:
        params: Json = {"query": quoted, "limit": limit}
        if not everywhere:
            params["cwd"] = str(Path.cwd())
        found = await client.request(SESSION_SEARCH, params, limit=LONG)
        paint, width = Paint.for_stream(sys.stdout), shutil.get_terminal_size().columns
        for hit in get_list(found, "hits"):
            click.echo(json.dumps(hit) if as_json else hit_lines(hit, width, paint))
        if unread := get_int(found, "unread"):
            click.echo(f"{unread} sessions could not be looked at in time; the same search again does.", err=True)
        if not get_list(found, "hits") and not as_json:
            click.echo(
                "Nothing found." if everywhere else "Nothing found in this folder's sessions; --all searches all."
            )
        return EXIT_OK if get_list(found, "hits") else EXIT_FAILED

    return _with_greeting(server, work)


@click.command("fork")
@click.argument("session_id", metavar="ID")
@click.option(
    "--turn", metavar="TURN", help="Up to the end of this turn: its number from 1, from the end as -1, or id."
)
@click.pass_obj
def _fork(server: Server, session_id: str, turn: str | None) -> int:
    """Begin a new session with what another one holds. Prints the new id."""

    async def work(client: CassClient) -> int:
        params: Json = {"sessionId": await find_session(client, session_id)}
        if turn and turn.removeprefix("-").isdecimal():
            params["turn"] = int(turn)
        elif turn:
            params["turnId"] = turn
        made = get_object(await client.request(SESSION_FORK, params, limit=LONG), "session")
        click.echo(get_text(made, "sessionId"))
        return EXIT_OK

    return _with_greeting(server, work)


def _set(server: Server, session_id: str, said: Callable[[Json], str], **fields: object) -> int:
    async def work(client: CassClient) -> int:
        params: Json = {"sessionId": await find_session(client, session_id), **fields}
        answer = await client.request(SESSION_SET_INFO, params, limit=START_LIMIT)
        click.echo(escape_line(said(get_object(answer, "session"))))
        return EXIT_OK

    return _with_greeting(server, work)


@click.command("rename")
@click.argument("session_id", metavar="ID")
@click.argument("title", nargs=-1, required=True)
@click.pass_obj
def _rename(server: Server, session_id: str, title: tuple[str, ...]) -> int:
    """Give a session a title, which stays."""
    return _set(server, session_id, lambda info: get_text(info, "title"), title=" ".join(title)[:200])


@click.command("tag")
@click.argument("session_id", metavar="ID")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Take them away.")
@click.pass_obj
def _tag(server: Server, session_id: str, tags: tuple[str, ...], remove: bool) -> int:
    """Tag a session."""
    field = "removeTags" if remove else "addTags"

    def said(info: Json) -> str:
        return " ".join(f"#{tag}" for tag in get_texts(info, "tags")) or "No tags."

    return _set(server, session_id, said, **{field: list(tags)})


@click.command("archive")
@click.argument("session_id", metavar="ID")
@click.pass_obj
def _archive(server: Server, session_id: str) -> int:
    """Leave a session out of lists; searches still find it."""
    return _set(server, session_id, lambda info: f"Archived {get_text(info, 'sessionId')}.", archived=True)


@click.command("unarchive")
@click.argument("session_id", metavar="ID")
@click.pass_obj
def _unarchive(server: Server, session_id: str) -> int:
    """List a session again."""
    return _set(server, session_id, lambda info: f"Listed again: {get_text(info, 'sessionId')}.", archived=False)


@click.command("export")
@click.argument("session_id", metavar="ID")
@click.option(
    "--format", "form", type=click.Choice(["markdown", "html", "json"]), help="As FILE ends, else markdown."
)
@click.option("-o", "--output", metavar="FILE", help="Write to this file, which must not be there yet.")
@click.pass_obj
def _export(server: Server, session_id: str, form: str | None, output: str | None) -> int:
    """Write a session down: Markdown or one HTML page for reading, JSON with all of it."""
    ending = Path(output).suffix.lower() if output else ""
    path = str(Path(output).absolute()) if output else ""
    chosen = form or {".html": "html", ".htm": "html", ".json": "json"}.get(ending, "markdown")

    async def work(client: CassClient) -> int:
        params: Json = {"sessionId": await find_session(client, session_id), "format": chosen}
        if output:
            params["path"] = path
        written = await client.request(SESSION_EXPORT, params, limit=LONG)
        if output:
            click.echo(f"Written to {escape_line(output)}.")
        elif sys.stdout.isatty():
            click.echo(escape(get_text(written, "content")), nl=False)
        else:
            click.echo(get_text(written, "content"), nl=False)
        return EXIT_OK

    return _with_greeting(server, work)


@click.command("import")
@click.argument("what", metavar="FILE|PROGRAM")
@click.option("--format", "form", help="What the file is; else it is looked at.")
@click.pass_obj
def _import(server: Server, what: str, form: str | None) -> int:
    """Bring sessions in: a file that `cass sessions export --format json` wrote, a log of Claude Code or Codex, aider's
    history. PROGRAM (claude, codex or aider) takes all its logs about this folder that are not here yet."""
    path = Path(what)
    params: Json = {"cwd": str(Path.cwd())}
    if form:
        params["format"] = form
    if path.exists() or form or path.suffix or len(path.parts) > 1:
        params["path"] = str(path.absolute())
    else:
        params["format"] = what

    async def work(client: CassClient) -> int:
        from cass_cli.stored import session_line

        found = await client.request(SESSION_IMPORT, params, limit=LONG)
        width = shutil.get_terminal_size().columns
        for info in get_list(found, "sessions"):
            click.echo(session_line(info, width))
        if left_out := get_int(found, "leftOut"):
            click.echo(f"{left_out} damaged or unknown parts were left out.", err=True)
        for problem in get_texts(found, "problems"):
            click.echo(escape_line(problem), err=True)
        if not get_list(found, "sessions"):
            click.echo("Nothing new to bring in.")
        return EXIT_OK

    return _with_greeting(server, work)


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say which.")
@click.pass_obj
def _prune(server: Server, dry_run: bool) -> int:
    """Remove the sessions that the settings `sessions.keep_days` and so on keep no longer."""

    async def work(client: CassClient) -> int:
        from cass_cli.stored import session_line

        found = get_list(await client.request(SESSION_PRUNE, {"dryRun": dry_run}, limit=LONG), "sessions")
        for info in found:
            click.echo(session_line(info, shutil.get_terminal_size().columns))
        done = "would be removed" if dry_run else "removed"
        click.echo(f"{len(found)} {'session' if len(found) == 1 else 'sessions'} {done}.")
        return EXIT_OK

    return _with_greeting(server, work)
