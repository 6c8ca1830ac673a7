"""A copy of a repository's files with a git folder of its own: to work in without touching branches, index or files of
the one that it was made from. It borrows that one's objects, takes nothing of its configuration, and runs nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from cass import plainfile
from cass.errors import ToolError
from cass.git import repository
from cass.git.index import Change, Index
from cass.git.repository import Repository

_FILES = 100_000
_BYTES = 2_000_000_000
_FILE_BYTES = 500_000_000
_SECONDS = 300.0
_PATCH = 20_000_000
_BASE = "refs/cass/base"
_WHO = {
    "GIT_AUTHOR_NAME": "cass",
    "GIT_AUTHOR_EMAIL": "cass@localhost",
    "GIT_COMMITTER_NAME": "cass",
    "GIT_COMMITTER_EMAIL": "cass@localhost",
}
_PLAIN = "* -text -filter -ident -working-tree-encoding\n"
"""Every file is kept in the copy's git folder byte for byte."""


@dataclass(frozen=True)
class Copy:
    """`top` is the copy's uppermost folder, `source` the one that it was made from."""

    top: Path
    source: Path


async def make(source: Repository, top: Path) -> Copy:
    """Copy the files as they are now: those that git knows, and new ones that nothing ignores. `top` must not be there
    yet. ToolError where that cannot be done; what was made until then is the caller's to remove."""
    listed = await source.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    names = sorted({os.fsdecode(name) for name in listed.split(b"\0") if name})
    if len(names) > _FILES:
        raise ToolError(f"{source.top} has {len(names):,} files; a copy may have {_FILES:,}.")
    stop: list[bool] = []
    try:
        await asyncio.to_thread(_copy, source.top, top, names, stop)
    except OSError as error:
        raise ToolError(f"The files cannot be copied: {error.filename}: {error.strerror}") from None
    finally:
        stop.append(True)  # the thread goes on where this was cancelled
    own = await _own(source, top)
    index = Index(own, own.git_dir / "index", {})
    head = await source.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    done = await own.git("add", "--all", "--force", ".", seconds=_SECONDS)
    if done.exit_code != 0:
        raise ToolError(f"git cannot take the copy: {repository.said(done)}")
    tree = await index.tree()
    parents = ["-p", head] if head else []
    words = "The files as they were when the sub-agent began"
    commit = (await own.ask("commit-tree", tree, *parents, "-m", words, env=_WHO)).decode().strip()
    await own.ask("update-ref", "HEAD", commit)
    await own.ask("update-ref", _BASE, commit)
    return Copy(top, source.top)


async def changes(top: Path) -> tuple[Repository, Index, tuple[Change, ...]]:
    """What is different now from when the copy was made, whatever was committed in it; ignored new files are left out.
    ToolError where its git folder is not what it was."""
    own = await repository.find(top, os.environ)
    if not (top / ".git").is_dir() or own.top.name != top.name:
        raise ToolError(f"{top} has no git folder any more.")
    index = Index(own, own.git_dir / "cass-index", {})
    await index.ask("read-tree", _BASE)
    done = await own.git("add", "--all", ".", seconds=_SECONDS, env=index.env)
    if done.exit_code != 0:
        raise ToolError(f"git cannot look at the copy: {repository.said(done)}")
    return own, index, await index.changes(_BASE)


async def patch(index: Index) -> bytes:
    """All of that as `git apply` takes it."""
    return await index.repository.ask(
        "diff",
        "--cached",
        "--binary",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        _BASE,
        env=index.env,
        limit=_PATCH,
    )


async def blob(index: Index, id: str, most: int) -> bytes | None:
    """A file's content; None for one that is longer than this."""
    done = await index.repository.git("cat-file", "blob", id, limit=most)
    return done.stdout if done.exit_code == 0 else None


def remove(folder: Path) -> None:
    """Take a folder away, whatever was done to its modes. Never raises."""
    for base, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(base) / name
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


async def _own(source: Repository, top: Path) -> Repository:
    """A git folder that borrows the objects of the source."""
    form = await source.line("rev-parse", "--show-object-format") or "sha1"
    words = ["init", "--quiet", "--template=", f"--object-format={form}", "--initial-branch=sub-agent", str(top)]
    done = await source.git(*words)
    if done.exit_code != 0:
        raise ToolError(f"git cannot begin the copy: {repository.said(done)}")
    git = top / ".git"
    (git / "info").mkdir(exist_ok=True)
    (git / "info" / "attributes").write_text(_PLAIN, "utf-8")
    objects = git / "objects" / "info"
    objects.mkdir(parents=True, exist_ok=True)
    (objects / "alternates").write_bytes(os.fsencode(source.common_dir / "objects") + b"\n")
    if (source.common_dir / "shallow").is_file():
        shutil.copyfile(source.common_dir / "shallow", git / "shallow")
    return await repository.find(top, os.environ)


def _copy(source: Path, top: Path, names: list[str], stop: list[bool]) -> None:
    top.mkdir(mode=0o700)
    room = _BYTES
    for name in names:
        if stop:
            return
        old, new = source / name, top / name
        try:
            found = old.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue  # deleted and not committed
        if stat.S_ISDIR(found.st_mode) or ".git" in Path(name).parts:
            continue  # another repository
        new.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(found.st_mode):
            new.symlink_to(os.readlink(old))  # noqa: PTH115 - the target as it is
        elif stat.S_ISREG(found.st_mode):
            data = plainfile.read(old, _FILE_BYTES)
            room -= len(data)
            if room < 0:
                raise OSError(27, f"it has over {_BYTES:,} bytes", str(source))
            new.write_bytes(data)
            new.chmod(stat.S_IMODE(found.st_mode) & 0o755 | 0o600)
