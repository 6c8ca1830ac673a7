"""A long task in small windows: tokens beside what an all-knowing sender would need, and what caches can reuse."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from gauge import Bench, Row, median

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.house import House
from support.longtask import LongTask, long_task


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    steps = 60 if bench.quick else 400
    for window, mode in ((8_192, "strict"), (4_096, "silent")):
        done = asyncio.run(_play(window, mode, steps))
        name = f"{steps} steps in {window:,} tokens"
        yield Row(
            f"{name}: sent", done.sent / 1e3, "k tokens", done.optimum() / 1e3, "optimum", 1.3, target_is_ratio=True
        )
        yield Row(
            f"{name}: requests over the window",
            sum(s.tokens > window for s in done.seen),
            "",
            target=int(mode == "silent"),
        )
        yield Row(f"{name}: compactions", done.compactions, "")
        kept = [reuse for reuse in done.reuse() if reuse >= 0.98]
        yield Row(
            f"{name}: prefix kept between compactions", 100 * median(kept), "%", target=98, more_is_better=True
        )


async def _play(window: int, mode: str, steps: int) -> LongTask:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        try:
            return await long_task(house, window=window, mode=mode, steps=steps, tell=mode == "strict")
        finally:
            await house.app.close()
