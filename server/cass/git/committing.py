"""Makes the commit that was planned: with the repository's hooks, and nothing of the user's index but what was asked."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cass.errors import ToolError
from cass.git import plan as planning
from cass.git.index import Change, Index, read_raw
from cass.git.plan import Plan
from cass.git.repository import Repository
from cass.git.staging import drop_locks, followed, head_of, locks, staged
from cass.ports.touched import Content, Touched
from cass.process import Finished

_SAID = 6_000
_WATCHED = 500


class HookFailed(ToolError):
    """A hook said no; `output` is what it printed."""

    kind = "hook_failed"

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True)
class Committed:
    """The commit. `altered` are paths that hooks put into it besides, or changed; `rewritten` are files that hooks changed in the work
    tree without committing that. `notes` are what else the user should know."""

    id: str
    subject: str
    changes: tuple[Change, ...]
    output: str
    altered: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@asynccontextmanager
async def workplace() -> AsyncGenerator[Path]:
    """A private folder for an index and objects, gone afterwards."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cass-git-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def preview(repository: Repository, touched: Sequence[Touched], content: Content) -> tuple[Plan, str]:
    """What would be committed, and its diff. Nothing of the repository is changed."""
    async with workplace() as folder:
        plan, index = await planning.make(repository, touched, content, folder, write=False)
        base = plan.head or await index.empty_tree()
        return plan, await diff_of(repository, base, plan.tree, index.env)


async def diff_of(
    repository: Repository, old: str, new: str, env: Mapping[str, str] | None = None, limit: int = 200_000
) -> str:
    """The differences of two trees or commits as a patch, bounded."""
    options = ["--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--submodule=short", "-p", "-r"]
    printed = await repository.ask("diff-tree", *options, old, new, env=env, limit=limit)
    return printed.decode("utf-8", "replace")


async def commit(
    approved: Plan, touched: Sequence[Touched], content: Content, message: str, hooks: Path, seconds: float
) -> Committed:
    """Commit exactly what was approved. HookFailed and ToolError leave index and branch as they were."""
    repository = approved.repository
    async with workplace() as folder:
        plan, index = await planning.make(repository, touched, content, folder, write=True)
        if (plan.head, plan.tree, plan.branch) != (approved.head, approved.tree, approved.branch):
            raise ToolError(
                "What would be committed is not what was approved any more: something changed meanwhile."
            )
        (folder / "message").write_text(message.strip() + "\n", "utf-8")
        before = _content_of(repository, plan)
        async with staged(plan):
            done, new = await _made(plan, index, folder / "message", hooks, seconds)
        return await _told(plan, index, new, done, before)


async def _made(plan: Plan, index: Index, message: Path, hooks: Path, seconds: float) -> tuple[Finished, str]:
    """What git said, and the commit that it made."""
    repository, there = plan.repository, locks(plan)
    done: Finished | None = None
    args = ["commit", "--quiet", "--cleanup=whitespace", "-F", str(message)]
    more = [("core.hooksPath", str(hooks)), ("core.splitIndex", "false")]
    try:
        done = await repository.git(
            *args, seconds=seconds, env={"GIT_INDEX_FILE": str(index.path)}, network=True, more=more
        )
    finally:
        if done is None or done.timed_out:
            drop_locks(plan, there)
    assert done is not None
    new = await head_of(plan)
    parent = await repository.line("rev-parse", "--verify", "--quiet", f"{new}^") if new else ""
    # Stopped in a hook after the commit, it is made all the same; a commit of somebody else's is not it.
    if new == plan.head or (done.exit_code != 0 and (not done.timed_out or parent != plan.head)):
        raise _failed(done, repository)
    return done, new


async def _told(plan: Plan, index: Index, new: str, done: Finished, before: Mapping[str, str]) -> Committed:
    repository = plan.repository
    base = plan.head or await index.empty_tree()
    options = ["-r", "--raw", "-z", "--no-renames", "--abbrev=64"]
    changes = read_raw(await repository.ask("diff-tree", *options, base, new))
    altered = tuple(c.name for c in read_raw(await repository.ask("diff-tree", *options, plan.tree, new)))
    notes = [await followed(plan, index)]
    if done.timed_out:
        notes.append("A hook after the commit took too long and was stopped (git.hook_timeout).")
    after = _content_of(repository, plan)
    rewritten = tuple(name for name, was in before.items() if after.get(name) != was)
    subject = await repository.line("log", "-1", "--format=%s", new)
    return Committed(new, subject, changes, _output(done), altered, rewritten, tuple(filter(None, notes)))


def _failed(done: Finished, repository: Repository) -> ToolError:
    output = _output(done)
    if done.timed_out:
        return HookFailed("The commit was stopped: its hooks took too long (git.hook_timeout).", output)
    if "Please tell me who you are" in output or "unable to auto-detect email" in output:
        return ToolError(
            "git does not know who commits. `git config --global user.name NAME` and `user.email ADDRESS` tell it."
        )
    if "index.lock" in output:
        return ToolError(f"Another git works in {repository.top} (index.lock). Wait for it, then try again.")
    return HookFailed("The commit was not made.", output)


def _output(done: Finished) -> str:
    text = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    return text if len(text) <= _SAID else f"{text[: _SAID // 3]}\n[…]\n{text[-_SAID * 2 // 3 :]}"


def _content_of(repository: Repository, plan: Plan) -> dict[str, str]:
    """What the files of the commit hold in the work tree, by hash."""
    found: dict[str, str] = {}
    for change in plan.changes[:_WATCHED]:
        path = repository.top / change.name
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_symlink():
                found[change.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
