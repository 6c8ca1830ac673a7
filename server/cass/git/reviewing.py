"""Diffs for the model to read: of what is not committed, of what is staged, of a branch against its base."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from cass.errors import ToolError
from cass.git.committing import diff_of
from cass.git.index import name_of
from cass.git.repository import Repository

_LOG = 60
_NEW = 50
_BASES = ("main", "master", "develop", "trunk")


@dataclass(frozen=True)
class Asked:
    """What is looked at: against what, for a person, and as text. `files` are the paths from the top that it changes; `tip` is
    whose changes they are."""

    base: str
    text: str
    files: tuple[str, ...]
    tip: str = "HEAD"


async def of_branch(repository: Repository, named: str, room: int) -> Asked:
    """What HEAD adds to a base: the branch that is named, else the one that it most likely began from. Of a branch that
    has what HEAD has not, and is nobody's base, it is what that adds to HEAD."""
    head = await repository.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not head:
        raise ToolError("There are no commits yet.")
    name = named or await _base(repository)
    commit = await _commit(repository, name)
    fork = await repository.line("merge-base", commit, head)
    if not fork:
        raise ToolError(f"{name} and HEAD have nothing in common.")
    base, tip, end = name, "HEAD", head
    if fork != commit and (fork == head or name.removeprefix("origin/") not in _BASES):
        base, tip, end = "HEAD", name, commit
    if fork == end:
        raise ToolError(f"{tip} adds nothing to {base}.")
    options = ["--no-color", "--no-show-signature", "--reverse", "--format=- %s%n%w(0,2,2)%b"]
    log = await repository.ask("log", f"-n{_LOG}", *options, f"{fork}..{end}")
    diff = await diff_of(repository, fork, end)
    said = log.decode("utf-8", "replace").strip()
    text = f"Commits:\n{said[: room // 4]}\n\n<diff>\n{shortened(diff, room)}\n</diff>"
    return Asked(base, text, files_of(diff), tip)


async def of_changes(repository: Repository, what: str, room: int) -> Asked:
    """What is staged (`--staged`), or all that is not committed, new files included."""
    head = await repository.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    options = ["--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--submodule=short", "-p"]
    if not head:
        head = await repository.line("hash-object", "-t", "tree", os.devnull)
    which = ["--cached", "--ita-invisible-in-index"] if what == "--staged" else ["--ignore-submodules=all"]
    diff = (await repository.ask("diff-index", *options, *which, head, limit=400_000)).decode("utf-8", "replace")
    if what != "--staged":
        diff += await _new_files(repository)
    if not diff.strip():
        raise ToolError("Nothing is staged." if what == "--staged" else "Nothing is uncommitted.")
    shown = "the last commit (what is staged)" if what == "--staged" else "the last commit"
    return Asked(shown, f"<diff>\n{shortened(diff, room)}\n</diff>", files_of(diff))


async def _new_files(repository: Repository) -> str:
    listed = await repository.ask("ls-files", "--others", "--exclude-standard", "-z", limit=1_000_000)
    out: list[str] = []
    for raw in [name for name in listed.split(b"\0") if name][:_NEW]:
        path = repository.top / os.fsdecode(raw)
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > 200_000:
                continue
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        name, lines = name_of(raw), text.splitlines()
        body = "\n".join(f"+{line}" for line in lines)
        out.append(
            f"diff --git a/{name} b/{name}\nnew file\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{len(lines)} @@\n{body}\n"
        )
    return "".join(out)


async def _base(repository: Repository) -> str:
    """The branch that this one goes back to: what the remote calls its head, else main or master."""
    here = await repository.line("symbolic-ref", "--short", "--quiet", "HEAD")
    remote = await repository.line("symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD")
    for name in (remote, "origin/main", "origin/master", *_BASES):
        if (
            name
            and name != here
            and await repository.line("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        ):
            return name
    raise ToolError("There is no branch to compare with.", hint="Name one: /pr BASE or /review BASE.")


async def _commit(repository: Repository, name: str) -> str:
    if name.startswith("-") or not re.fullmatch(r"[^\x00-\x20\x7f~^:?*\[\\]+(?:[~^]\d*)*", name):
        raise ToolError(f"{name[:80]!r} is no branch.")
    for full in (f"refs/heads/{name}", f"refs/remotes/{name}", name):
        found = await repository.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{full}^{{commit}}")
        if found:
            return found
    raise ToolError(f"There is no branch or commit {name[:80]!r}.")


def files_of(diff: str) -> tuple[str, ...]:
    """The files that a patch changes."""
    return tuple(dict.fromkeys(re.findall(r"^\+\+\+ b/(.+?)\t?$", diff, re.MULTILINE)))


def shortened(diff: str, room: int) -> str:
    """A patch that fits: every file keeps its beginning, and what is left out is said."""
    if len(diff) <= room:
        return diff
    files = [part for part in re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE) if part.strip()]
    left, out = room, list[str]()
    for number, part in enumerate(sorted(files, key=len)):
        share = max(left // (len(files) - number), 0)
        taken = (
            part
            if len(part) <= share
            else part[:share].rsplit("\n", 1)[0] + f"\n[… {len(part) - share} characters of this file left out]\n"
        )
        if share < 80:
            out.append(f"[… {len(files) - number} more files left out]\n")
            break
        left -= len(taken)
        out.append(taken)
    return "".join(out)
