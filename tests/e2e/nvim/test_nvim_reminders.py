"""Reminders and loops in Neovim's transcript and bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script

Start = Callable[..., Editor]


def test_a_loop_is_a_line_when_it_fires_and_its_next_time_stands_in_the_bar(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "All is well."}))
    editor.edit("a.py", "x = 1\n")
    editor.attached()
    editor.do("Cass")
    editor.keys("i/loop 2h look around<Esc><CR>")
    editor.until(lambda: "All is well." in editor.transcript)
    editor.idle()
    assert "⏰ Loop: look around (again at " in editor.transcript
