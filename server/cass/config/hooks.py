"""Hooks: programs of the user that are told what happens, and may object. The shape is Claude Code's."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from cass.config.setting import Section, setting

HookEvent = Literal[
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PermissionRequest",
    "EditProposed",
    "EditApplied",
    "PreModel",
    "PostModel",
    "PreCompact",
    "PostCompact",
    "Stop",
    "SubagentStart",
    "SubagentStop",
    "Notification",
    "SessionEnd",
]


class HookEntry(Section):
    """One hook: what is run."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, protected_namespaces=(), populate_by_name=True
    )

    type: Literal["command", "python", "prompt"] = setting(
        "command", "command: a program; python: a function; prompt: a question to a model."
    )
    command: str = setting("", "The shell command line; with `args` the program alone.", max_length=20_000)
    args: tuple[str, ...] | None = setting(None, "Arguments: then the program runs without a shell.")
    function: str = setting("", "The function, as package.module:function.", max_length=500)
    prompt: str = setting("", "The question; $ARGUMENTS stands for what happened, as JSON.", max_length=20_000)
    model: str | None = setting(None, "The model that is asked, as provider/model; unset: the session's.")
    timeout: float = setting(60.0, "Seconds that it may take.", gt=0, le=3_600)
    required: bool = setting(False, "Whether it blocks when it fails, is late or is not there.")
    in_background: bool = Field(
        default=False,
        alias="async",
        description="Whether nobody waits for it.",
        json_schema_extra={"project": "no"},
    )
    once: bool = setting(False, "Whether it runs only once in a session.")
    condition: str = Field(
        default="",
        alias="if",
        max_length=2_000,
        description="A permission rule, like Bash(git push *), that the call must fit besides.",
        json_schema_extra={"project": "no"},
    )
    name: str = setting("", "What it is called where it is shown.", max_length=200)

    @model_validator(mode="after")
    def _says_what_runs(self) -> HookEntry:
        wanted = {"command": self.command, "python": self.function, "prompt": self.prompt}[self.type].strip()
        if not wanted:
            key = "function" if self.type == "python" else self.type
            raise ValueError(f"a hook of the type {self.type} needs `{key}`")
        if self.type == "python" and not _names_a_function(wanted):
            raise ValueError(f"{wanted!r} does not name a function like package.module:function")
        return self


class HookRule(Section):
    """When hooks run. All that is given must fit."""

    matcher: str = setting("", "Names of tools, `A|B`, or a regular expression; empty: all.", max_length=2_000)
    path: str | tuple[str, ...] = setting((), "Globs of files, one of which the call must be about.")
    command: str | tuple[str, ...] = setting((), "Globs of command lines.")
    hooks: tuple[HookEntry, ...] = setting((), "What is run, in this order.", max_length=200)


def _names_a_function(text: str) -> bool:
    module, colon, function = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *function.split(".")))
