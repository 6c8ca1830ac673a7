"""Gathers what a project's files say about it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cass.errors import ToolError
from cass.ports import Files
from cass.project import conventions, layout, others, python, scripts
from cass.project.layout import Folder
from cass.project.tasks import Task, best
from cass.project.tree import READ, Tree, table

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
    languages = layout.languages(tree)
    main = languages[0][0] if languages else ""
    found = [replace(task, weight=task.weight - 3) if _is_aside(task.command, main) else task for task in found]
    return Facts(
        name=_name(tree, main) or name,
        about=_about(tree, main),
        languages=languages,
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


_JS = ("JavaScript", "TypeScript", "Vue", "Svelte")
_HOMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "deno", "package.json"), _JS),
    **dict.fromkeys(("python", "pip", "uv", "poetry", "pdm", "tox", "nox", "ruff", "mypy", "pyright", "pyproject.toml"), ("Python",)),
    **dict.fromkeys(("bundle", "rake"), ("Ruby",)),
    **dict.fromkeys(("composer", "composer.json"), ("PHP",)),
    **dict.fromkeys(("cargo", "Cargo.toml"), ("Rust",)),
    **dict.fromkeys(("go", "gofmt", "golangci-lint"), ("Go",)),
    "mix": ("Elixir",),
}  # fmt: skip
"""Programs and build files that belong to a language."""


def _is_aside(word: str, main: str) -> bool:
    """Whether a command or a build file is of another language than most of the project."""
    homes = _HOMES.get(word.split()[0])
    return homes is not None and bool(main) and main not in homes


def _name(tree: Tree, main: str) -> str:
    if not _is_aside("pyproject.toml", main):
        named = table(tree.toml("pyproject.toml"), "project").get("name")
    else:
        named = None
    if not named and not _is_aside("Cargo.toml", main):
        named = table(tree.toml("Cargo.toml"), "package").get("name")
    for file in ("package.json", "composer.json"):
        named = named or (None if _is_aside(file, main) else tree.json(file).get("name"))
    return named if isinstance(named, str) else ""


def _about(tree: Tree, main: str) -> str:
    """What the build file calls the project, else the first sentence of the README that is one."""
    for file in ("pyproject.toml", "Cargo.toml"):
        match = re.search(r'^description\s*=\s*"([^"\n]+)"', tree.text(file), re.MULTILINE)
        if match and not _is_aside(file, main):
            return match[1].strip()
    for file in ("package.json", "composer.json"):
        said = tree.json(file).get("description")
        if isinstance(said, str) and said.strip() and not _is_aside(file, main):
            return said.strip()
    readme = next((tree.text(name) for name in tree.texts if re.fullmatch(r"(?i)readme(\.\w+)?", name)), "")
    return _first_sentence(re.split(r"\n[ \t]*\n", readme))


def _first_sentence(paragraphs: Iterable[str]) -> str:
    for paragraph in paragraphs:
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|<[^>]+>|[*_`]", r"\1", " ".join(paragraph.split()))
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
