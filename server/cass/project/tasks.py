"""A command that a project is worked on with, and where it was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Purpose = Literal["install", "build", "test", "lint", "types", "format", "run"]

PURPOSES: tuple[Purpose, ...] = ("install", "build", "test", "lint", "types", "format", "run")

_KNOWN: tuple[tuple[Purpose, str], ...] = (
    ("format", r"fmt|format|prettier|black|rustfmt|gofmt|style(-|:)fix"),
    ("types", r"typecheck|type-check|types|tsc|mypy|pyright|check-types|check:types"),
    ("lint", r"lint|eslint|ruff|flake8|clippy|vet|golangci|rubocop|credo|phpstan|pre-commit|style"),
    ("test", r"tests?|unittest|pytest|spec|check|ci-test|jest|vitest|phpunit|rspec|ctest|tox|nox"),
    ("build", r"build|compile|dist|package|bundle"),
    ("install", r"setup|bootstrap|deps|develop|install[_-](deps|dev|dependencies)|init"),
    ("run", r"start|dev|serve|run|watch"),
)


@dataclass(frozen=True)
class Task:
    """`source` is the file it stands in, with its line where that is known. `weight`: of several for one purpose the
    heaviest is the project's own way. `in_ci`: the project's CI runs it. `single` shows how one test is run."""

    purpose: Purpose
    command: str
    source: str
    weight: int = 1
    in_ci: bool = False
    single: str = ""

    @property
    def only_ci(self) -> bool:
        """Whether it was found in CI's own files."""
        return self.source.startswith((".github/", ".gitlab-ci"))


def purpose_of(name: str) -> Purpose | None:
    """What a target or script of this name is for, by its words; None for none of ours. The whole name counts most,
    then how it begins."""
    words = re.split(r"[\s:._/-]+", name.lower())
    if {"fix", "write", "all", "update", "clean", "watch", "debug", "ci"} & set(words[1:]):
        return None
    for purpose, pattern in _KNOWN:
        if re.fullmatch(pattern, name.lower()):
            return purpose
    for purpose, pattern in _KNOWN:
        if re.fullmatch(pattern, words[0]):
            return purpose
    return None


def best(tasks: Iterable[Task], ci: Sequence[str]) -> list[Task]:
    """At most two for each purpose, the project's own way first, and of equals what CI runs. What stands in CI alone is
    taken where there is nothing else."""
    found: list[Task] = []
    marked = [replace(task, in_ci=any(_same(task.command, line) for line in ci)) for task in tasks]
    for purpose in PURPOSES:
        of_it = [task for task in marked if task.purpose == purpose]
        own = [task for task in of_it if not task.only_ci]
        of_it = sorted(own, key=lambda task: -task.weight - task.in_ci) or of_it[:1]
        kept: list[Task] = []
        for task in of_it:
            if not any(_variant(task, other) for other in kept):
                kept.append(task)
        found += kept[:2]
    return found


def _variant(task: Task, other: Task) -> bool:
    """Whether this is the other one again, or a lesser script of the same program."""
    same_program = task.command.split()[0] == other.command.split()[0]
    return task.command == other.command or (same_program and task.weight < other.weight)


def _same(command: str, line: str) -> bool:
    """Whether a line of CI runs this command, perhaps with more behind it."""
    plain = re.sub(r"\s+", " ", line.strip())
    return plain == command or plain.startswith((command + " ", "run " + command))
