"""What one tool call is given to work with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cass.agent.asking import waits
from cass.agent.desk import Desk
from cass.ports import Agents, Entry, Files, Jobs, Question, Skills, ToolSettings
from cass.ports.ide import Ide
from cass.ports.mcp import Servers
from cass.ports.touched import Touched
from cass.ports.web import Web
from cass.protocol.events import PlanEntry, TextContent, ToolCallContentChunk
from cass.protocol.messages import Text


@dataclass(frozen=True)
class CallContext:
    """`ports.ToolContext` for one call."""

    desk: Desk
    tool_call_id: str
    turn_id: str
    files: Files | None = None
    """Other files than the session's own, to look at."""

    @property
    def workspace(self) -> Files:
        """The files, as the model looks at them."""
        return self.files or self.desk.ledger.view

    @property
    def ide(self) -> Ide:
        """What the editor knows of the code."""
        return self.desk.ide

    @property
    def jobs(self) -> Jobs:
        """Shell commands."""
        return self.desk.jobs

    @property
    def web(self) -> Web:
        """The web."""
        return self.desk.web

    @property
    def servers(self) -> Servers:
        """MCP servers."""
        return self.desk.servers

    @property
    def cwd(self) -> Path:
        """The session's folder."""
        return self.desk.cwd

    @property
    def plan(self) -> tuple[PlanEntry, ...]:
        """The to-dos."""
        return self.desk.plan

    @property
    def changed_paths(self) -> tuple[Path, ...]:
        """Files that this session changed."""
        return self.desk.changed_paths

    @property
    def settings(self) -> ToolSettings:
        """Limits."""
        return self.desk.settings

    @property
    def skills(self) -> Skills:
        """What the user and the project taught."""
        return self.desk.skills

    @property
    def agents(self) -> Agents:
        """Sub-agents."""
        return self.desk.agents.of(self.turn_id, self.tool_call_id)

    def baseline(self, path: Path) -> str | None:
        """The text before this session touched the file."""
        return self.desk.baseline(path)

    async def touched(self) -> tuple[Touched, ...]:
        """What this session did to single files."""
        return await self.desk.steps.touched()

    async def content(self, entry: Entry) -> bytes | None:
        """The bytes of a file as it was."""
        return await self.desk.steps.content(entry)

    def left_out(self, id: str) -> str | None:
        """A result or a message of this session, whole."""
        return self.desk.memory.left_out(id)

    def progress(self, text: str) -> None:
        """Show output while the tool runs."""
        self.desk.emit(
            ToolCallContentChunk(
                tool_call_id=self.tool_call_id, turn_id=self.turn_id, content=TextContent(content=Text(text=text))
            )
        )

    async def ask(self, question: Question) -> str | None:
        """The user's answer."""
        await waits(self.desk, "elicitation_dialog", question.text)
        return await self.desk.ask(question)
