"""Hooks in Neovim's transcript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]


def test_what_hooks_say_stands_in_the_transcript_and_nothing_of_those_that_do_nothing(
    start: Start, tmp_path: Path
) -> None:
    settings = tmp_path / "cass" / "config.toml"
    settings.parent.mkdir()
    settings.write_text(
        '[[hooks.PreToolUse]]\nhooks = [{ command = "true", name = "quiet" }, '
        '{ command = "echo no more; exit 1", name = "broken" }, '
        '{ command = "echo not that >&2; exit 2", name = "guard" }]\n'
        '[[hooks.UserPromptSubmit]]\nhooks = [{ command = "echo Monday" }]\n'
    )
    editor = start(
        model=script(tmp_path / "s.json", {"tool_calls": [call("list_dir", path=".")]}, {"text": "So be it."})
    )
    editor.edit("a.py", "x = 1\n")
    editor.attached()
    editor.do("Cass")
    editor.keys("iLook<Esc><CR>")
    editor.idle()
    assert "⚙ Hook broken failed: exit code 1 no more" in editor.transcript
    assert "⚙ Hook guard said no: not that" in editor.transcript
    assert "quiet" not in editor.transcript
    assert "⚙ The model was told something by a hook." in editor.transcript
    assert "Monday" not in editor.transcript
