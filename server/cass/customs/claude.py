"""Commands in Claude Code's form: `.claude/commands`, read as they are. Keys that cass does not know mean nothing here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from cass.brought import Dialect
from cass.customs.definition import Allowed, Definition
from cass.customs.heads import Head
from cass.customs.positions import Lines
from cass.errors import ConfigError
from cass.frontmatter import Page

_TOOLS = {
    "bash": ("shell",),
    "read": ("read_file",),
    "write": ("write_file",),
    "edit": ("edit_file", "apply_patch"),
    "multiedit": ("edit_file", "apply_patch"),
    "glob": ("glob",),
    "grep": ("grep",),
    "ls": ("list_dir",),
    "webfetch": ("web_fetch",),
    "websearch": ("web_search",),
    "todowrite": ("todos",),
    "skill": ("skill",),
    "askuserquestion": ("ask_user",),
    "task": ("task", "task_result"),
    "agent": ("task", "task_result"),
}
_RULE = re.compile(r"([A-Za-z][\w-]*)(?:\((.*)\))?", re.DOTALL)
_MODEL = re.compile(r"[\w./:@-]+")


def read(
    page: Page, path: Path, name: str, origin: Literal["user", "project", "plugin"], dialect: Dialect
) -> Definition:
    """Never raises: what cannot be understood is as if it were not there."""
    head = Head(page.values, path, Lines())
    body = page.body.strip("\n")
    first = next((row.strip().lstrip("#").strip() for row in body.split("\n") if row.strip()), "")
    model = _text(head, "model")
    return Definition(
        name=name,
        path=path,
        origin=origin,
        dialect=dialect,
        description=_text(head, "description") or first[:100],
        hint=_hint(page.values.get("argument-hint")),
        body=body,
        body_line=page.body_line + len(page.body) - len(page.body.lstrip("\n")),
        model=model if _MODEL.fullmatch(model) and model not in ("inherit", "default") else "",
        allowed=Allowed(allow=tuple(rules(_texts(head, "allowed-tools"))), never=_never(head)),
        fork=_text(head, "context") == "fork",
        hooks=dict(hooks.values) if (hooks := _inner(head, "hooks")) else {},
        lines=page.lines,
    )


def rules(texts: Iterable[str]) -> Iterable[str]:
    """`Bash(git add:*)` as permission rules of cass; names that are cass's already stay as they are."""
    for text in texts:
        match = _RULE.fullmatch(text.strip())
        if not match:
            continue
        for tool in _TOOLS.get(match[1].lower(), (match[1],)):
            yield f"{tool}({match[2]})" if match[2] and match[2] != "*" else tool


def _never(head: Head) -> tuple[str, ...]:
    """Tools that are named without a pattern are not offered; a pattern is not taken to be all of a tool."""
    return tuple(rule for rule in rules(_texts(head, "disallowed-tools")) if "(" not in rule)


def _text(head: Head, key: str) -> str:
    try:
        return head.text(key)
    except ConfigError:
        return ""


def _texts(head: Head, key: str) -> tuple[str, ...]:
    try:
        return head.texts(key)
    except ConfigError:
        return ()


def _inner(head: Head, key: str) -> Head | None:
    try:
        return head.inner(key)
    except ConfigError:
        return None


def _hint(value: object) -> str:
    """`[a] [b]` is a list to YAML where it stands alone as `[a]`."""
    if isinstance(value, list):
        return " ".join(f"[{item}]" for item in value)  # pyright: ignore[reportUnknownVariableType]
    return str(value) if isinstance(value, str | int | float) else ""
