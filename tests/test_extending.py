"""docs/extending.md, done: each example is put into a copy of cass as one file, and works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.server import running

ROOT = Path(__file__).parent.parent
EXAMPLES = dict(
    re.findall(r"```python (\S+)\n(.*?)```", (ROOT / "docs" / "extending.md").read_text("utf-8"), re.DOTALL)
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the server's code."""
    shutil.copytree(ROOT / "server", tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "source"


def _add(source: Path, name: str) -> None:
    target = source / "cass" / name
    assert not target.exists(), "the example must be a new file"
    target.write_text(EXAMPLES[name], "utf-8")


def _cass(source: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(source), "CASS_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "cass", *arguments], cwd=home.parent, env=environ, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_a_tool_is_one_file(source: Path, tmp_path: Path) -> None:
    _add(source, "tools/word_count.py")
    (tmp_path / "text.txt").write_text("four words are here")
    done = _cass(source, tmp_path / "home", "tool", "word_count", '{"path": "text.txt"}')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["content"][0]["text"] == "4 words"


def test_a_command_is_one_file(source: Path, tmp_path: Path) -> None:
    _add(source, "commands/title.py")
    with running(tmp_path / "home", PYTHONPATH=str(source)) as server:
        server.initialize()
        session = server.call("cass/session/new", {"cwd": str(tmp_path)})["sessionId"]
        ask = {"sessionId": session, "prompt": [{"type": "text", "text": "/title Mine"}], "wait": True}
        assert "Mine" in server.call("cass/session/prompt", ask)["text"]
        assert server.call("cass/session/list")["sessions"][0]["title"] == "Mine"


def test_a_provider_is_one_file(source: Path, tmp_path: Path) -> None:
    _add(source, "llm/providers/acme.py")
    done = _cass(source, tmp_path / "home", "models", "--probe", "acme/any")
    assert done.returncode == 3
    assert "ACME_API_KEY" in done.stderr
