"""Whether a server may run: those of a folder only as its user trusted them, with the programs that they name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from cass import brought
from cass.mcp.files import Definition

_LOOKS_AROUND = re.compile(
    r"(npx|npm|pnpx?|pnpm|yarn|bunx?|deno|uvx?|pipx|poetry|pdm|hatch|rye)(\.cmd|\.exe)?", re.IGNORECASE
)
"""Programs that run what lies around them in the place of what they are told: a package in `node_modules`, another
registry in `.npmrc`."""


def folder(one: Definition, cwd: Path, home: Path) -> Path:
    """Where it is started: where it says, else in the session's folder. But a program of the user's own that would run
    what lies in its folder is started in their home: a project must not put its own in the place of the user's."""
    if one.config.cwd is not None:
        return cwd / Path(one.config.cwd).expanduser()
    name = Path(one.config.command or "").name
    is_module = name.lower().startswith("python") and "-m" in one.config.args
    return home if one.origin != "project" and (is_module or _LOOKS_AROUND.fullmatch(name)) else cwd


def may_run(one: Definition, allows: Callable[[Path], bool], cwd: Path, home: Path) -> bool:
    """Whether it is the user's own, or the editor's, or of a folder that they trusted as it is this moment. To be asked
    before each start, and before each call, for what stands in the file may have changed."""
    return all(allows(path) for path in _needed(one, cwd, home))


def _needed(one: Definition, cwd: Path, home: Path) -> Iterator[Path]:
    """The file that says what it runs, and files of the project that this names."""
    if one.file is None:
        return
    yield one.file
    words = [text for text in (one.config.cwd, one.config.command, *one.config.args) if text]
    root = brought.project_folders(cwd, home)[0]
    yield from brought.named_files(shlex.join(words), root, cwd)
