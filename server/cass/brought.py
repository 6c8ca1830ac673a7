"""Where the user and a project keep what they add to cass: commands, skills, agents, hooks.

A project's things lie in `.cass/`, and in what other tools' users have already: `.claude/`, `.agents/`. Nothing that lies
in a project acts before its user trusted it (`cass.trust`); this file only says where to look.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cass import places

Kind = Literal["commands", "skills", "agents", "hooks"]
_WRITTEN = re.compile(
    r"""\d?&?>[>|&]?\s*("[^"]*"|'[^']*'|[^\s;|&<>()"']+)|\btee\s+(-a\s+)?("[^"]*"|'[^']*'|[^\s;|&<>()"']+)"""
)
"""What a command line writes to: behind `>` and `>>`, and `tee`."""

_MOST_WORDS = 200
_MOST_FOLDERS = 8
_PROGRAMS = frozenset(
    [
        ".py",
        ".pyc",
        ".pyd",
        ".so",
        ".sh",
        ".bash",
        ".zsh",
        ".fish",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".mts",
        ".cts",
        ".tsx",
        ".jsx",
        ".rb",
        ".pl",
        ".pm",
        ".php",
        ".lua",
        ".ps1",
        ".awk",
    ]
)

Dialect = Literal["cass", "claude", "agents"]

_OTHERS: dict[Kind, tuple[Dialect, ...]] = {
    "commands": ("claude",),
    "skills": ("claude", "agents"),
    "agents": ("claude",),
    "hooks": ("claude",),
}


@dataclass(frozen=True)
class Source:
    """A folder that may hold some: whose it is, and in which tool's way it is written. `root` is the project's or the
    user's own folder above it."""

    folder: Path
    origin: Literal["user", "project"]
    dialect: Dialect
    root: Path


def sources(kind: Kind, cwd: Path, config_dir: Path, home: Path) -> list[Source]:
    """Folders of this kind that exist, the weakest first: what comes later replaces what has the same name. The user's own,
    then the project's from its root down to `cwd`; in each place other tools' before cass's."""
    found: list[Source] = []
    for dialect in _OTHERS[kind]:
        found.append(Source(home / f".{dialect}" / kind, "user", dialect, home))
    found.append(Source(config_dir / kind, "user", "cass", config_dir))
    for folder in project_folders(cwd, home):
        for dialect in (*_OTHERS[kind], "cass"):
            found.append(Source(folder / f".{dialect}" / kind, "project", dialect, folder))
    own = {source.folder for source in found if source.origin == "user"}
    return [s for s in found if s.folder.is_dir() and not (s.origin == "project" and s.folder in own)]


def project_folders(cwd: Path, home: Path) -> list[Path]:
    """From the folder that holds `.git` down to `cwd`; without one `cwd` alone. The user's home is nobody's project."""
    for parent in (cwd, *cwd.parents):
        if parent == home and parent != cwd:
            break
        if (parent / ".git").exists():
            below = [p for p in (cwd, *cwd.parents) if p.is_relative_to(parent)]
            return list(reversed(below))
    return [cwd]


def settings_files(cwd: Path, home: Path) -> list[Path]:
    """Where a project's settings may stand, the weakest first: from its root down to `cwd`."""
    return [path for folder in project_folders(cwd, home) for path in places.project_files(folder)]


def named_files(command: str, root: Path, cwd: Path | None = None) -> list[Path]:
    """Files below `root` that a command line names, as far as its words tell: they are part of what it runs. Those
    that it only writes to are not. Words count from `root`, from `cwd`, where it is run, and from the folders that it
    names, into which it may go."""
    command = _WRITTEN.sub(" ", re.sub(r"\$\{?\w*PROJECT_DIR\}?", lambda _: str(root), command))
    words = [word for word in dict.fromkeys(_words(command)) if word and not word.startswith("-")]
    tops = [root] if cwd is None or cwd == root else [root, cwd]
    named = [Path(os.path.normpath(top / word)) for top in tops for word in words]
    below = [path for path in dict.fromkeys(named) if path != root and path.is_relative_to(root)]
    folders = [path for path in below[:_MOST_WORDS] if path.is_dir()][:_MOST_FOLDERS]
    below += [Path(os.path.normpath(folder / word)) for folder in folders for word in words[:_MOST_WORDS]]
    return [path for path in dict.fromkeys(below) if path.is_relative_to(root) and path.is_file()]


def helpers(root: Path) -> Iterator[Path]:
    """What any hook of a folder may use besides what it names: programs in the folders for hooks. Notes and logs that
    hooks keep there are none."""
    for name in (".cass", ".claude"):
        for base, folders, names in os.walk(root / name / "hooks"):
            folders.sort()
            for path in (Path(base, one) for one in sorted(names)):
                if path.suffix.lower() in _PROGRAMS or os.access(path, os.X_OK):
                    yield path


def _words(command: str) -> Iterator[str]:
    """What could be words of a command line: as the shell takes them, and without any quotes, which may hold another
    command line."""
    for text in (command, re.sub(r"[\"']", "", command)):
        yield from re.split(r"[\s\"'`;|&<>()=,:]+", text)
    try:
        yield from shlex.split(command)
    except ValueError:
        return
