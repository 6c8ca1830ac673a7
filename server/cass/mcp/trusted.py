"""Whether a server may run: those of a folder only as its user trusted them, with the programs that they name."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from cass import brought
from cass.mcp.files import Definition


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
