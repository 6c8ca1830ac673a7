"""A server's tool as one of ours: named for the model, its arguments checked, its call put to the gate like any other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from cass.errors import ToolError
from cass.mcp import schemas
from cass.mcp.facts import ToolFact, line
from cass.mcp.server import Server
from cass.ports import Action, Outcome, ToolContext, ToolSpec
from cass.process.output import readable
from cass.protocol.messages import ToolKind

_SHOWN_CHARS = 8_000
_TOLD_CHARS = 1_500


class Arguments(BaseModel):
    """Whatever was given: the tool's own schema says what it must be."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True)
class McpTool:
    """`ports.Tool`. `chars` is what the model reads of one result, `mask` takes secrets out of it."""

    name: str
    server: Server
    fact: ToolFact
    chars: int
    mask: Callable[[str], str]
    kind: ToolKind = "other"
    needs: str = ""
    params: type[BaseModel] = Arguments

    @property
    def description(self) -> str:
        """The server's words, as they were agreed to."""
        return self.fact.description[:_TOLD_CHARS]

    @property
    def spec(self) -> ToolSpec:
        """As the model is told of it."""
        return ToolSpec(self.name, self.description, self.fact.schema_)

    async def prepare(self, params: BaseModel, ctx: ToolContext) -> Action:
        """Check the arguments; nothing is asked of the server."""
        arguments = dict(params.model_extra or {})
        if self.fact.schema_.get("properties") or arguments:
            problem = await asyncio.to_thread(schemas.misfit, self.fact.schema_, arguments)
            if problem:
                raise ToolError(f"{self.name} was called wrongly. {problem}")

        async def run() -> Outcome:
            connection = await self.server.connection()
            if self.fact not in self.server.kept.offered:
                raise ToolError(
                    f"The MCP server {self.server.name} has changed what it says of {self.fact.name}, or has it no more. "
                    "The user decides about it with /mcp."
                )
            result = await connection.call(self.fact.name, arguments, ctx.progress)
            from cass.mcp import results  # with the package, which is loaded by now

            room = results.Room(min(self.chars, 2 * ctx.settings.output_chars), ctx.settings.spill_dir, self.mask)
            return await asyncio.to_thread(results.outcome, result, self.server.name, self.fact.name, room)

        return Action(
            title=f"{self.server.name}: {line(self.fact.name)}",
            kind=self.kind,
            changes=not self.fact.reads_only,
            sends=True,
            unproven=self.fact.reads_only,
            detail=_shown(arguments),
            run=run,
        )


def _shown(arguments: dict[str, object]) -> str:
    """The arguments for the user who is asked."""
    if not arguments:
        return "Without arguments."
    text = readable(json.dumps(arguments, indent=2, ensure_ascii=False, default=str))
    if len(text) <= _SHOWN_CHARS:
        return text
    half = _SHOWN_CHARS // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters are not shown …]\n{text[-half:]}"
