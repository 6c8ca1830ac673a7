"""Gathers what a project's files say about it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cass.errors import ToolError
from cass.ports import Files
from cass.project import conventions, layout, others, python, scripts
from cass.project.layout import Folder
from cass.project.tasks import Task, best
from cass.project.tree import READ, Tree

_MAX_FILES = 50_000
_MAX_TEXTS = 300
_MAX_BYTES = 400_000


@dataclass(frozen=True)
class Facts:
    """`about` is the project's first sentence about itself. `languages` are shares of the files that are code; `rules`
    the files of rules that other tools read, `others` folders with a build file of their own."""

    name: str
    about: str
    languages: tuple[tuple[str, int], ...]
    tasks: tuple[Task, ...]
    folders: tuple[Folder, ...]
    rules: tuple[str, ...]
    conventions: tuple[str, ...]
    others: tuple[str, ...]
    files: int
    complete: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to go by."""
        return not self.tasks and not self.languages and not self.rules


async def gather(files: Files, root: Path) -> Facts:
    """Read the project below `root`: names of at most 50,000 files, the texts of those few that say how it is built.
    What cannot be read is left out. ToolError when there is no such folder."""
    listing = await files.files(root, limit=_MAX_FILES)
    names = sorted(path.relative_to(root).as_posix() for path in listing.paths if path.is_relative_to(root))
    wanted = [name for name in names if READ.search(name) and name.count("/") <= 3]
    wanted.sort(key=lambda name: name.count("/"))
    texts: dict[str, str] = {}
    for name in wanted[:_MAX_TEXTS]:
        try:
            text = (await files.read(root / name)).text
        except ToolError:
            continue
        if len(text) <= _MAX_BYTES:
            texts[name] = text
    tree = Tree(tuple(names), texts, listing.complete)
    return await asyncio.to_thread(read, tree, root.name)


def read(tree: Tree, name: str) -> Facts:
    """What the files come to."""
    found: list[Task] = []
    for detector in (scripts.make, scripts.just, scripts.taskfile, scripts.package, scripts.deno, scripts.composer, python.tasks, others.tasks, scripts.ci):  # fmt: skip
        found += detector(tree)
    lines = [line for line, _ in scripts.ci_lines(tree)]
    return Facts(
        name=_name(tree) or name,
        about=_about(tree),
        languages=layout.languages(tree),
        tasks=tuple(best(found, lines)),
        folders=layout.folders(tree),
        rules=conventions.rules(tree),
        conventions=tuple(conventions.told(tree)),
        others=tuple(_others(tree)),
        files=len(tree.paths),
        complete=tree.complete,
    )


def runnable(command: str, root: Path, path: str) -> bool:
    """Whether the program that a command begins with is here."""
    import shutil

    program = command.split()[0]
    if program.startswith("./"):
        return os.access(root / program, os.X_OK)
    return shutil.which(program, path=path) is not None


def _name(tree: Tree) -> str:
    for file, *keys in (("pyproject.toml", "project", "name"), ("Cargo.toml", "package", "name")):
        value: object = tree.toml(file)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if isinstance(value, str):
            return value
    named = tree.json("package.json").get("name") or tree.json("composer.json").get("name")
    return named if isinstance(named, str) else ""


def _about(tree: Tree) -> str:
    """What the build file calls the project, else the first sentence of the README that is one."""
    for file in ("pyproject.toml", "Cargo.toml"):
        match = re.search(r'^description\s*=\s*"([^"\n]+)"', tree.text(file), re.MULTILINE)
        if match:
            return match[1].strip()
    for file in ("package.json", "composer.json"):
        said = tree.json(file).get("description")
        if isinstance(said, str) and said.strip():
            return said.strip()
    readme = next((tree.text(name) for name in tree.texts if re.fullmatch(r"(?i)readme(\.\w+)?", name)), "")
    return _first_sentence(readme.split("\n"))


def _first_sentence(lines: Iterable[str]) -> str:
    for line in lines:
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|<[^>]+>|[*_`]", r"\1", line).strip()
        if len(plain) > 30 and " " in plain and not re.match(r"[#=\-|.>:\[!]", plain):
            return re.split(r"(?<=[.!?])\s", plain)[0][:300]
    return ""


_ASIDE = re.compile(
    r"(^|/)(examples?|tests?|fixtures?|__tests__|playground|templates?|template-[^/]*|testdata|vendor|third_party)/"
)


def _others(tree: Tree) -> list[str]:
    """Folders below the root that are projects of their own."""
    files = (
        "package.json",
        "pyproject.toml",
        "Cargo.toml",
        "go.mod",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
    )
    found = [
        path.rpartition("/")[0]
        for path in tree.texts
        if "/" in path and path.rpartition("/")[2] in files and not _ASIDE.search(path)
    ]
    return sorted(dict.fromkeys(found))[:20]
