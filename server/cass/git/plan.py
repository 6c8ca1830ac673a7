"""What a commit will hold: exactly what is staged, else exactly what the session changed. Looked at in a copy of the index
and with objects written elsewhere, so that nothing of the repository changes before the user agreed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.errors import ToolError
from cass.git.contents import Skipped, selected
from cass.git.index import Change, Index, name_of
from cass.git.repository import Repository
from cass.ports.touched import Content, Touched


@dataclass(frozen=True)
class Plan:
    """A commit to be. `tree` and `head` are object ids, `head` empty before the first commit; `changes` is what it
    changes, `left_out` what of the session it does not hold and why. `kept` are files of which the user's own changes
    stay uncommitted."""

    repository: Repository
    branch: str
    head: str
    tree: str
    staged: bool
    changes: tuple[Change, ...]
    left_out: tuple[Skipped, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The branch, for a person."""
        return f"on {self.branch}" if self.branch else f"on a detached HEAD at {self.head[:10]}"


async def make(
    repository: Repository, touched: Sequence[Touched], content: Content, folder: Path, *, write: bool
) -> tuple[Plan, Index]:
    """The plan, and the index that holds it, in `folder`. With `write` new objects go into the repository, else into
    the folder. ToolError when there is nothing to commit, or a state in which a commit would mean something else."""
    if repository.state:
        raise ToolError(
            f"A {repository.state} is going on in {repository.top}. Finish or abort it with git first; "
            "cass commits nothing meanwhile."
        )
    head = await repository.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    branch = await repository.line("symbolic-ref", "--short", "--quiet", "HEAD")
    index = Index(repository, folder / "index", _objects(repository, folder, write=write))
    if _copy_index(repository, index.path):
        await index.ask("update-index", "--no-split-index")
    if await index.ask("ls-files", "--unmerged", "-z"):
        raise ToolError(f"There are unmerged files in {repository.top}. Resolve them first.")
    staged = await index.changes(head)
    if staged:
        return Plan(repository, branch, head, await index.tree(), True, staged), index
    chosen = await selected(repository, index, touched, content, folder, bool(head))
    await index.update(chosen.entries)
    changes = await index.changes(head)
    if not changes:
        raise ToolError(_nothing(chosen.left_out))
    plan = Plan(repository, branch, head, await index.tree(), False, changes, chosen.left_out, chosen.kept)
    return plan, index


def _objects(repository: Repository, folder: Path, *, write: bool) -> Mapping[str, str]:
    if write:
        return {}
    own = folder / "objects"
    own.mkdir(exist_ok=True)
    # Quoted as git wants it where a path could be taken for two.
    there = str(repository.common_dir / "objects").replace("\\", "\\\\").replace('"', '\\"')
    return {"GIT_OBJECT_DIRECTORY": str(own), "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{there}"'}


def _copy_index(repository: Repository, path: Path) -> bool:
    """Copy the user's index; whether a part of it lies elsewhere, where a commit from a copy does not look."""
    path.unlink(missing_ok=True)
    source = repository.git_dir / "index"
    if source.exists():
        # With its time: a file that changed after the index was written is looked at by that.
        shutil.copy2(source, path)
    return any(repository.git_dir.glob("sharedindex.*"))


def _nothing(left_out: Sequence[Skipped]) -> str:
    if not left_out:
        return "Nothing is staged, and this session changed nothing that is not committed."
    return "Nothing is staged, and nothing of what this session changed can be committed:\n" + reasons(left_out)


def reasons(left_out: Sequence[Skipped]) -> str:
    """What is left out and why, a line each."""
    lines = [f"- {name_of(os.fsencode(skipped.name))}: {skipped.why}" for skipped in left_out[:20]]
    return "\n".join([*lines, *([f"- … and {len(left_out) - 20} more"] if len(left_out) > 20 else [])])
