"""The command line: options, their help, and which part of the client serves them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypedDict, Unpack

import click

from cass.errors import CassError
from cass_cli.client import CassClient
from cass_cli.escape import escape
from cass_cli.options import Options, OutputFormat, piped_input, with_piped
from cass_cli.words import EXIT_INTERRUPTED, EXIT_USAGE, exit_code

Server = subprocess.Popen[bytes] | None

EPILOG = """\b
Commands:
  sessions                    find, show, fork, export, import stored sessions
  demo                        watch a scripted job; no model, no key
  models                      models that can be used
  usage                       tokens and costs by day, model, project, session
  auth                        keys
  commands                    your own slash commands: list, show, check, new
  config                      settings
  trust                       what the folder brings that could act
  hooks                       the hooks that there are; try one
  mcp                         MCP servers: list, add, remove, import, test, login; be one
  schedule                    work at a time: add, list, run, history, daemon
  permissions, tool           what may run; run one tool by hand
  serve, protocol             the server for editors and programs; its protocol

\b
Exit codes:
  0 answered   1 failed   2 usage   3 configuration or key
  4 provider   5 limit reached   130 interrupted"""


class _Given(TypedDict):
    words: tuple[str, ...]
    headless: bool
    continue_last: bool
    resume: str | None
    output: OutputFormat
    model: str | None
    mode: str | None
    approval: str | None
    effort: str | None
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    max_turns: int | None
    cwd: str
    no_completion: bool
    later: bool
    trust: bool | None


def run(arguments: list[str], server: Server) -> int:
    """Parse and do. Answers the exit code; errors are said on standard error, in words."""
    first = arguments[0] if arguments else ""
    if first == "sessions":
        from cass_cli.stored import sessions_command

        command, rest = sessions_command(), arguments[1:]
    elif first == "demo":
        from cass_cli.demo import demo_command

        command, rest = demo_command(), arguments[1:]
    else:
        command, rest = chat, arguments
    try:
        result: object = command.main(
            rest, prog_name=f"cass {first}" if command is not chat else "cass", standalone_mode=False, obj=server
        )
    except click.exceptions.Abort:
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CassError as error:
        click.echo(f"cass: {escape(str(error))}", err=True)
        return EXIT_USAGE if error.kind == "usage" else exit_code("error", error.kind)
    return result if isinstance(result, int) else 0


def with_client(server: Server, work: Callable[[CassClient], Awaitable[int]]) -> int:
    """Run `work` with a connection to the server; the server is shut down afterwards, however it ends."""
    assert server is not None

    async def connected() -> int:
        client = CassClient(server)
        await client.start()
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(connected())


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=EPILOG)
@click.argument("words", metavar="[PROMPT]...", nargs=-1)
@click.option("-p", "--print", "headless", is_flag=True, help="Answer PROMPT and exit. Piped input is added to it.")
@click.option("-c", "--continue", "continue_last", is_flag=True, help="Go on with this folder's last session.")
@click.option(
    "-r", "--resume", metavar="[ID]", is_flag=False, flag_value="", help="Resume a session; without ID, pick."
)
@click.option(
    "--output-format", "output", type=click.Choice(["text", "json", "stream-json"]), default="text", help="With -p."
)
@click.option("--model", metavar="PROVIDER/MODEL", help="The model to ask.")
@click.option("--mode", type=click.Choice(["plan", "active"]), help="plan: changes are only proposed.")
@click.option("--approval", type=click.Choice(["ask", "edits", "auto"]), help="What happens without asking.")
@click.option("--effort", metavar="LEVEL", help="Reasoning effort, where the model knows it.")
@click.option("--allow", metavar="RULE", multiple=True, help="Allow without asking, e.g. 'shell(git status*)'.")
@click.option("--deny", metavar="RULE", multiple=True, help="Refuse, whatever else allows it.")
@click.option("--max-turns", type=click.IntRange(min=1), metavar="N", help="Requests to the model, at most.")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="The folder to work in.")
@click.option(
    "--trust/--no-trust", default=None, help="Let what the folder brings act, as it is now; or leave it out."
)
@click.option(
    "--prompt-later", "later", is_flag=True, hidden=True, help="Say the session's id first, then read the prompt."
)
@click.option("--no-completion", is_flag=True, help="No menu and no grey suggestions while typing.")
@click.option("--version", is_flag=True, help="Show the version.")
@click.pass_obj
def chat(server: Server, version: bool, **given: Unpack[_Given]) -> int:
    """A coding assistant. Without -p it is interactive and PROMPT, if any, is the first thing said."""
    if version:
        from cass import __version__

        click.echo(f"cass {__version__}")
        return 0
    options = _options(given)
    if options.headless:
        if not options.prompt.strip() and not options.later:
            raise click.UsageError("There is no prompt: give one after -p or pipe it in.")
        from cass_cli.headless import run_headless

        return with_client(server, lambda client: run_headless(client, options))
    _check_interactive(given)
    from cass_cli.typeahead import keeping_keys

    with keeping_keys():
        from cass_cli.repl import run_repl

        return with_client(server, lambda client: run_repl(client, options))


def _options(given: _Given) -> Options:
    if given["headless"] and given["resume"] == "":
        raise click.UsageError("-r needs the id of a session when -p is given; `cass sessions list` shows them.")
    if given["continue_last"] and given["resume"] is not None:
        raise click.UsageError("-c and -r exclude each other.")
    if not given["headless"] and given["output"] != "text":
        raise click.UsageError("--output-format needs -p.")
    prompt = " ".join(given["words"])
    return Options(
        cwd=Path(given["cwd"]).resolve(),
        prompt=with_piped(prompt, piped_input()) if given["headless"] and not given["later"] else prompt,
        later=given["later"],
        headless=given["headless"],
        continue_last=given["continue_last"],
        resume=given["resume"],
        output=given["output"],
        model=given["model"],
        mode=given["mode"],
        approval=given["approval"],
        effort=given["effort"],
        allow=given["allow"],
        deny=given["deny"],
        max_turns=given["max_turns"],
        completion=not given["no_completion"],
        trust=given["trust"],
    )


def _check_interactive(given: _Given) -> None:
    """UsageError where a typing mistake would start a session, or where nobody could type."""
    words = given["words"]
    if len(words) == 1 and not any(c.isspace() for c in words[0]):
        from difflib import get_close_matches

        from cass_cli.main import OWN_COMMANDS, SERVER_COMMANDS

        near = get_close_matches(words[0], (*OWN_COMMANDS, *SERVER_COMMANDS), n=1, cutoff=0.75)
        if near:
            raise click.UsageError(
                f"No command {words[0]!r}. Did you mean `cass {near[0]}`? To ask it as a prompt: cass -p {words[0]!r}"
            )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("This is not a terminal. Use `cass -p PROMPT` for an answer without one.")
