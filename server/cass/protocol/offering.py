"""What can be typed with a slash, and what it asks for."""

from __future__ import annotations

from typing import Literal

from cass.protocol.wire import SessionEvent, Wire


class CommandParameter(Wire):
    """Something that a command asks for, given as `name=value`. `values` are those that an `enum` takes; a `file` is a path
    in the project; a `selection` is what is selected in the editor."""

    name: str
    type: Literal["string", "int", "number", "bool", "enum", "file", "selection", "list"] = "string"
    required: bool = False
    description: str = ""
    values: tuple[str, ...] = ()
    default: str | int | float | bool | None = None


class AvailableCommand(Wire):
    """A slash command. `hint` says what may follow its name; `parameters` are there where it has typed ones, `origin` where
    it is not cass's own."""

    name: str
    description: str
    hint: str | None = None
    parameters: tuple[CommandParameter, ...] = ()
    origin: Literal["user", "project", "plugin"] | None = None


class AvailableCommandsUpdate(SessionEvent):
    """The slash commands that this session knows."""

    session_update: Literal["available_commands_update"] = "available_commands_update"
    commands: tuple[AvailableCommand, ...]
