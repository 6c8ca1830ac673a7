"""What an ACP client can do, read from its `initialize`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from cass.protocol.wire import JsonObject


@dataclass(frozen=True)
class Abilities:
    """Nothing is taken for granted: what a client does not declare it is never asked for."""

    read_files: bool = False
    write_files: bool = False
    elicitation: bool = False
    notices: bool = False
    terminal_sign_in: bool = False

    @staticmethod
    def of(capabilities: JsonObject | None) -> Abilities:
        """From `clientCapabilities`. What is malformed there counts as absent."""
        said = capabilities or {}
        files = _object(said.get("fs"))
        return Abilities(
            read_files=files.get("readTextFile") is True,
            write_files=files.get("writeTextFile") is True,
            elicitation=isinstance(_object(said.get("elicitation")).get("form"), dict),
            notices=isinstance(_object(said.get("session")).get("notices"), dict),
            terminal_sign_in=_object(said.get("auth")).get("terminal") is True,
        )


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}
