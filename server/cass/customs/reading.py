"""Reads the file of a command: cass's own form, and Claude Code's as it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from cass import frontmatter, plainfile
from cass.brought import Dialect
from cass.config import APPROVALS, MODES
from cass.customs import claude, parameters, positions, stepping
from cass.customs.definition import Allowed, Budget, Definition, Place
from cass.customs.heads import Head
from cass.customs.stepping import check_of, retries_of, schema_of
from cass.errors import ConfigError

MAX_BYTES = 1_000_000
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
KEYS = (
    *(
        "description",
        "argument-hint",
        "hint",
        "parameters",
        "model",
        "effort",
        "mode",
        "approval",
        "tools",
        "rules",
    ),
    *("context", "hooks", "output_schema", "schema_retries", "verify", "budget", "steps", "allowed-tools"),
)

Origin = Literal["user", "project", "plugin"]


def load(path: Path, name: str, origin: Origin, dialect: Dialect) -> Definition:
    """Read a file. ConfigError that names file and line."""
    return read(text_of(path, dialect), path, name, origin, dialect)


def glance(path: Path, name: str, origin: Origin, dialect: Dialect) -> Definition:
    """What lists need of a file, at a fraction of the work: the description, the hint and the parameters. ConfigError as
    `load` has it, but for what only a run would meet."""
    page = frontmatter.read(text_of(path, dialect))
    if dialect != "cass":
        return claude.read(page, path, name, origin, dialect)
    try:
        if page.problem:
            raise ConfigError(page.problem)
        head = Head(page.values, path, positions.Lines())
        head.known(KEYS)
        return Definition(
            name=name,
            path=path,
            origin=origin,
            dialect=dialect,
            description=head.text("description") or first_line(page.body),
            hint=head.text("argument-hint") or head.text("hint"),
            parameters=parameters.read(head),
        )
    except ConfigError:
        return load(path, name, origin, dialect)  # says on which line


def text_of(path: Path, dialect: Dialect) -> str:
    """What the file holds. ConfigError; another tool's file may hold bytes that are no UTF-8, as it does for that tool."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError("the file is too big for a command", where=str(path))
        return plainfile.read(path, MAX_BYTES).decode("utf-8", "strict" if dialect == "cass" else "replace")
    except UnicodeDecodeError:
        raise ConfigError("the file is not UTF-8", where=str(path)) from None
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", where=str(path)) from None


def read(text: str, path: Path, name: str, origin: Origin, dialect: Dialect) -> Definition:
    """Read a text. In other tools' files what is not known is passed over. ConfigError."""
    page = frontmatter.read(text)
    if dialect != "cass":
        return claude.read(page, path, name, origin, dialect)
    if page.problem:
        line, _, what = page.problem.partition(": ")
        raise ConfigError(what or page.problem, where=f"{path}:{line.removeprefix('line ')}")
    lines = positions.of_head(text, page.body_line) if page.values else positions.Lines()
    head = Head(page.values, path, lines)
    head.known(KEYS)
    definition = Definition(
        name=name,
        path=path,
        origin=origin,
        dialect=dialect,
        description=head.text("description") or first_line(page.body),
        hint=head.text("argument-hint") or head.text("hint"),
        parameters=parameters.read(head),
        body=page.body.strip("\n"),
        body_line=page.body_line + _blank_lines(page.body),
        model=head.text("model"),
        effort=head.word("effort", EFFORTS),
        mode=head.word("mode", MODES),
        approval=head.word("approval", APPROVALS),
        allowed=_allowed(head),
        fork=head.word("context", ("fork", "session")) == "fork",
        hooks=dict(hooks.values) if (hooks := head.inner("hooks")) else {},
        output_schema=schema_of(head),
        schema_retries=retries_of(head, "schema_retries"),
        verify=check_of(head, "verify"),
        budget=_budget(head),
        steps=stepping.read(head, "steps"),
        lines=page.lines,
    )
    if not definition.body.strip() and not definition.steps:
        raise Place(path, page.body_line).error("the command says nothing: it has neither a text nor steps")
    return definition


def first_line(body: str) -> str:
    """What a command without a description is called: its first line."""
    line = next((row.strip().lstrip("#").strip() for row in body.split("\n") if row.strip()), "")
    return line[:100] + ("…" if len(line) > 100 else "")


def _blank_lines(body: str) -> int:
    return len(body) - len(body.lstrip("\n"))


def _allowed(head: Head) -> Allowed:
    only, never = (), ()
    if isinstance(head.values.get("tools"), dict):
        tools = head.inner("tools")
        assert tools
        tools.known(("allow", "deny"))
        only, never = tools.texts("allow"), tools.texts("deny")
    else:
        only = head.texts("tools")
    allow = list(claude.rules(head.texts("allowed-tools")))
    ask, deny = (), ()
    if rules := head.inner("rules"):
        rules.known(("allow", "ask", "deny"))
        allow += _rules(rules, "allow")
        ask, deny = _rules(rules, "ask"), _rules(rules, "deny")
    return Allowed(only, never, tuple(allow), tuple(ask), tuple(deny))


def _rules(head: Head, key: str) -> Iterable[str]:
    """Rules may hold commas and blanks, so that one text is one rule."""
    value = head.values.get(key)
    return (value,) if isinstance(value, str) else head.texts(key)


def _budget(head: Head) -> Budget:
    inner = head.inner("budget")
    if inner is None:
        return Budget()
    inner.known(("tokens", "cost", "seconds", "requests"))
    tokens, requests = inner.count("tokens", 1, 10**12, 0), inner.count("requests", 1, 100_000, 0)
    return Budget(
        tokens or None, inner.number("cost", 0, 1e9), inner.number("seconds", 0.001, 1e7), requests or None
    )
