"""/init: writes or improves CASS.md, what every session in this project is told first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from cass import brought
from cass.errors import ToolError
from cass.project import Facts, Task, gather
from cass.project.draft import improve, write
from cass.project.facts import runnable
from cass.protocol.events import Notice, ToolCallUpdate
from cass.protocol.messages import Text, ToolCall
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_CHECKED = ("test", "lint", "types", "format", "build")
_MOST = 5
_SECONDS = 300

_PROMPT = """\
Write {name} for this project: what a new colleague has to know before the first change, at most 60 lines. {state}

The draft below was made from the project's files. Keep its commands letter by letter and what it says about each; drop one only if
you have seen that it is wrong, and invent none. Keep the lines that begin with @: they bring in other files.{checked} Read three
to eight files that show how the code hangs together, then say it under "## Architecture" in a few lines with paths, and under
"## Conventions" what the code shows and no formatter enforces. Leave out what anybody sees at a glance.{more}

Then make the one change to {name}, with write_file or edit_file, and end.

{draft}"""


async def init(session: Session, argument: str) -> Reply:
    """Look at the project, run its checks with the user's approval, and have CASS.md written. `quick` runs nothing."""
    root = brought.project_folders(session.cwd, session.house.home_dir)[0]
    root = root if session.workspace.inside(root) else session.cwd
    session.emit(Notice(turn_id=session.turn_id, level="info", text=f"Reading {root} …"))
    facts = await gather(session.workspace, root)
    words = argument.split()
    quick = words[:1] == ["quick"]
    checks = [] if quick else _checks(facts, root)
    calls = {
        task.command: _call("shell", command=_at(task.command, root, session), timeout=_SECONDS) for task in checks
    }
    target = root / "CASS.md"
    before = await _text(session, target)

    async def after() -> Sequence[ToolCall]:
        """The draft itself, where the model left the file as it was."""
        now = await _text(session, target)
        if now != before:
            return ()
        results = _results(session, calls)
        text = write(facts, results) if before is None else improve(before, facts, results)
        return () if text == before else (_call("write_file", path=str(target), content=text),)

    draft = write(facts, {}) if before is None else improve(before, facts, {})
    return Reply(
        prompt=_PROMPT.format(
            name=target.name,
            state="It does not exist yet."
            if before is None
            else "It exists: read it, keep what is right, mend the rest.",
            checked=" The commands were run just now: say of each what came of it." if calls else "",
            more=f"\nThe user adds: {' '.join(words[1:] if quick else words)}" if words[quick:] else "",
            draft=f"<draft>\n{draft}</draft>",
        ),
        calls=tuple(calls.values()),
        after=after,
    )


def _checks(facts: Facts, root: Path) -> list[Task]:
    """The first of each purpose that checks something and whose program is here."""
    path = os.environ.get("PATH", os.defpath)
    found: list[Task] = []
    for purpose in _CHECKED:
        of_it = [t for t in facts.tasks if t.purpose == purpose and runnable(t.command, root, path)]
        found += of_it[:1]
    return found[:_MOST]


def _at(command: str, root: Path, session: Session) -> str:
    return command if root == session.cwd else f"cd {os.path.relpath(root, session.cwd)} && {command}"


def _call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(id=f"call-{uuid4().hex[:12]}", name=name, arguments=dict(arguments))


async def _text(session: Session, path: Path) -> str | None:
    """The file as it is, proposals counted in; None for none."""
    try:
        return (await session.workspace.read(path)).text
    except ToolError:
        return None


def _results(session: Session, calls: dict[str, ToolCall]) -> dict[str, int | None]:
    """Exit codes by command, of those that ran."""
    ended = {update.tool_call_id: update for update in session.stream.recent(ToolCallUpdate) if update.status}
    found: dict[str, int | None] = {}
    for command, call in calls.items():
        update = ended.get(call.id)
        if update is None:
            continue
        said = "".join(block.text for block in update.result or () if isinstance(block, Text))
        if update.exit_code is not None or "[stopped: it ran longer" in said:
            found[command] = update.exit_code
    return found


COMMANDS = (
    Command(
        "init", "Write or improve CASS.md: commands that work, layout, conventions.", init, hint="[quick] [WORDS]"
    ),
)
