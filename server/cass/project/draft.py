"""Writes CASS.md from facts alone: the start that a model makes better, and what stands where none could."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cass.project.facts import Facts
from cass.project.tasks import PURPOSES, Task

_TITLES = {
    "install": "Install", "build": "Build", "test": "Test", "lint": "Lint", "types": "Types", "format": "Format",
    "run": "Run",
}  # fmt: skip

Results = Mapping[str, int | None]
"""Exit codes of the commands that were run; None for one that was not finished."""


def write(facts: Facts, results: Results) -> str:
    """The whole file."""
    parts = [f"# {facts.name}"]
    if facts.about:
        parts.append(facts.about)
    parts += [
        section
        for section in (commands(facts, results), _layout(facts), _conventions(facts), _rules(facts))
        if section
    ]
    if facts.is_empty:
        parts.append("Nothing is here yet. What this project is to be, how it is built and tested, goes here.")
    return "\n\n".join(parts) + "\n"


def improve(text: str, facts: Facts, results: Results) -> str:
    """The file that is there, with the sections that it lacks behind what it says; what it says stays."""
    missing: list[str] = []
    for section in (commands(facts, results), _layout(facts), _conventions(facts)):
        head = section.split("\n", 1)[0]
        if section and not re.search(
            rf"^#+\s*{re.escape(head.lstrip('# '))}\b", text, re.MULTILINE | re.IGNORECASE
        ):
            missing.append(section)
    known = [name for name in facts.rules if f"@{name}" in text]
    if rules := _rules(facts, leave_out=known):
        missing.append(rules)
    return "\n\n".join([text.rstrip(), *missing]) + "\n" if missing else text


def commands(facts: Facts, results: Results) -> str:
    """The section about commands: each with what came of running it, or where it stands."""
    lines = ["## Commands", ""]
    for purpose in PURPOSES:
        lines += [_line(task, results) for task in facts.tasks if task.purpose == purpose]
    single = next((task.single for task in facts.tasks if task.purpose == "test" and task.single), "")
    if single:
        lines.append(f"- One test: `{single}`")
    return "\n".join(lines) if len(lines) > 2 else ""


def _line(task: Task, results: Results) -> str:
    where = f"{task.source}{', in CI too' if task.in_ci and not task.only_ci else ''}"
    if task.command not in results:
        said = f"({where}; not run here)"
    elif (code := results[task.command]) == 0:
        said = f"({where}; ran here, passed)"
    else:
        said = f"({where}; **ran here and {'was stopped' if code is None else f'failed with exit code {code}'}**)"
    return f"- {_TITLES[task.purpose]}: `{task.command}` {said}"


def _layout(facts: Facts) -> str:
    lines = ["## Layout", ""]
    if facts.languages:
        shares = ", ".join(f"{name} ({count} files)" for name, count in facts.languages[:3])
        lines += [f"Written in {shares}.", ""]
    for folder in facts.folders:
        what = ", ".join(filter(None, (folder.known_as, folder.language, f"{folder.files} files")))
        lines.append(f"- `{folder.name}/`: {what}")
    if facts.others:
        lines += ["", f"Projects of their own inside: {', '.join(f'`{name}`' for name in facts.others)}."]
    return "\n".join(lines) if facts.folders or facts.languages else ""


def _conventions(facts: Facts) -> str:
    return (
        "\n".join(["## Conventions", "", *(f"- {one}" for one in facts.conventions)]) if facts.conventions else ""
    )


def _rules(facts: Facts, leave_out: list[str] | None = None) -> str:
    """Imports, each a line of its own: what those files say holds here, too, and stays up to date."""
    names = [name for name in facts.rules if name not in (leave_out or [])]
    return "\n".join(["## Rules written elsewhere", "", *(f"@{name}" for name in names)]) if names else ""
