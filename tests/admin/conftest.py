"""`cass`, as a person runs it in an empty project."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cass(tmp_path: Path) -> Run:
    """Runs `cass` with these arguments in an empty project, with a home of its own."""
    (tmp_path / "project").mkdir()
    home = {"CASS_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "CASS_PLUGINS": "0"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cass", *arguments],
            cwd=tmp_path / "project", capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **home},
        )  # fmt: skip

    return run
