"""The languages and folders of a project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from cass.project.tree import Tree

_LANGUAGES: dict[str, str] = {
    "py": "Python", "pyi": "Python", "js": "JavaScript", "mjs": "JavaScript", "cjs": "JavaScript", "jsx": "JavaScript",
    "ts": "TypeScript", "tsx": "TypeScript", "mts": "TypeScript", "vue": "Vue", "svelte": "Svelte", "rs": "Rust", "go": "Go",
    "java": "Java", "kt": "Kotlin", "kts": "Kotlin", "scala": "Scala", "c": "C", "h": "C", "cc": "C++", "cpp": "C++",
    "cxx": "C++", "hpp": "C++", "hh": "C++", "cs": "C#", "fs": "F#", "rb": "Ruby", "php": "PHP", "ex": "Elixir", "exs": "Elixir",
    "erl": "Erlang", "hs": "Haskell", "ml": "OCaml", "swift": "Swift", "m": "Objective-C", "dart": "Dart", "lua": "Lua",
    "zig": "Zig", "jl": "Julia", "r": "R", "sh": "Shell", "bash": "Shell", "clj": "Clojure", "sql": "SQL", "html": "HTML",
    "css": "CSS", "scss": "CSS", "vim": "Vim script", "el": "Emacs Lisp", "nim": "Nim", "gleam": "Gleam",
}  # fmt: skip

_KNOWN = {
    "src": "source", "lib": "source", "app": "source", "pkg": "packages", "internal": "packages of this module alone",
    "cmd": "programs", "crates": "crates", "packages": "packages", "tests": "tests", "test": "tests", "spec": "tests",
    "__tests__": "tests", "e2e": "tests of the whole", "docs": "documentation", "doc": "documentation",
    "examples": "examples", "example": "examples", "scripts": "scripts", "tools": "tools", "bench": "benchmarks",
    "benches": "benchmarks", "benchmarks": "benchmarks", "migrations": "migrations", "config": "configuration",
    "public": "files served as they are", "assets": "assets", "vendor": "other people's code", "include": "headers",
    "third_party": "other people's code", "deps": "other people's code", ".github": "CI and templates",
}  # fmt: skip


@dataclass(frozen=True)
class Folder:
    """A folder of the root, and what it mostly holds."""

    name: str
    files: int
    language: str = ""
    known_as: str = ""


def languages(tree: Tree) -> tuple[tuple[str, int], ...]:
    """The languages with most files, at most five."""
    return tuple(_counted(tree.paths).most_common(5))


def folders(tree: Tree) -> tuple[Folder, ...]:
    """The folders of the root with most files, at most sixteen, by name."""
    below: dict[str, list[str]] = {}
    for path in tree.paths:
        head, slash, _ = path.partition("/")
        if slash:
            below.setdefault(head, []).append(path)
    biggest = sorted(below.items(), key=lambda item: -len(item[1]))[:16]
    found: list[Folder] = []
    for name, paths in sorted(biggest):
        most = _counted(paths).most_common(1)
        found.append(Folder(name, len(paths), most[0][0] if most else "", _KNOWN.get(name, "")))
    return tuple(found)


def _counted(paths: Sequence[str]) -> Counter[str]:
    return Counter(language for path in paths if (language := _language(path)))


def _language(path: str) -> str:
    ending: str = PurePosixPath(path).suffix.lstrip(".").lower()
    return _LANGUAGES.get(ending, "")
