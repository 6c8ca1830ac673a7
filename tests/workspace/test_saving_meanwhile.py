"""A file that its user saves while cass writes its own change of it to disk is not overwritten."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from cass.errors import ToolError
from cass.ports import FileEdit
from cass.workspace import DiskWorkspace

BIG = "a line of the big file\n" * 800_000

OPEN = Path("/proc/self/fd")

pytestmark = pytest.mark.skipif(not OPEN.is_dir(), reason="no /proc to see in what is being written")


def drafts(folder: Path) -> int:
    """How many files without a name are being written in a folder."""
    found = 0
    for handle in OPEN.iterdir():
        try:
            found += str(handle.readlink()).startswith(f"{folder}/#")
        except OSError:
            continue
    return found


async def test_what_is_saved_while_others_are_written_stays(tmp_path: Path) -> None:
    small, big = tmp_path / "small.txt", tmp_path / "big.txt"
    small.write_text("old\n")
    big.write_text("old\n")
    workspace = DiskWorkspace([tmp_path])
    bases = [await workspace.read(path) for path in (small, big)]
    edits = [FileEdit(small, "modify", bases[0], "new\n"), FileEdit(big, "modify", bases[1], BIG)]
    ended = threading.Event()

    def user() -> None:
        while drafts(tmp_path) < 2 and not ended.is_set():
            pass
        small.write_text("mine\n")

    typing = asyncio.create_task(asyncio.to_thread(user))
    outcome = await asyncio.gather(workspace.apply(edits), return_exceptions=True)
    ended.set()
    await typing
    if isinstance(outcome[0], ToolError):
        assert outcome[0].kind == "stale"
        assert big.read_text() == "old\n", "all or none"
    assert small.read_text() == "mine\n"
