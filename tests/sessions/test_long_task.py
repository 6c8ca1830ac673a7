"""A task of hundreds of steps in a window of a few thousand tokens: it ends, fits, forgets nothing, and wastes little."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.house import House
from support.longtask import long_task


@pytest.mark.parametrize(
    ("window", "mode", "tell", "steps"), [(8_192, "strict", True, 400), (4_096, "silent", False, 120)]
)
async def test_a_long_task(window: int, mode: str, tell: bool, steps: int, tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        done = await long_task(house, window=window, mode=mode, tell=tell, steps=steps)
    finally:
        await house.app.close()
    assert done.stop_reason == "end_turn"
    assert len(done.turns) == steps + 1
    assert sum(seen.tokens > window for seen in done.seen) <= (0 if tell else 1)
    assert done.refused == 0
    assert done.missing() == []
    assert done.compactions > 5
    broken = [reuse for reuse in done.reuse() if reuse < 0.98]
    assert len(broken) <= done.compactions
    if steps == 400:
        assert done.sent <= 1.3 * done.optimum()
