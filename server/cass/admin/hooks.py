"""`cass hooks`: which hooks there are, and what one makes of an event, without a model."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import click

from cass.admin.given import json_object
from cass.admin.tool import Recorder
from cass.agent import calling
from cass.agent.hooking import about
from cass.app import App
from cass.errors import ConfigError, ToolError
from cass.hooks import Around, Hook, Trial, answers, names, trials, trusted
from cass.hooks.files import Files
from cass.hooks.rules import EVENTS
from cass.protocol.messages import ToolCall
from cass.protocol.methods import SessionNewParams
from cass.protocol.wire import JsonObject
from cass.sessions.library import Library
from cass.sessions.session import Session
from cass.stores.memory import MemoryStore

_TOOL_EVENTS = ("PreToolUse", "PostToolUse", "PermissionRequest", "EditProposed")
_SHOWN = 4_000


@click.group()
def hooks() -> None:
    """Hooks: programs that are told what happens, and may object."""


@hooks.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON lines.")
def every(as_json: bool) -> None:
    """Every hook, in the order in which they run: event, matcher, what it runs, where it stands, whether it may act."""
    app = App(os.environ)
    files = Files(Path.cwd(), app.places.config, app.places.home)
    trust = app.trust(Path.cwd())
    found = files.hooks()
    for hook in found:
        may = trusted.may_run(hook, trust, Path.cwd())
        click.echo(json.dumps(_row(hook, may)) if as_json else _line(hook, may))
    for problem in dict.fromkeys(files.problems()):
        click.echo(f"wrong: {_plain(problem)}", err=True)
    if not found and not as_json:
        click.echo("There are no hooks. docs/hooks.md shows how to write one.")


@hooks.command()
@click.argument("event", type=click.Choice(EVENTS))
@click.option("--tool", "tool", default="", help="The tool that is called, by cass's name or Claude Code's.")
@click.option("--input", "given", default="{}", help="The tool's arguments, or what else the event tells, as JSON.")
def test(event: str, tool: str, given: str) -> None:
    """Run the hooks that EVENT would run, for real: what each is told, how it ends, and what cass makes of it. The exit
    code is 2 when one blocks."""
    arguments = json_object("--input", given, '{"command": "ls"}')
    if event in _TOOL_EVENTS and not tool:
        raise ConfigError(f"{event} is about a call of a tool", hint="Name it: --tool Bash --input '{…}'.")
    sys.exit(asyncio.run(_try(event, tool, arguments)))


async def _try(event: str, tool: str, given: JsonObject) -> int:
    app = App(os.environ)
    library = Library(app.house(MemoryStore()))
    try:
        session = library.new(SessionNewParams(cwd=str(Path.cwd())), Recorder())
        around = session.brought.hooked.around
        data = await _about(session, tool, given) if tool else given
        if event == "PostToolUse":
            data["tool_response"] = {"content": ""}
        return await _run(around, event, data)
    finally:
        await library.close_all()
        await app.close()


async def _run(around: Around, event: str, data: JsonObject) -> int:
    files = Files(around.cwd, around.config_dir, around.home_dir, around.settings)
    found = [hook for hook in files.hooks() if hook.event == event]
    said: list[answers.Said] = []
    for hook in found:
        if not trusted.may_run(hook, around.trust(), around.cwd):
            click.echo(f"{_line(hook, False)}\n")
            continue
        made = await trials(hook, data, around)
        click.echo(_line(hook, True))
        for trial in made:
            said.append(trial.said)
            click.echo(_shown(trial))
        if not made:
            click.echo("  does not match\n")
    answer = answers.merged(said)
    for name in ("blocked", "stop", "decision", "arguments", "context"):
        if value := getattr(answer, name):
            click.echo(f"{name}: {_plain(json.dumps(value, ensure_ascii=False))}")
    if not found:
        click.echo(f"No hook listens to {event}.")
    elif answer == answers.merged([]):
        click.echo("It goes on.")
    return 2 if answer.blocked is not None or answer.stop is not None else 0


async def _about(session: Session, tool: str, given: JsonObject) -> JsonObject:
    """The call as the gate would tell hooks of it."""
    name, arguments = names.from_claude(tool, given)
    call = ToolCall(id="call-1", name=name, arguments=arguments)
    try:
        _, action = await calling.prepare(session, session.house.tools, call, "turn-1")
    except ToolError as error:
        click.echo(f"(this call could not be made: {_plain(str(error))})", err=True)
        data: JsonObject = {"tool_name": name, "tool_input": arguments, "tool_use_id": call.id}
        return {**data, "command": arguments["command"]} if "command" in arguments else data
    return about(call, action)


def _shown(trial: Trial) -> str:
    rows = [f"  told: {json.dumps(trial.payload, ensure_ascii=False)}"]
    if trial.ended is not None:
        code = "stopped at its limit" if trial.ended.exit_code is None else f"exit code {trial.ended.exit_code}"
        rows.append(f"  ended: {code}, after {trial.ended.elapsed_ms} ms")
        for name, text in (("stdout", trial.ended.stdout), ("stderr", trial.ended.stderr)):
            if words := text.decode("utf-8", "replace").strip():
                rows.append(f"  {name}: {words}")
    rows.append(f"  cass: {trial.said.state}{f': {trial.said.text}' if trial.said.text else ''}")
    return "\n".join(_plain(row[:_SHOWN]) for row in rows) + "\n"


def _line(hook: Hook, may: bool) -> str:
    rule = hook.rule
    when = " ".join(
        part
        for part in (
            rule.matcher or "*",
            f"path={_joined(rule.path)}" if rule.path else "",
            f"command={_joined(rule.command)}" if rule.command else "",
            f"if={hook.entry.condition}" if hook.entry.condition else "",
        )
        if part
    )
    entry = hook.entry
    marks = [
        w for w, on in (("required", entry.required), ("async", entry.in_background), ("once", entry.once)) if on
    ]
    how = ", ".join([entry.type, f"{entry.timeout:g} s", *marks])
    state = "" if may else "  NOT TRUSTED: cass trust"
    return _plain(f"{hook.event} [{when}] {hook.runs}\n  {hook.where} ({how}){state}")


def _row(hook: Hook, may: bool) -> JsonObject:
    entry = hook.entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {
        "event": hook.event,
        "matcher": hook.rule.matcher,
        "path": hook.rule.path,
        "command": hook.rule.command,
        "hook": {"type": hook.entry.type, **entry},
        "file": str(hook.place.file) if hook.place.file else hook.place.name,
        "line": hook.line,
        "origin": hook.place.origin,
        "trusted": may,
    }


def _joined(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _plain(text: str) -> str:
    """Text of files and programs, without what a terminal would obey."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)
