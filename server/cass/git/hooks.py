"""Which hooks a commit would run, and from where: the repository's hooks folder, or the one that the user's own
configuration names; one that the repository itself names only when the user agrees."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cass.git.repository import Repository

_COMMIT = (
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "reference-transaction",
    "post-index-change",
)


@dataclass(frozen=True)
class HookFolder:
    """Where hooks are looked for, and those that a commit runs."""

    folder: Path
    names: tuple[str, ...]

    @property
    def shown(self) -> str:
        """For a person, in a line."""
        return f"{', '.join(self.names)} ({self.folder})"


def usual(repository: Repository) -> HookFolder:
    """What runs without asking more than about the commit itself."""
    users = repository.settings.users("core.hookspath")
    return _in(_located(repository, users) if users else repository.common_dir / "hooks")


def named_by_repository(repository: Repository) -> HookFolder | None:
    """The folder that the repository's own configuration names, where it holds hooks for a commit."""
    own = repository.settings.own("core.hookspath")
    found = _in(_located(repository, own)) if own else None
    if found is None or not found.names or found.folder == usual(repository).folder:
        return None
    return found


def _located(repository: Repository, named: str) -> Path:
    return Path(os.path.normpath(repository.top / Path(named).expanduser()))


def _in(folder: Path) -> HookFolder:
    names = (name for name in _COMMIT if (folder / name).is_file() and os.access(folder / name, os.X_OK))
    return HookFolder(folder, tuple(names))
