"""What the text of a command may ask for while it is put together: commands through the gate, files of the project, what is
selected, changed and wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from cass.agent.gate import Gate
from cass.agent.showing import why_not
from cass.customs.definition import Place
from cass.errors import SessionError, ToolError
from cass.ports import Outcome
from cass.protocol.messages import Text
from cass.protocol.wire import JsonObject
from cass.sessions.stage import Stage, fenced

MAX_FILE = 100_000
"""Characters of one file that are given along; the model can read on."""

MAX_FILES = 400_000
"""Characters of all files of one text."""

_LISTED = 200


@dataclass
class World:
    """`customs.rendering.World` on a stage. `files` are those that are given along, by the name in the text."""

    stage: Stage
    files: dict[str, str] = field(default_factory=dict[str, str])

    async def shell(self, command: str, place: Place) -> str:
        """What the command printed, with how it ended where that is not plain success."""
        ran = await self.stage.shell(command)
        if ran.exit_code is None:
            raise SessionError(f"{place}: `{command}` did not run: {ran.text}", kind="command_refused")
        return ran.text if ran.ok else f"{ran.text}\n[exit code {ran.exit_code}]".lstrip("\n")

    async def file(self, path: str, place: Place, *, must_exist: bool) -> str | None:
        """The file is given along behind the text. None leaves words that name no file as they are."""
        session = self.stage.session
        try:
            target = session.workspace.resolve(path)
            if not session.workspace.inside(target):
                raise ToolError(f"{path} is outside the project")
            found = await self._text(path, target)
        except (ToolError, ValueError, OSError) as error:
            if must_exist:
                raise SessionError(f"{place}: {_shown(path)} cannot be given along: {error}") from None
            return None
        left = MAX_FILES - sum(map(len, self.files.values()))
        self.files.setdefault(path, session.masker.text(found[: max(0, left)]))
        return f"@{path}"

    async def special(self, name: str) -> str:
        """`selection`, `diff` or `diagnostics`."""
        session = self.stage.session
        if name == "selection":
            return self.stage.selection
        if name == "diff":
            of = "session" if session.changed_paths else "git"
            outcome = await self._quiet("diff", {"path": ".", "of": of})
            return "" if outcome.is_error or _text(outcome) == "No changes." else _text(outcome)
        if "diagnostics" not in session.offers.now:
            return ""
        outcome = await self._quiet("problems", {})
        return "" if outcome.is_error or _text(outcome) == "No problems." else _text(outcome)

    def attached(self) -> str:
        """The files, for the end of the text."""
        parts = [f"[File {path}]\n{fenced(text)}" for path, text in self.files.items()]
        return "\n\n" + "\n\n".join(parts) if parts else ""

    async def _quiet(self, tool: str, arguments: JsonObject) -> Outcome:
        if tool not in self.stage.session.house.tools:
            return Outcome.text("", is_error=True)
        return await self.stage.tool(tool, arguments)

    async def _text(self, path: str, target: Path) -> str:
        session = self.stage.session
        policy = Gate(session, {}, session.rules).policy()
        if why := why_not(policy, target):
            raise ToolError(why)
        if await asyncio.to_thread(target.is_dir):
            listing = await session.ledger.view.files(target, limit=_LISTED)
            return "\n".join(str(file) for file in listing.paths)
        text = (await session.ledger.view.read(target)).text
        if len(text) > MAX_FILE:
            text = text[:MAX_FILE] + f"\n[... {len(text) - MAX_FILE} more characters; read {path} for the rest]"
        return text


def _text(outcome: Outcome) -> str:
    return "".join(block.text for block in outcome.content if isinstance(block, Text))


def _shown(path: str) -> str:
    return repr(path[:200])
