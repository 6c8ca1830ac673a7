"""A private home, a small project, scripts for the model, and real terminals for the terminal client."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.terminal import CASS, Screen


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for everything that cass keeps."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    """An environment without keys, with its own home."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in ("PATH", "LANG", "PYTHONPATH", "TMPDIR") or key.startswith(("COV_", "COVERAGE_"))
    }
    return kept | {"CASS_HOME": str(home), "HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with two files."""
    path = tmp_path / "project"
    path.mkdir()
    (path / "nums.py").write_text("".join(f"{c} = {n}\n" for n, c in enumerate("abcdefghi", 1)))
    (path / "notes.txt").write_text("remember\n")
    return path


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """Write steps for the scripted model; answers the model's name."""
    count = 0

    def write(*steps: object) -> str:
        nonlocal count
        count += 1
        path = tmp_path / f"script{count}.json"
        path.write_text(json.dumps({"steps": list(steps)}))
        return f"scripted/{path}"

    return write


@pytest.fixture
def cass(environ: dict[str, str], project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command to its end, without a terminal."""

    def run(
        *arguments: str, stdin: str = "", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CASS, *arguments], cwd=project, env=environ | (env or {}), input=stdin,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def terminal(environ: dict[str, str], project: Path) -> Iterator[Callable[..., Screen]]:
    """Run the command in a terminal."""
    opened: list[Screen] = []

    def start(*arguments: str, columns: int = 80, env: dict[str, str] | None = None) -> Screen:
        opened.append(Screen(list(arguments), project, environ | (env or {}), columns))
        return opened[-1]

    yield start
    for screen in opened:
        screen.leave()
