"""What the model is told of a repository before the first word: the branch and how much is not committed. Nothing in it
is a sentence of a stranger's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cass.errors import ToolError
from cass.git.index import name_of
from cass.git.repository import Repository, find

_SECONDS = 5.0
_LONGEST = 80


def is_near(folder: Path) -> bool:
    """Whether the folder may be in a repository."""
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


async def of(folder: Path, environ: Mapping[str, str]) -> str:
    """One line; empty where there is no repository, or git does not say it in time."""
    try:
        repository = await find(folder, environ)
        options = ["--porcelain=v2", "--branch", "-z", "--ignore-submodules=all", "--no-renames"]
        done = await repository.git("status", *options, seconds=_SECONDS, limit=2_000_000)
    except ToolError:
        return ""
    if done.exit_code != 0 and not done.truncated:
        return ""
    return _told(done.stdout, repository)


def _told(status: bytes, repository: Repository) -> str:
    branch, upstream, ahead = "", "", ""
    staged = changed = new = unmerged = 0
    for record in status.split(b"\0"):
        text = os.fsdecode(record)
        if text.startswith("# branch.head "):
            branch = _name(text.removeprefix("# branch.head "))
        elif text.startswith("# branch.upstream "):
            upstream = _name(text.removeprefix("# branch.upstream "))
        elif text.startswith("# branch.ab "):
            plus, minus = text.removeprefix("# branch.ab ").split(" ")
            ahead = ", ".join(
                f"{count} {word}" for count, word in ((plus[1:], "ahead"), (minus[1:], "behind")) if count != "0"
            )
        elif text.startswith(("1 ", "2 ")):
            staged += text[2] != "."
            changed += text[3] != "."
        elif text.startswith("u "):
            unmerged += 1
        elif text.startswith("? "):
            new += 1
    where = "a detached HEAD" if branch == "(detached)" else f"branch {branch}"
    against = f" ({ahead} of {upstream})" if ahead and upstream else ""
    counts = [
        f"{n} {word}"
        for n, word in ((staged, "staged"), (changed, "changed"), (unmerged, "unmerged"), (new, "new"))
        if n
    ]
    going_on = f"; a {repository.state} is going on" if repository.state else ""
    return f"{where}{against}, {', '.join(counts) or 'nothing uncommitted'}{going_on}"


def _name(text: str) -> str:
    return name_of(os.fsencode(text[:_LONGEST]))
