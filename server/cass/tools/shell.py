"""Run a bash command: no input, no terminal. Use background=true for servers."""

from __future__ import annotations

from pydantic import Field

from cass.errors import ToolError
from cass.ports import Action, JobReport, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "shell"
kind: ToolKind = "execute"


class Params(ToolParams):
    command: str
    timeout: float = Field(default=0, ge=0, description="seconds")
    background: bool = False


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """The exact command line; it runs in the session's folder."""
    if not params.command.strip():
        raise ToolError("The command is empty.")
    limit = min(params.timeout or ctx.settings.shell_timeout, ctx.settings.shell_timeout_max)

    async def run() -> Outcome:
        if params.background:
            job = await ctx.jobs.start(params.command, cwd=ctx.cwd)
            return Outcome.text(f"Started as job {job}. Use shell_job to read its output or to kill it.")
        report = await ctx.jobs.run(params.command, cwd=ctx.cwd, timeout=limit, on_output=ctx.progress)
        return outcome(report, limit)

    return Action(
        title=params.command.strip().splitlines()[0][:120],
        kind=kind,
        changes=True,
        command=params.command,
        cwd=ctx.cwd,
        run=run,
    )


def outcome(report: JobReport, limit: float) -> Outcome:
    """What the model reads of a finished command: its output, and how it ended where that is not plain success."""
    text = report.output.rstrip("\n")
    if report.state == "timed_out":
        note = f"[stopped: it ran longer than {limit:g} s. Give a longer timeout, or run it in the background.]"
    elif report.state == "killed":
        note = "[killed]"
    elif report.exit_code:
        note = f"[exit code {report.exit_code}]"
    else:
        note = "" if text else "[no output]"
    failed = report.state != "exited" or bool(report.exit_code)
    return Outcome.text(
        "\n".join(part for part in (text, note) if part), is_error=failed, exit_code=report.exit_code
    )
