"""Sub-agents in Neovim's transcript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]


def test_a_sub_agent_is_a_line_of_the_transcript_and_asks_by_its_name(start: Start, tmp_path: Path) -> None:
    inner = script(
        tmp_path / "inner.json",
        {"tool_calls": [call("shell", command="echo made > made")]},
        {"text": "It is made."},
    )
    settings = tmp_path / "cass" / "config.toml"
    settings.parent.mkdir()
    settings.write_text(f'[agents]\nmodels = ["{inner}"]\n')
    task = call("task", description="make it", prompt="Make it.", model=inner)
    editor = start(model=script(tmp_path / "s.json", {"tool_calls": [task]}, {"text": "So be it."}))
    editor.edit("a.py", "x = 1\n")
    editor.attached()
    editor.do("Cass")
    editor.keys("iGo<Esc><CR>")
    assert "[general-1] echo made > made" in editor.asked()
    editor.choose("Yes")
    editor.do("CassAnswer")
    editor.idle()
    assert "✓ general-1: make it · It is made." in editor.transcript
