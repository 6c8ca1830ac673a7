"""Keeps files as a commit on a branch beside the user's: no hook runs, and neither HEAD, nor the index, nor a file is
touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cass.errors import ToolError
from cass.git.committing import workplace
from cass.git.contents import names_of, unfit
from cass.git.index import Entry, Index
from cass.git.repository import Repository
from cass.ports.touched import Touched


async def keep(repository: Repository, branch: str, touched: Sequence[Touched], message: str) -> str:
    """Commit these files as they are now on top of the branch, or of HEAD where there is none yet; the commit's id, empty
    where nothing is different. Files are taken whole. ToolError when git cannot."""
    ref = f"refs/heads/{branch}"
    last = await repository.line("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    parent = last or await repository.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    async with workplace() as folder:
        index = Index(repository, folder / "index", {})
        await index.ask("read-tree", *([parent] if parent else ["--empty"]))
        names, _ = names_of(repository, touched)
        left_out = await unfit(repository, list(names), await index.entries(list(names)))
        await index.update({n: await _entry(repository, n) for n in names if n not in left_out})
        tree = await index.tree()
        if tree == (
            await repository.line("rev-parse", f"{parent}^{{tree}}") if parent else await index.empty_tree()
        ):
            return ""
        text = folder / "message"
        text.write_text(message.strip() + "\n", "utf-8")
        made = await repository.ask("commit-tree", tree, *(["-p", parent] if parent else []), "-F", str(text))
    new = made.decode().strip()
    await repository.ask("update-ref", "-m", "cass: kept a turn", ref, new, last or "0" * len(new))
    return new


async def _entry(repository: Repository, name: str) -> Entry | None:
    path = repository.top / name
    mode, target = _look(path)
    if not mode:
        return None
    if mode == "120000":
        async with workplace() as folder:
            (folder / "link").write_bytes(target)
            id = await repository.ask("hash-object", "-w", "--no-filters", "--", str(folder / "link"))
    else:
        id = await repository.ask("hash-object", "-w", f"--path={name}", "--", str(path))
    return Entry(mode, id.decode().strip())


def _look(path: Path) -> tuple[str, bytes]:
    """The mode that git would give it, empty for no file; a link's target."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "", b""
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}") from None
    if stat.S_ISLNK(found.st_mode):
        return "120000", os.fsencode(os.readlink(path))  # noqa: PTH115 - the bytes as they are
    return ("100755" if found.st_mode & 0o100 else "100644") if stat.S_ISREG(found.st_mode) else "", b""
