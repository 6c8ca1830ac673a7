"""What it costs to keep what calls do to files: in a repository of 2,500 files and 800,000 lines, and in a small one."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path

import steps
from gauge import Bench, Row, median

FILES, LINES = 2_500, 320


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    from cass.config import CheckpointConfig
    from cass.workspace.checkpoints import DiskCheckpoints

    root = bench.folder / "repository"
    _repository(root, 50 if bench.quick else FILES)
    stores = bench.folder / "stores" / "checkpoints"
    first: list[float] = []
    again: list[float] = []
    changed: list[float] = []
    fresh: list[float] = []
    walk: list[float] = []
    copy: list[float] = []
    for _ in range(bench.count):
        shutil.rmtree(stores, ignore_errors=True)
        with asyncio.Runner() as runner:
            kept = DiskCheckpoints("bench", [root], stores, CheckpointConfig())
            taken, seconds = _timed(runner, kept.take())
            first.append(seconds)
            for _ in range(3):
                again.append(_timed(runner, kept.since(taken))[1])
                walk.append(_walk(root))
            (root / "p0" / "m0" / "f0.py").write_text(f"changed {time.monotonic_ns()}\n")
            changed.append(_timed(runner, kept.since(taken))[1])
            other = DiskCheckpoints("bench", [root], stores, CheckpointConfig())
            fresh.append(_timed(runner, other.take())[1])
        copy.append(_copy(root, bench.folder / "copy"))
    walked, copied = median(walk), median(copy)
    yield Row("first checkpoint of 800,000 lines", median(first), "ms", copied, "cp -r", 500)
    yield Row("checkpoint, nothing changed", median(again), "ms", walked, "os.walk and stat", 50)
    yield Row("checkpoint, one file changed", median(changed), "ms", walked, "os.walk and stat", 60)
    yield Row("checkpoint, nothing changed, new process", median(fresh), "ms", walked, "os.walk and stat", 100)
    yield from _steps(bench)


def _steps(bench: Bench) -> Iterable[Row]:
    """The same steps with and without it."""
    settings = bench.home / "config.toml"
    before = settings.read_text()
    calls = [steps.call("shell", command=f"echo step {n}") for n in range(steps.SHORT if bench.quick else 40)]
    kept = median(steps.turn(bench, calls, "step").steps)
    try:
        settings.write_text(f"{before}\n[checkpoints]\nenabled = false\n")
        plain = median(steps.turn(bench, calls, "step").steps)
    finally:
        settings.write_text(before)
    yield Row("step with shell, 20 files", kept, "ms", plain, "checkpoints off")


def _repository(root: Path, files: int) -> None:
    rng = random.Random(1)
    words = [f"word{n}" for n in range(5_000)]
    (root / ".git").mkdir(parents=True)
    for number in range(files):
        folder = root / f"p{number % 25}" / f"m{number % 125}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = (
            "    " * rng.randrange(3) + " ".join(rng.choices(words, k=rng.randrange(1, 9))) for _ in range(LINES)
        )
        (folder / f"f{number}.py").write_text("\n".join(lines) + "\n")


def _timed(runner: asyncio.Runner, work: Coroutine[None, None, object]) -> tuple[object, float]:
    began = time.perf_counter()
    found = runner.run(work)
    return found, (time.perf_counter() - began) * 1e3


def _walk(root: Path) -> float:
    began = time.perf_counter()
    for folder, _, names in os.walk(root):
        for name in names:
            os.lstat(os.path.join(folder, name))  # noqa: PTH118  # the floor: as fast as it can be
    return (time.perf_counter() - began) * 1e3


def _copy(root: Path, to: Path) -> float:
    shutil.rmtree(to, ignore_errors=True)
    began = time.perf_counter()
    subprocess.run(["cp", "-r", str(root), str(to)], check=True)
    return (time.perf_counter() - began) * 1e3
