"""Talking to cass in Neovim: a first message, questions, stopping, sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script

Start = Callable[..., Editor]


def test_a_first_message_is_answered_beside_the_code(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "Hello **there**.\n\n- one\n- two"}))
    editor.edit("a.py", "x = 1\n")
    editor.attached()
    editor.do("Cass")
    editor.keys("iHello?<Esc><CR>")
    editor.idle()
    assert "❯ You\nHello?" in editor.transcript
    assert "● cass\nHello **there**.\n\n- one\n- two" in editor.transcript
