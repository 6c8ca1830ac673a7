"""What a custom command is, once its file was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cass.brought import Dialect
from cass.errors import ConfigError
from cass.protocol.wire import JsonObject

ParameterType = Literal["string", "int", "number", "bool", "enum", "file", "selection", "list"]
Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

MAX_VALUE = 1_000_000
"""Characters of one value."""


@dataclass(frozen=True)
class Place:
    """A line of a file, for errors."""

    path: Path
    line: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    def error(self, message: str, hint: str = "") -> ConfigError:
        """An error that names the place."""
        return ConfigError(message, where=str(self), hint=hint)


@dataclass(frozen=True)
class Parameter:
    """One thing that a command asks for. `prompt` says whether it is asked for where it is missing; `least` and `most`
    bound a number, `pattern` must match a whole text."""

    name: str
    type: ParameterType = "string"
    required: bool = False
    default: Value = None
    description: str = ""
    values: tuple[str, ...] = ()
    prompt: bool = False
    pattern: str = ""
    least: float | None = None
    most: float | None = None
    must_exist: bool = True


@dataclass(frozen=True)
class Check:
    """A shell command that must end with 0, and how often the model may mend what it says."""

    command: str
    place: Place
    retries: int = 3


@dataclass(frozen=True)
class Budget:
    """What one run may use up, all its steps and forks together; None means no limit of its own."""

    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None
    requests: int | None = None


@dataclass(frozen=True)
class Allowed:
    """What the model may use in a run. `only` are the tools that it is offered (empty: all), `never` those that it is
    not; the rules are permission rules for the time of the run."""

    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@dataclass(frozen=True)
class Branch:
    """The steps that are taken where a condition holds; an empty one always does."""

    condition: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Step:
    """One step. Exactly one of `prompt`, `run`, `command`, `parallel`, `branches` and `steps` says what it does."""

    id: str
    place: Place
    title: str = ""
    prompt: str | None = None
    run: str | None = None
    command: str | None = None
    arguments: Mapping[str, Value] | str = ""
    parallel: tuple[Step, ...] = ()
    branches: tuple[Branch, ...] = ()
    steps: tuple[Step, ...] = ()
    condition: str = ""
    unless: str = ""
    for_each: Value = None
    each_name: str = "item"
    most: int = 50
    retry: int = 0
    until: str = ""
    go_on: bool = False
    fork: bool = False
    model: str = ""
    effort: str = ""
    verify: Check | None = None
    output_schema: JsonObject | None = None
    schema_retries: int = 3
    timeout: float = 0
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    """Where the text of each key begins."""

    @property
    def inner(self) -> tuple[Step, ...]:
        """The steps directly below this one."""
        return (*self.parallel, *self.steps, *(step for branch in self.branches for step in branch.steps))

    def at(self, key: str) -> Place:
        """Where this key of the step stands."""
        return Place(self.place.path, self.lines.get(key, self.place.line))


@dataclass(frozen=True)
class Definition:
    """A custom command, as its file says. `body` begins on line `body_line`."""

    name: str
    path: Path
    origin: Literal["user", "project", "plugin"]
    dialect: Dialect
    description: str = ""
    hint: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: str = ""
    body_line: int = 1
    model: str = ""
    effort: str = ""
    mode: str = ""
    approval: str = ""
    allowed: Allowed = Allowed()
    fork: bool = False
    hooks: Mapping[str, object] = field(default_factory=dict[str, object])
    output_schema: JsonObject | None = None
    schema_retries: int = 3
    verify: Check | None = None
    budget: Budget = Budget()
    steps: tuple[Step, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict[str, int])

    def at(self, key: str = "") -> Place:
        """Where a key of the head stands; the first line without one."""
        return Place(self.path, self.lines.get(key, 1))

    @property
    def body_place(self) -> Place:
        """Where the body begins."""
        return Place(self.path, self.body_line)
