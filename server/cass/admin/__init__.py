"""Commands that need no client: settings, keys, models, single tools, permissions, the protocol's schema."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from cass.admin import (
    acp,
    agents,
    auth,
    commands,
    config,
    hooks,
    mcp,
    models,
    permissions,
    protocol,
    schedule,
    scheduled,
    tool,
    trust,
    usage,
)
from cass.errors import AuthenticationError, CassError, ConfigError, ModelError


class _Friendly(click.Group):
    """Errors as sentences on standard error, with the exit code of their kind."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CassError as error:
            click.echo(f"cass: {error}", err=True)
            ctx.exit(exit_code(error))


def exit_code(error: CassError) -> int:
    """3 for configuration and authentication, 4 for the provider, else 1."""
    if isinstance(error, ConfigError | AuthenticationError):
        return 3
    return 4 if isinstance(error, ModelError) else 1


@click.group(cls=_Friendly, context_settings={"help_option_names": ["-h", "--help"]})
def admin() -> None:
    """The server and the commands that need its rooms."""


@admin.command()
@click.option("--stdio", is_flag=True, help="Speak LSP's base protocol on standard input and output (the default).")
@click.option("--ndjson", is_flag=True, help="Speak one JSON document a line instead.")
def serve(stdio: bool, ndjson: bool) -> None:
    """Serve an editor or a program."""
    from cass.lsp.serve import serve as run

    sys.exit(run(os.environ, lines=ndjson))


for command in (
    acp.acp,
    agents.agents,
    config.config,
    auth.auth,
    commands.commands,
    models.models,
    tool.tool,
    trust.trust,
    hooks.hooks,
    mcp.mcp,
    permissions.permissions,
    protocol.protocol,
    usage.usage,
    schedule.schedule,
):
    admin.add_command(command)
schedule.schedule.add_command(scheduled.install)
