"""Slash commands: what one is, and how a line is recognised as one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cass.errors import SessionError
from cass.protocol.events import StateUpdate, UserMessage
from cass.protocol.messages import ContentBlock, Text, ToolCall
from cass.protocol.offering import AvailableCommand, CommandParameter

if TYPE_CHECKING:
    from cass.sessions.session import Session

_LINE = re.compile(r"/([\w?-][\w:?.-]*)(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Prompt:
    """Something to do in a turn of its own. `selection` is what was selected in the editor."""

    turn_id: str
    message: UserMessage
    selection: str = ""


@dataclass(frozen=True)
class Reply:
    """What a command comes to: `text` for the user (Markdown), a `prompt` that goes to the model, or a `flow` that does
    with the turn what it wants and answers its last event, not yet emitted. With a prompt, `calls` run before the model is
    asked, as if it had made them, so that it reads their results; what `again` answers it is told once more when it has
    finished without doing what it was to; what `after` answers runs once the model is done, or has failed. All calls
    pass the gate."""

    text: str = ""
    prompt: str = ""
    flow: Callable[[Prompt], Awaitable[StateUpdate]] | None = None
    calls: tuple[ToolCall, ...] = ()
    again: Callable[[], str] = lambda: ""
    after: Callable[[], Awaitable[Sequence[ToolCall]]] | None = None


@dataclass(frozen=True)
class Command:
    """A slash command. A module in `cass/commands/` offers its own in a tuple `COMMANDS`. `run` is given the
    session and what followed the name; a CassError that it raises is shown to the user. One that is not `offered` is in
    no list: it only says why it does not run. One of cass's own that only looks or steers may run `at_once`, beside a turn."""

    name: str
    description: str
    run: Callable[[Session, str], Awaitable[Reply]]
    hint: str = ""
    parameters: tuple[CommandParameter, ...] = ()
    origin: Literal["user", "project", "plugin"] | None = None
    offered: bool = True
    at_once: bool = False

    def available(self) -> AvailableCommand:
        """As clients see it."""
        return AvailableCommand(
            name=self.name,
            description=self.description,
            hint=self.hint or None,
            parameters=self.parameters,
            origin=self.origin,
        )


def message_of(prompt: Prompt) -> tuple[UserMessage, Sequence[ContentBlock]]:
    """The user's words as a message of their own, and what came along with them."""
    texts = [block for block in prompt.message.content if isinstance(block, Text)]
    return prompt.message, [block for block in prompt.message.content if block is not texts[0]]


def name_of(text: str) -> str:
    """The word behind the slash; empty for what is no command line."""
    match = _LINE.fullmatch(text.strip())
    return match[1] if match else ""


def recognise(text: str, commands: Mapping[str, Command]) -> tuple[Command, str] | None:
    """The command that a prompt calls, with its argument; None for anything else. A word like a command's that is
    none raises SessionError with the nearest one; a path such as /etc/hosts is no command."""
    match = _LINE.fullmatch(text.strip())
    if not match:
        return None
    command = commands.get(match[1])
    if command:
        return command, (match[2] or "").strip()
    near = difflib.get_close_matches(match[1], commands, n=1)
    hint = f"Did you mean /{near[0]}? " if near else ""
    raise SessionError(
        f"there is no command /{match[1]}", hint=f"{hint}/help lists the commands.", kind="command_not_found"
    )
