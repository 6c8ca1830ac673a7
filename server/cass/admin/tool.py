"""`cass tool`: one tool in the current folder, through the gate, without a model."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from cass.agent.gate import Gate
from cass.app import App
from cass.errors import ConfigError
from cass.ports import Outcome
from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.events import Event
from cass.protocol.messages import ToolCall
from cass.protocol.methods import Rules, SessionNewParams
from cass.sessions.library import Library
from cass.stores.memory import MemoryStore


@click.command()
@click.argument("name")
@click.argument("arguments", metavar="JSON")
@click.option("--mode", type=click.Choice(["plan", "active"]), help="plan: propose only; active: do it.")
@click.option(
    "--approval", type=click.Choice(["ask", "edits", "auto"]), help="What needs asking; nobody is asked here."
)
@click.option("--allow", multiple=True, metavar="RULE", help="Allow calls that match.")
@click.option("--deny", multiple=True, metavar="RULE", help="Refuse calls that match.")
def tool(
    name: str, arguments: str, mode: str | None, approval: str | None, allow: tuple[str, ...], deny: tuple[str, ...]
) -> None:
    """Run the tool NAME with JSON arguments ("-" reads them from standard input). Prints one JSON object; the exit
    code is 0 only when the call succeeded."""
    text = sys.stdin.read() if arguments == "-" else arguments
    try:
        call = ToolCall(id="call-1", name=name, arguments=json.loads(text))
    except ValueError as error:
        raise ConfigError(
            f"the arguments are not a JSON object: {error}", hint='Like {"path": "README.md"}.'
        ) from None
    chosen = {key: value for key, value in (("mode", mode), ("approval", approval)) if value}
    outcome, events = asyncio.run(_run(call, chosen, Rules(allow=allow, deny=deny)))
    click.echo(
        json.dumps(
            {
                "tool": name,
                "status": "failed" if outcome.is_error else "completed",
                "content": [block.wire() for block in outcome.content],
                "exitCode": outcome.exit_code,
                "updates": [event.wire() for event in events],
            },
            ensure_ascii=False,
        )
    )
    sys.exit(1 if outcome.is_error else 0)


async def _run(call: ToolCall, chosen: dict[str, str], rules: Rules) -> tuple[Outcome, list[Event]]:
    app = App(os.environ)
    client = Recorder()
    library = Library(app.house(MemoryStore()))
    try:
        params = SessionNewParams(cwd=str(Path.cwd()), config_options=chosen, rules=rules)
        session = library.new(params, client)
        client.events.clear()
        outcome = await Gate(session, session.toolbox, session.rules).call(call, "turn-1")
        session.stream.flush()
        shown = tuple(session.masker.model(block) for block in outcome.content)
        return replace(outcome, content=shown), client.events
    finally:
        await library.close_all()
        await app.close()


class Recorder:
    """A client that writes down what happens and decides nothing."""

    can_decide = False

    def __init__(self) -> None:
        self.events: list[Event] = []

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """Write it down."""
        self.events.append(event)

    async def drain(self) -> None:
        """Never behind."""

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Nobody is here."""
        return PermissionOutcome(outcome="cancelled")

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        """Nobody is here."""
        return ElicitationResult(action="decline")
