"""Commands end as they should while the event loop itself is told of it, and no thread is spent on each."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys, threading
from pathlib import Path
from cass.process import ShellJobs, run_program, watch_children

async def main():
    watch_children()
    jobs = ShellJobs(Path(sys.argv[1]), 12_000, {"PATH": "/usr/bin:/bin"})
    run = lambda command: jobs.run(command, cwd=Path("/"), timeout=20, on_output=lambda text: None)
    waiting = [asyncio.ensure_future(run(f"read -t 0.2 < <(sleep 9); echo {n}; exit {n}")) for n in range(4)]
    waiting.append(asyncio.ensure_future(run("kill -KILL $$")))
    threads = set()
    while not all(task.done() for task in waiting):
        threads |= {thread.name for thread in threading.enumerate()}
        await asyncio.sleep(0)
    reports = [task.result() for task in waiting]
    assert [r.output.strip() for r in reports[:4]] == ["0", "1", "2", "3"], reports
    assert [r.exit_code for r in reports] == [0, 1, 2, 3, 137], reports
    assert not [name for name in threads if name.startswith("waitpid")], threads
    done = await run_program(["/bin/echo", "plain"], Path("/"), 20, 1_000)
    assert (done.stdout, done.exit_code) == (b"plain\\n", 0)
    await jobs.close()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no descriptors for processes")
def test_ends_of_commands_are_learned_without_a_thread_for_each(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
