"""New output of a background job, or kill it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cass.ports import Action, JobReport, Outcome, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "shell_job"
kind: ToolKind = "execute"


class Params(ToolParams):
    job: str = Field(coerce_numbers_to_str=True)
    action: Literal["output", "kill"] = "output"
    wait: float = Field(default=0, ge=0, le=120, description="seconds to wait for output")


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Reading and killing cass's own jobs changes nothing that was not allowed when they were started."""

    async def run() -> Outcome:
        if params.action == "kill":
            return _outcome(await ctx.jobs.kill(params.job))
        return _outcome(await ctx.jobs.poll(params.job, wait=params.wait))

    title = f"{'Kill' if params.action == 'kill' else 'Output of'} job {params.job}"
    return Action(title=title, kind=kind, changes=False, run=run)


def _outcome(report: JobReport) -> Outcome:
    text = report.output.rstrip("\n")
    if report.state == "running":
        note = f"[running for {report.elapsed:.0f} s]"
    elif report.state == "exited":
        note = f"[ended with exit code {report.exit_code}]"
    else:
        note = "[killed]"
    return Outcome.text(f"{text}\n{note}" if text else note, exit_code=report.exit_code)
