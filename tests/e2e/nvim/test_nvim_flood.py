"""Ten thousand pieces of an answer: Neovim goes on taking keys, and its memory does not grow with them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script

Start = Callable[..., Editor]

WORDS = 10_000


def resident(pid: int) -> int:
    """Kilobytes of memory."""
    fields = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0])


def test_ten_thousand_pieces_leave_the_keys_responsive(start: Start, tmp_path: Path) -> None:
    lines = [f"- **item {n}** with `code` and some words\n" for n in range(WORDS // 8)]
    text = "".join(lines)
    step = {"text": text, "chunk": max(1, len(text) // WORDS), "delay_ms": 0.3}
    editor = start(model=script(tmp_path / "s.json", step, {"text": "second"}))
    editor.edit("a.txt", "")
    editor.attached()
    editor.do("Cass")
    editor.do("wincmd t")
    before = resident(editor.pid)
    editor.do("Cass flood")
    editor.until(lambda: editor.state() == "running", "the turn")
    editor.keys("i")
    times: list[float] = []
    typed = ""
    while editor.state() != "idle":
        letter = "abcdefghij"[len(typed) % 10]
        began = time.monotonic()
        editor.keys(letter)
        typed += letter
        shown = editor.lua("return vim.api.nvim_buf_get_lines(vim.fn.bufnr('a.txt'), 0, 1, true)[1]")
        times.append(time.monotonic() - began)
        assert typed.startswith(shown)
    editor.keys("<Esc>")
    editor.until(lambda: editor.lines[0] == typed, "all that was typed")
    assert lines[-1].strip() in editor.transcript
    flushes = editor.lua("return require('cass').workspace().chat.transcript.flushes")
    grown = resident(editor.pid) - before
    times.sort()
    worst, middle = times[-1], statistics.median(times)
    print(
        f"{len(times)} keys, median {middle * 1000:.1f} ms, 99 % {times[int(len(times) * 0.99) - 1] * 1000:.1f} ms,"
        f" worst {worst * 1000:.1f} ms; {flushes} redraws; memory grew by {grown / 1024:.1f} MB"
    )
    assert len(times) > 20, "the flood was over before anything could be measured"
    assert middle < 0.1 and worst < 1.5
    assert grown < 60_000
