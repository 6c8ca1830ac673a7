"""What the user asked for on the command line, and how it is said to the server."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cass_cli.fields import Json

OutputFormat = Literal["text", "json", "stream-json"]


@dataclass(frozen=True)
class Options:
    """The command line of `cass`. `resume` is None without `-r`, empty for `-r` without an id; `trust` is None where
    it goes by what was decided. `later`: the prompt is read once the session is open and told of."""

    cwd: Path
    prompt: str = ""
    headless: bool = False
    continue_last: bool = False
    resume: str | None = None
    output: OutputFormat = "text"
    model: str | None = None
    mode: str | None = None
    approval: str | None = None
    effort: str | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    max_turns: int | None = None
    later: bool = False
    completion: bool = True
    trust: bool | None = None

    def settings(self) -> Json:
        """The flags as a settings object, for `initialize`."""
        return {} if self.completion else {"ui": {"completion": {"menu": False, "inline": False}}}

    def session_fields(self) -> Json:
        """What `session/new` and `session/resume` take besides their own parameters."""
        given = {"mode": self.mode, "approval": self.approval, "model": self.model, "effort": self.effort}
        fields: Json = {"configOptions": {key: value for key, value in given.items() if value is not None}}
        if self.allow or self.deny:
            fields["rules"] = {"allow": list(self.allow), "deny": list(self.deny)}
        if self.trust is not None:
            fields["trust"] = "yes" if self.trust else "no"
        if self.max_turns is not None:
            fields["maxTurns"] = self.max_turns
        return fields


def piped_input(limit: int = 10_000_000) -> str:
    """What stands on standard input when that is not a terminal, at most `limit` characters."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read(limit).decode("utf-8", "replace")


def with_piped(prompt: str, piped: str) -> str:
    """The prompt followed by what was piped in."""
    if not piped.strip():
        return prompt
    return f"{prompt}\n\n{piped}" if prompt else piped
