"""Inline completion in Neovim: off until it is switched on, gone with the next key, off again at once and remembered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor

Start = Callable[..., Editor]

GHOST = """
local shown = {}
for name, id in pairs(vim.api.nvim_get_namespaces()) do
  if name == 'cass.ghost' or name == 'nvim.lsp.inline_completion' then
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, id, 0, -1, { details = true })) do
      for _, piece in ipairs(mark[4].virt_text or {}) do table.insert(shown, piece[1]) end
    end
  end
end
return table.concat(shown)
"""


def model(tmp_path: Path, delay_ms: int = 0) -> str:
    """A model that knows how a greeting goes on."""
    offer = {"after": "greet(", "text": "name)", "delay_ms": delay_ms}
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"steps": [{"text": "hi"}], "completions": [offer]}))
    return f"scripted/{path}"


def switch(editor: Editor, words: str) -> None:
    """Switch it, and wait until the buffer knows."""
    editor.do(f"CassCompletion {words}")
    wanted = "true" if words.startswith("on") else "false"
    editor.until_lua(f"vim.b.cass_completes == {wanted}")


def ghost(editor: Editor) -> str:
    """What is shown behind the cursor."""
    return editor.lua(GHOST)


def test_off_until_switched_on_then_taken_with_tab(start: Start, tmp_path: Path) -> None:
    editor = start(model=model(tmp_path))
    editor.edit("a.py", "")
    editor.attached()
    editor.until_lua("vim.b.cass_completes == false")
    editor.keys("igreet(")
    editor.lua("vim.wait(600)")
    assert ghost(editor) == ""
    editor.keys("<Esc>")
    switch(editor, "on")
    editor.keys("ccgreet(")
    editor.until(lambda: "name)" in ghost(editor), "the completion")
    assert editor.lines == ["greet("], "only shown, not in the text"
    editor.keys("<Tab>")
    editor.until(lambda: editor.lines == ["greet(name)"], "the completion taken")
    editor.keys("<CR><Tab>x<Esc>")
    editor.until(lambda: editor.lines[1:] == ["\tx"] or editor.lines[1:] == ["    x"], "an ordinary tab")


def test_the_next_key_ends_what_was_asked_before(start: Start, tmp_path: Path) -> None:
    editor = start(model=model(tmp_path, delay_ms=700), completion={"debounce_ms": 10})
    editor.edit("a.py", "")
    editor.attached()
    switch(editor, "on session")
    editor.keys("igreet(")
    editor.lua("vim.wait(400)")
    editor.keys("x")
    editor.lua("vim.wait(900)")
    assert ghost(editor) == "" and editor.lines == ["greet(x"]
    editor.keys("<Esc>")


def test_switching_off_is_at_once_and_remembered(start: Start, tmp_path: Path) -> None:
    editor = start(model=model(tmp_path))
    editor.edit("a.py", "")
    editor.attached()
    switch(editor, "on user")
    editor.keys("igreet(")
    editor.until(lambda: "name)" in ghost(editor), "the completion")
    editor.keys("<Esc>")
    second = start(model=model(tmp_path))
    second.edit("b.py", "")
    second.attached()
    second.until_lua("vim.b.cass_completes == true")
    assert "completes" in second.lua("return require('cass').statusline()")
    switch(second, "off user")
    second.keys("igreet(")
    second.lua("vim.wait(600)")
    assert ghost(second) == ""
    third = start(model=model(tmp_path))
    third.edit("c.py", "")
    third.attached()
    third.until_lua("vim.b.cass_completes == false")
