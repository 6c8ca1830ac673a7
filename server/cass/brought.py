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


def named_files(command: str, root: Path) -> list[Path]:
    """Files below `root` that a command line names, as far as its words tell: they are part of what it runs. Those
    that it only writes to are not."""
    command = _WRITTEN.sub(" ", re.sub(r"\$\{?\w*PROJECT_DIR\}?", lambda _: str(root), command))
    found = [Path(os.path.normpath(root / word)) for word in _words(command) if word and not word.startswith("-")]
    return [path for path in dict.fromkeys(found) if path != root and path.is_relative_to(root) and path.is_file()]


def _words(command: str) -> Iterator[str]:
    """What could be words of a command line: as the shell takes them, and without any quotes, which may hold another
    command line."""
    for text in (command, re.sub(r"[\"']", "", command)):
        yield from re.split(r"[\s\"'`;|&<>()=,:]+", text)
    try:
        yield from shlex.split(command)
    except ValueError:
        return
