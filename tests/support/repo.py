"""Real git repositories, with the tests' own user and nothing of this machine's configuration."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Repo:
    """A repository at `top`."""

    top: Path

    def git(self, *args: str, ok: bool = True, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.top,
            capture_output=True,
            check=False,
            timeout=60,
            env={**os.environ, **(env or {})},
        )
        assert not ok or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, **files: str) -> None:
        """`a__b="x"` is a/b; `_` within a name is a dot."""
        for name, text in files.items():
            path = self.top / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, message: str = "Begin", *extra: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty", *extra)

    def hook(self, name: str, script: str, folder: str = ".git/hooks") -> None:
        path = self.top / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    @property
    def index(self) -> bytes:
        return (self.top / ".git" / "index").read_bytes()

    def head(self, name: str = "") -> str:
        """The id of HEAD, or what a file holds there."""
        return self.git("show", f"HEAD:{name}") if name else self.git("rev-parse", "HEAD").strip()

    def files(self) -> list[str]:
        """What the last commit changed."""
        raw = self.git(
            "diff-tree", "-r", "-z", "--root", "--no-commit-id", "--name-status", "--no-renames", "HEAD"
        ).split("\0")
        return [f"{a} {b}" for a, b in zip(raw[0::2], raw[1::2], strict=False)]


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """git's user for this test."""
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n[core]\n\tautocrlf = false\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in list(os.environ):
        if name.startswith("GIT_") and name != "GIT_CONFIG_NOSYSTEM":
            monkeypatch.delenv(name)


def repo(top: Path) -> Repo:
    """A new one."""
    top.mkdir(parents=True, exist_ok=True)
    made = Repo(top)
    made.git("init", "-q")
    return made
