"""Going back in Neovim: shown first, then buffers, files and the conversation are as before, and all of it undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]

TEXT = "".join(f"line {n}\n" for n in range(1, 31))

# The choices that were offered, and what is taken of each: the first one that holds the text.
PICK = """
local wanted = ...
_G.offered = {}
vim.ui.select = function(items, options, done)
  local words = vim.tbl_map(options.format_item or tostring, items)
  table.insert(_G.offered, (options.prompt or '') .. '\\n' .. table.concat(words, '\\n'))
  local text = table.remove(wanted, 1)
  for number, word in ipairs(words) do
    if text and word:find(text, 1, true) then
      return done(items[number], number)
    end
  end
  done(nil)
end
"""


def test_a_turn_is_taken_back_with_its_prompt_and_given_again(start: Start, tmp_path: Path) -> None:
    change = {
        "tool_calls": [
            call("edit_file", path="a.txt", old_string="line 3\n", new_string="LINE 3\n"),
            call("shell", command="rm other; echo made > made"),
        ]
    }
    model = script(tmp_path / "s.json", change, {"text": "Wrecked."})
    editor = start(settings={"approval": "auto", "model": model})
    (editor.project / "other").write_text("the user's\n")
    editor.edit("a.txt", TEXT)
    editor.attached()
    editor.do("Cass wreck it")
    editor.idle()
    editor.until(lambda: "LINE 3" in editor.lines, "the change in the buffer")
    editor.lua(PICK, ["wreck it", "Conversation and files", "Yes"])
    editor.do("CassRewind")
    editor.until_lua("#_G.offered == 3")
    offered = editor.lua("return _G.offered")
    assert "wreck it  (3 files)" in offered[0]
    for line in ("loses 1 turn", "restored: a.txt", "removed: made", "recreated: other"):
        assert line in offered[2]
    editor.until_lua("require('cass').workspace().chat.prompt:lines()[1] == 'wreck it'")
    text = "table.concat(vim.fn.getbufline(vim.fn.bufnr('a.txt'), 1, '$'), '\\n')"
    editor.until(lambda: editor.lua(f"return {text}") + "\n" == TEXT, "the buffer as before")
    assert (editor.project / "a.txt").read_text() == TEXT
    assert (editor.project / "other").read_text() == "the user's\n"
    assert not (editor.project / "made").exists()
    assert "went back to before a turn: conversation and files" in editor.transcript
    editor.until(lambda: _faded(editor) == 1, "what was taken back, faded")
    editor.lua(PICK, ["undo the latest rewind"])
    editor.do("CassRewind")
    editor.until(lambda: (editor.project / "made").exists(), "the rewind undone")
    editor.until(lambda: "LINE 3" in editor.lua(f"return {text}"), "the change in the buffer again")
    editor.until(lambda: _faded(editor) == 0, "nothing faded")


def _faded(editor: Editor) -> int:
    return editor.lua(
        "local b = require('cass').workspace().chat.transcript.bufnr\n"
        "local ns = vim.api.nvim_get_namespaces()['cass.transcript.faded']\n"
        "return #vim.api.nvim_buf_get_extmarks(b, ns, 0, -1, {})"
    )
