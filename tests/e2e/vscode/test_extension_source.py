"""The extension's own checks: types, lint and the tests of the parts that need no editor."""

from __future__ import annotations

import os
import subprocess

import pytest

from e2e.vscode import codeserver

pytestmark = pytest.mark.skipif(
    not (codeserver.EXTENSION / "node_modules").exists() or not codeserver.node().exists(),
    reason=f"no Node or no packages: run .ci/vscode.sh {codeserver.prefix()}",
)


@pytest.mark.parametrize("script", ["types", "lint", "test"])
def test_the_source_passes(script: str) -> None:
    path = f"{codeserver.node().parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(codeserver.node().parent / "npm"), "run", "--silent", script]
    done = subprocess.run(
        command,
        cwd=codeserver.EXTENSION,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
