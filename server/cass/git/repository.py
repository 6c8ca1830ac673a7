"""A repository, and running git in it so that nothing that it names itself is run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.errors import ToolError
from cass.git import scopes
from cass.git.scopes import Settings
from cass.process import Finished, run_program
from cass.process.environ import child_environ, config_environ
from cass.process.program import path_outside

SECONDS = 30.0
_OUTPUT = 20_000_000

# Who commits, and where the user's own configuration lies: these variables are the user's and hold.
_KEPT = re.compile(
    r"GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|GIT_(SSH|SSL_\w+|TRACE\w*)"
)


@dataclass(frozen=True)
class Repository:
    """A work tree with its git folder. `git_dir` is its own, `common_dir` that of all its work trees."""

    top: Path
    git_dir: Path
    common_dir: Path
    settings: Settings
    environ: Mapping[str, str]

    async def git(
        self,
        *args: str,
        seconds: float = SECONDS,
        limit: int = _OUTPUT,
        env: Mapping[str, str] | None = None,
        network: bool = False,
        more: Sequence[tuple[str, str]] = (),
    ) -> Finished:
        """Run git in the work tree. `env` is set besides, `more` are settings. Without `network` git reaches none."""
        pairs = [*scopes.ALWAYS.items(), *self.settings.covered.items()]
        if not network:
            pairs += [("core.hooksPath", os.devnull), ("core.sshCommand", "false"), ("credential.helper", "")]
        surroundings = {
            **self.environ,
            **config_environ([*pairs, *more]),
            **({} if network and not self.settings.fetches_lazily else {"GIT_ALLOW_PROTOCOL": "none"}),
            **(env or {}),
        }
        return await run_program(
            ["git", "--no-pager", "--literal-pathspecs", *args], self.top, seconds, limit, surroundings
        )

    async def ask(self, *args: str, env: Mapping[str, str] | None = None, limit: int = _OUTPUT) -> bytes:
        """What git prints. ToolError with its words when it fails."""
        done = await self.git(*args, env=env, limit=limit)
        if done.exit_code != 0 and not done.truncated:
            raise ToolError(f"git {args[0]} failed: {said(done)}")
        return done.stdout

    async def line(self, *args: str) -> str:
        """The first line that git prints; empty when it fails."""
        done = await self.git(*args)
        text = done.stdout.decode("utf-8", "replace").splitlines()
        return text[0] if done.exit_code == 0 and text else ""

    @property
    def state(self) -> str:
        """What is going on: `merge`, `rebase`, `cherry-pick`, `revert`, `bisect`, `am`; empty for nothing."""
        for name, what in (
            ("MERGE_HEAD", "merge"),
            ("rebase-merge", "rebase"),
            ("rebase-apply", "rebase"),
            ("CHERRY_PICK_HEAD", "cherry-pick"),
            ("REVERT_HEAD", "revert"),
        ):
            if (self.git_dir / name).exists():
                return what
        return ""


async def find(cwd: Path, environ: Mapping[str, str]) -> Repository:
    """The repository that the folder is in. ToolError when there is none, git refuses it, or it claims a work tree that
    does not claim it."""
    env = {name: value for name, value in child_environ(environ).items() if not name.startswith("GIT_")}
    env |= {name: value for name, value in environ.items() if _KEPT.fullmatch(name)}
    env |= {
        "PATH": path_outside(environ.get("PATH", os.defpath), cwd),
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C.UTF-8",
    }
    calm = env | config_environ([*scopes.ALWAYS.items()])
    where = ["rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir"]
    done = await run_program(["git", *where], cwd, SECONDS, 100_000, calm)
    lines = os.fsdecode(done.stdout).splitlines()
    if done.exit_code != 0 or len(lines) != 3:
        raise ToolError(_no_repository(cwd, said(done)))
    top, git_dir, common = _places(cwd, lines)
    listed = await run_program(["git", "config", "--null", "--show-scope", "--list"], cwd, SECONDS, 2_000_000, calm)
    if listed.exit_code != 0:
        raise ToolError(f"git cannot read its configuration: {said(listed)}")
    return Repository(top, git_dir, common, scopes.read(listed.stdout), env)


def _places(cwd: Path, lines: Sequence[str]) -> tuple[Path, Path, Path]:
    """Work tree, its git folder, that of all work trees; as git said it, if that can be."""
    top, git_dir, common = Path(lines[0]), Path(lines[1]), Path(os.path.normpath(cwd / lines[2]))
    if not cwd.resolve().is_relative_to(top.resolve()) or not _leads_to(top / ".git", git_dir):
        raise ToolError(
            f"{git_dir} names {top} as its work tree, which does not belong to it. cass does not use it."
        )
    return top, git_dir, common


def _leads_to(link: Path, git_dir: Path) -> bool:
    """Whether a work tree's `.git` is this git folder."""
    try:
        if link.is_dir():
            return link.resolve() == git_dir.resolve()
        text = link.read_text("utf-8", "surrogateescape")
    except OSError:
        return False
    named = text.removeprefix("gitdir:").strip()
    return text.startswith("gitdir:") and (link.parent / named).resolve() == git_dir.resolve()


def said(done: Finished) -> str:
    """The words of git, short."""
    if done.timed_out:
        return "it gave no answer in time"
    text = done.stderr.decode("utf-8", "replace").strip() or done.stdout.decode("utf-8", "replace").strip()
    return " ".join(text.split())[:400] or f"exit code {done.exit_code}"


def _no_repository(cwd: Path, words: str) -> str:
    if "dubious ownership" in words:
        return f"git does not trust {cwd}, for it belongs to another user. `git config --global --add safe.directory` allows it."
    if "not a git repository" in words or not words:
        return f"{cwd} is in no git repository."
    return f"git cannot tell about {cwd}: {words}"
