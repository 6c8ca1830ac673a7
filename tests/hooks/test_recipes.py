"""The recipes of docs/hooks.md, as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.house import RecordingClient, ask, call

from .conftest import HookHouse, ends, results

_PAGE = Path(__file__).parent.parent.parent / "docs" / "hooks.md"

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="the recipes use jq")


def recipe(title: str) -> str:
    """The TOML below a heading."""
    section = _PAGE.read_text().partition(f"### {title}\n")[2].partition("\n### ")[0]
    found = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert found, title
    return found[1]


@pytest.fixture
async def equipped(tmp_path: Path) -> AsyncIterator[HookHouse]:
    """A house whose hooks find this environment's ruff and pytest, and a notify-send that writes down."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("ruff", "python3"):
        (tools / name).write_text(f'#!/bin/sh\nexec "{Path(sys.executable).parent / name}" "$@"\n')
    (tools / "notify-send").write_text('#!/bin/sh\necho "$1: $2" > notified.txt\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    made = HookHouse(tmp_path)
    made.app = type(made.app)({**made.environ, "PATH": f"{tools}{os.pathsep}/usr/bin:/bin"})
    yield made
    await made.app.close()


def test_every_block_of_the_page_can_be_read() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", _PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        assert "hooks" in tomllib.loads(block)


async def test_format_and_lint(equipped: HookHouse) -> None:
    equipped.toml(recipe("Format and lint after an edit"))
    client = RecordingClient()
    steps = [
        call("write_file", path="my code.py", content="import os\nx  =  1\n"),
        call("write_file", path="bad.py", content="print(nowhere)\n"),
        {"text": "ok"},
    ]
    await ask(equipped.open(client, steps), "go")
    (fine, bad) = results(client)
    assert (equipped.project / "my code.py").read_text() == "x = 1\n"
    assert fine[0] == "completed" and "+x = 1" in fine[1]
    assert bad[0] == "completed" and "F821" in bad[1]


async def test_affected_tests(equipped: HookHouse) -> None:
    equipped.toml(recipe("Run the affected tests"))
    (equipped.project / "tests").mkdir()
    (equipped.project / "tests" / "test_thing.py").write_text(
        "import sys; sys.path.insert(0, '.')\nfrom thing import x\ndef test_x():\n    assert x == 1\n"
    )
    client = RecordingClient()
    steps = [
        call("write_file", path="thing.py", content="x = 1\n"),
        call("write_file", path="other.py", content="y = 1\n"),
        call("write_file", path="thing.py", content="x = 2222\n"),
        {"text": "ok"},
    ]
    await ask(equipped.open(client, steps), "go")
    assert [state for _, state, _ in ends(client)] == ["done", "done", "blocked"]
    assert "assert 2222 == 1" in results(client)[2][1]


@pytest.mark.parametrize("mode", ["active", "plan"])
async def test_block_secrets(equipped: HookHouse, mode: str) -> None:
    equipped.toml(recipe("Block secrets"))
    client = RecordingClient()
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    steps = [
        call("write_file", path="a.py", content=f"key = '{key}'\n"),
        call("shell", command=f"echo {key}"),
        call("write_file", path="b.py", content="key = None\n"),
        {"text": "ok"},
    ]
    await ask(equipped.open(client, steps, options={"mode": mode}), "go")
    assert not (equipped.project / "a.py").exists()
    assert [status for status, _ in results(client)][2] == "completed"
    assert "holds a secret" in results(client)[0][1]
    if mode == "active":
        assert "holds a secret" in results(client)[1][1]


async def test_notification(equipped: HookHouse) -> None:
    equipped.toml(recipe("Desktop notification"))
    client = RecordingClient()
    session = equipped.open(client, [call("shell", command="sleep 1"), {"text": "ok"}])
    await ask(session, "go")
    await equipped.app.library.close(session.session_id)
    assert (equipped.project / "notified.txt").read_text() == "cass: cass needs your permission: sleep 1\n"
