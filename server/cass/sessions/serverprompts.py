"""The prompts of MCP servers as slash commands, and what they are asked with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from cass.errors import SessionError
from cass.mcp import names
from cass.mcp.facts import PromptFact, plain
from cass.mcp.server import Server
from cass.protocol.offering import CommandParameter
from cass.protocol.wire import JsonObject
from cass.sessions.command import Command, Reply

if TYPE_CHECKING:
    from cass.sessions.session import Session


def commands(servers: Mapping[str, Server]) -> dict[str, Command]:
    """One for each prompt that is known: `/mcp__server__prompt`."""
    found = {
        (server.name, prompt.name): (server, prompt)
        for server in servers.values()
        if server.state != "off" and server.kept.facts
        for prompt in server.kept.facts.prompts
    }
    return {name: _command(name, *found[pair]) for name, pair in names.given(found).items()}


def _command(name: str, server: Server, prompt: PromptFact) -> Command:
    about = prompt.description or prompt.title or f"The prompt {prompt.name}"
    return Command(
        name,
        f"{about} (MCP: {server.name})",
        partial(_run, server, prompt),
        hint=" ".join(f"{a.name}=…" if a.required else f"[{a.name}=…]" for a in prompt.arguments),
        parameters=tuple(
            CommandParameter(name=a.name, required=a.required, description=a.description) for a in prompt.arguments
        ),
        origin="user" if server.one.origin != "project" else "project",
    )


async def _run(server: Server, prompt: PromptFact, session: Session, argument: str) -> Reply:
    values = given(prompt, argument)
    missing = [a for a in prompt.arguments if a.required and not values.get(a.name)]
    if missing and session.can_decide:
        properties: JsonObject = {
            a.name: {"type": "string", "title": a.name, "description": a.description} for a in missing
        }
        schema: JsonObject = {"type": "object", "properties": properties, "required": [a.name for a in missing]}
        result = await session.asks.form(f"/{prompt.name} of the MCP server {server.name} needs:", schema)
        values |= {key: str(value) for key, value in (result.content or {}).items()}
        missing = [a for a in missing if not values.get(a.name)]
    if missing:
        raise SessionError(
            f"the prompt {prompt.name} needs {', '.join(a.name for a in missing)}",
            hint=f"Give it on the line: {missing[0].name}=…",
            kind="missing_parameter",
        )
    connection = await server.connection()
    found = await connection.prompt(prompt.name, values)
    from cass.mcp import results  # with the package, which is loaded by now

    room = results.Room(session.servers.chars, session.settings.spill_dir, session.masker.text)
    text = results.prompt_text(found, room)
    if not text:
        raise SessionError(f"the prompt {prompt.name} of the MCP server {server.name} is empty")
    return Reply(prompt=f"[prompt {prompt.name} of the MCP server {server.name}]\n\n{text}")


def given(prompt: PromptFact, argument: str) -> dict[str, str]:
    """The values on a command's line: `name=value`, the others in order; the last takes what is left."""
    known = [a.name for a in prompt.arguments]
    try:
        words = shlex.split(argument)
    except ValueError:
        words = argument.split()
    values: dict[str, str] = {}
    rest: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in known:
            values[name] = value
        else:
            rest.append(word)
    free = [name for name in known if name not in values]
    for number, name in enumerate(free):
        if number < len(rest):
            values[name] = " ".join(rest[number:]) if number == len(free) - 1 else rest[number]
    return {name: plain(value, 20_000) for name, value in values.items()}
