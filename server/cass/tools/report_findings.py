"""Tell the user all findings of a review, once; an empty list when there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, model_validator

from cass.errors import ToolError
from cass.ports import Action, Outcome, ToolContext
from cass.protocol.custom import Finding, FindingsUpdate
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams, located, short

name = "report_findings"
kind: ToolKind = "think"
needs = "findings"

SOURCE = "review"
_MOST = 200


class Found(ToolParams):
    path: str
    line: int = Field(ge=1)
    end_line: int = Field(default=0, ge=0)
    severity: Literal["error", "warning", "information", "hint"] = "warning"
    message: str = Field(min_length=1, max_length=4_000)

    @model_validator(mode="after")
    def _plain(self) -> Found:
        if not self.message.strip():
            raise ValueError("the message is empty")
        return self


_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "line": {"type": "integer"},
            "end_line": {"type": "integer"},
            "severity": {"enum": ["error", "warning", "information", "hint"]},
            "message": {"type": "string"},
        },
        "required": ["path", "line", "message"],
    },
}
"""Written out, for some endpoints do not follow references in a schema."""


class Params(ToolParams):
    findings: Annotated[tuple[Found, ...], WithJsonSchema(_SCHEMA)] = Field(max_length=_MOST)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Find the places; the findings are told when the call runs."""
    placed: list[Finding] = []
    lost: list[str] = []
    for found in params.findings:
        try:
            placed.append(await _placed(found, ctx))
        except ToolError as error:
            lost.append(f"- {found.path}:{found.line}: {error.message}")
    if lost and not placed:
        raise ToolError("None of these places is there. Name paths as in the diff.\n" + "\n".join(lost[:20]))

    async def run() -> Outcome:
        lines = [f"{short(Path(f.path), ctx)}:{f.line}: {f.severity}: {f.message}" for f in placed]
        told = (
            f"{len(placed)} findings are shown to the user." if placed else "The user is told that there are none."
        )
        notes = ["Left out, for there is no such place:", *lost[:20]] if lost else []
        event = FindingsUpdate(source=SOURCE, findings=tuple(placed))
        return Outcome(Outcome.text("\n".join([told, *lines, *notes])).content, events=(event,))

    return Action(title=f"Report {len(placed)} findings", kind=kind, changes=False, run=run)


async def _placed(found: Found, ctx: ToolContext) -> Finding:
    """The finding at an absolute path, and at lines that are there."""
    path = _path(found.path, ctx)
    text = (await ctx.workspace.read(path)).text
    last = max(1, text.count("\n") + (not text.endswith("\n")))
    line = min(found.line, last)
    return Finding(
        path=str(path),
        line=line,
        end_line=max(line, min(found.end_line, last)),
        severity=found.severity,
        message=" ".join(found.message.split()) if "\n" not in found.message else found.message.strip(),
    )


def _path(named: str, ctx: ToolContext) -> Path:
    """The file that is meant: from the session's folder, or from the top of its repository, as a diff names it."""
    path = located(named, ctx)
    if path.exists() or Path(named).is_absolute():
        return path
    for folder in (ctx.cwd, *ctx.cwd.parents):
        for name in (named, named.removeprefix("a/").removeprefix("b/")):
            if (folder / name).is_file():
                return folder / name
        if (folder / ".git").exists():
            break
    return path
