"""Custom commands in Neovim: completed, asked for in a form, their steps shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script

Start = Callable[..., Editor]

COMMAND = """---
description: Try it
parameters:
  kind: {type: enum, values: [bug, feature]}
  count: {type: int, default: 2, prompt: true}
  loud: {type: bool, required: true}
steps:
  - {id: look, run: "echo {{kind}}-{{count}}-{{loud}}"}
  - {id: never, if: loud, run: "touch never"}
---
Sum up {{steps.look.text}}
"""


def test_a_command_is_completed_asked_for_and_its_steps_shown(start: Start, tmp_path: Path) -> None:
    editor = start(
        model=script(tmp_path / "s.json", {"expect": "bug-7-false", "text": "As said."}),
        approvals={"popup": "never"},
    )
    folder = tmp_path / "cass" / "commands"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "try.md").write_text(COMMAND)
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass")
    editor.keys("i/try ")
    words = "return vim.tbl_map(function(i) return i.word end, require('cass.complete').omnifunc(0))"
    editor.until(lambda: "kind=" in editor.lua(words))
    assert editor.lua(words) == ["bug", "feature", "kind=", "count=", "--loud"]
    editor.keys("kind=bug")
    editor.choose("no")
    editor.write("7")
    editor.keys("<Esc><CR>")
    editor.until_lua("#require('cass').workspace().asks.waiting == 1")
    editor.do("CassAnswer")
    assert "echo 'bug'-'7'-'false'" in editor.asked()
    editor.choose("Yes")
    editor.do("CassAnswer")
    editor.idle()
    assert "✓   look" in editor.transcript and "–   never" in editor.transcript and "✓ /try" in editor.transcript
    assert "As said." in editor.transcript
    assert not (editor.project / "never").exists()
