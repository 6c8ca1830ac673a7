"""`cass sessions`: the stored sessions, through the protocol like everything else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click

from cass_cli.client import CassClient
from cass_cli.commands import with_client
from cass_cli.escape import escape_line
from cass_cli.fields import Json, get_int, get_object, get_text, get_texts
from cass_cli.opening import find_session, greet, list_sessions, resume_session
from cass_cli.options import Options
from cass_cli.words import SESSION_CLOSE, SESSION_DELETE, SESSION_UPDATE

Server = subprocess.Popen[bytes] | None


def sessions_command() -> click.Group:
    """The command group `cass sessions`."""
    group = click.Group(
        "sessions",
        help="Find, show, name, fork, export, import and delete stored sessions.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    from cass_cli import keeping

    for command in (_list, _show, _delete, *keeping.commands()):
        group.add_command(command)
    return group


def session_line(info: Json, width: int) -> str:
    """One session as one line of at most `width` columns: when, how much, what about, and its id."""
    when = get_text(info, "updatedAt")[:16].replace("T", " ")
    session_id = get_text(info, "sessionId")
    tags = get_texts(info, "tags")
    title = escape_line(get_text(info, "title")) or "(no title)"
    title += escape_line("".join(f" #{tag}" for tag in tags)) + (
        " (archived)" if info.get("archived") is True else ""
    )
    room = max(8, width - len(session_id) - len(when) - 12)
    return f"{session_id}  {when}  {get_int(info, 'messages'):>4}  {title[:room]}"


def choice_line(info: Json, width: int) -> str:
    """One session as one line of at most `width` columns for a list to choose from, where no id is needed."""
    when = get_text(info, "updatedAt")[:16].replace("T", " ")
    title = escape_line(get_text(info, "title")) or "(no title)"
    return f"{when}  {title}"[: max(30, width)]


@click.command("list")
@click.option("--all", "everywhere", is_flag=True, help="Of all folders, not just this one.")
@click.option("--limit", type=click.IntRange(1, 5000), default=50, show_default=True, help="How many, at most.")
@click.option("--archived", is_flag=True, help="Archived ones, too.")
@click.option("--tag", metavar="TAG", help="Those with this tag.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def _list(server: Server, everywhere: bool, limit: int, archived: bool, tag: str | None, as_json: bool) -> int:
    """List sessions, newest first."""
    cwd = Path.cwd()

    async def work(client: CassClient) -> int:
        await greet(client, Options(cwd=cwd), person=False)
        more: Json = {"archived": archived, "tag": tag}
        found = await list_sessions(client, None if everywhere else cwd, limit=limit, **more)
        width = shutil.get_terminal_size().columns
        for info in found:
            click.echo(json.dumps(info) if as_json else session_line(info, width))
        if not found and not as_json:
            click.echo("No sessions." if everywhere else f"No sessions in {cwd}. --all shows those of all folders.")
        return 0

    return with_client(server, work)


@click.command("show")
@click.argument("session_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="The session's events, one JSON object per line.")
@click.pass_obj
def _show(server: Server, session_id: str, as_json: bool) -> int:
    """Show what happened in a session. The first characters of its id will do."""
    from cass_cli.paint import Paint
    from cass_cli.render import Renderer

    async def work(client: CassClient) -> int:
        greeting = await greet(client, Options(cwd=Path.cwd()), person=False)
        renderer = Renderer(sys.stdout.write, Paint.for_stream(sys.stdout, greeting.color), greeting.thinking)

        def updated(method: str, params: Json) -> None:
            if method == SESSION_UPDATE and as_json:
                click.echo(json.dumps(params))
            elif method == SESSION_UPDATE:
                renderer.update(get_object(params, "update"), replay=True)

        client.on_notification = updated
        found = await find_session(client, session_id)
        await resume_session(client, Options(cwd=Path.cwd()), found, replay=True)
        renderer.finish()
        await client.request(SESSION_CLOSE, {"sessionId": found}, limit=10)
        return 0

    return with_client(server, work)


@click.command("delete")
@click.argument("session_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def _delete(server: Server, session_ids: tuple[str, ...], yes: bool) -> int:
    """Delete sessions for good."""

    async def work(client: CassClient) -> int:
        await greet(client, Options(cwd=Path.cwd()), person=False)
        found = [await find_session(client, session_id) for session_id in session_ids]
        if not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("Deleting cannot be undone; without a terminal it needs --yes.")
            click.confirm(f"Delete {', '.join(found)} for good?", abort=True)
        for session_id in found:
            await client.request(SESSION_DELETE, {"sessionId": session_id}, limit=10)
            click.echo(f"Deleted {session_id}.")
        return 0

    return with_client(server, work)
