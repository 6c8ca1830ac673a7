"""Neovim without the plug-in, set up by the lines of the documentation: ask, approve, review, read the answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.nvim import LIMIT, VERSIONS, Rpc, binary, environ, server_command
from support.server import script

PAGE = Path(__file__).parents[3] / "docs" / "editors" / "others.md"
CODE = "def add(a, b):\n    return a - b\n"
EDIT = {
    "tool_calls": [
        {
            "name": "edit_file",
            "arguments": {"path": "a.py", "old_string": "return a - b", "new_string": "return a + b"},
        }
    ]
}
CHOOSE = """
_G.asked = {}
vim.ui.select = function(items, options, done)
  table.insert(_G.asked, options.prompt or '')
  for _, item in ipairs(items) do
    local text = options.format_item and options.format_item(item) or tostring(item)
    if text == _G.wanted then return done(item) end
  end
  done(nil)
end
"""
ACTION = """
local title, first, last = ...
vim.lsp.buf.code_action({
  apply = true,
  range = { start = { first, 0 }, ['end'] = { last, 0 } },
  filter = function(action) return action.title == title or vim.startswith(action.title, title .. ' ') end,
})
"""
LENSES = """
_G.lenses = nil
local params = { textDocument = vim.lsp.util.make_text_document_params() }
vim.lsp.buf_request_all(0, 'textDocument/codeLens', params, function(found)
  _G.lenses = {}
  for _, answer in pairs(found) do
    for _, lens in ipairs(answer.result or {}) do table.insert(_G.lenses, lens.command.title) end
  end
end)
"""


class PlainNeovim:
    """One, with a file open and a change in it that is not saved."""

    def __init__(self, version: str, root: Path, model: str, approval: str) -> None:
        self.project = root / "project"
        (self.project / ".git").mkdir(parents=True)
        (self.project / "a.py").write_text("saved = 1\n")
        env = environ(root) | {"CASS_MODEL": model, "CASS_APPROVAL": approval}
        self.rpc = Rpc([str(binary(version)), "--clean", "--embed", "--headless", "-n"], env, self.project)
        lines = re.search(r"## Neovim without.*?```lua\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        assert lines, "the page has lines for Neovim"
        command = "{ " + ", ".join(f"'{word}'" for word in server_command()) + " }"
        self.lua(lines[1].replace("{ 'cass', 'serve', '--stdio' }", command) + CHOOSE)
        self.rpc.call("nvim_command", "edit a.py")
        self.until(lambda: self.lua("return #vim.lsp.get_clients({ name = 'cass', bufnr = 0 }) > 0"), "the server")
        self.buffer = self.rpc.call("nvim_eval", "bufnr()")
        self.rpc.call("nvim_buf_set_lines", 0, 0, -1, True, CODE.splitlines())

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.rpc.call("nvim_exec_lua", code, arguments)

    def until(self, what: Callable[[], Any], name: str) -> Any:
        end = time.monotonic() + LIMIT
        while not (found := what()):
            said = self.rpc.call("nvim_exec2", "messages", {"output": True})["output"]
            assert time.monotonic() < end, f"never: {name}; messages: {said[-2000:]}"
            time.sleep(0.02)
        return found

    def act(self, title: str) -> None:
        self.rpc.call("nvim_command", f"buffer {self.buffer}")
        self.lua(ACTION, title, 1, 2)

    @property
    def text(self) -> str:
        return "\n".join(self.rpc.call("nvim_buf_get_lines", self.buffer, 0, -1, True)) + "\n"

    def answer(self, words: str) -> str:
        """Wait until a document with these words is shown."""

        def shown() -> str:
            text = "\n".join(self.rpc.call("nvim_buf_get_lines", 0, 0, -1, True))
            return text if words in text else ""

        return self.until(shown, f"a document that says {words}")

    def lenses(self, wanted: str) -> None:
        self.rpc.call("nvim_command", f"buffer {self.buffer}")
        self.lua(LENSES)
        titles = self.until(lambda: self.lua("return _G.lenses"), "the lenses")
        assert wanted in titles, titles


@pytest.fixture
def nvim(tmp_path: Path) -> Iterator[Any]:
    opened: list[PlainNeovim] = []

    def start(version: str, *steps: object, approval: str = "ask") -> PlainNeovim:
        if not binary(version).exists():
            pytest.skip(f"no {version}: run .ci/nvim.sh PREFIX and set CASS_E2E=PREFIX")
        opened.append(PlainNeovim(version, tmp_path, script(tmp_path / "s.json", *steps), approval))
        return opened[-1]

    yield start
    for editor in opened:
        editor.rpc.send("nvim_command", "qa!")
        editor.rpc.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_selection_is_asked_about_and_the_answer_opens(nvim: Any, version: str) -> None:
    editor = nvim(version, {"text": "It *subtracts*.", "expect": "return a - b"})
    editor.act("cass: Explain this")
    editor.answer("It *subtracts*.")


@pytest.mark.parametrize("version", VERSIONS)
def test_an_edit_is_approved_and_one_undo_takes_it_back(nvim: Any, version: str) -> None:
    editor = nvim(version, EDIT, {"text": "Mended."})
    editor.lua("_G.wanted = 'Yes'")
    editor.act("cass: Fix this")
    editor.answer("Mended.")
    assert editor.text == CODE.replace("-", "+")
    assert "+    return a + b" in "\n".join(editor.lua("return _G.asked"))
    assert (editor.project / "a.py").read_text() == "saved = 1\n"
    editor.rpc.call("nvim_command", f"buffer {editor.buffer} | undo")
    assert editor.text == CODE


@pytest.mark.parametrize("version", VERSIONS)
def test_a_made_change_has_lenses_and_is_reverted_by_an_action(nvim: Any, version: str) -> None:
    editor = nvim(version, EDIT, {"text": "Mended."}, approval="edits")
    editor.act("cass: Fix this")
    editor.answer("Mended.")
    assert editor.text == CODE.replace("-", "+")
    editor.lenses("keep +1 -1")
    editor.act("cass: revert")
    editor.until(lambda: editor.text == CODE, "the change taken back")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refusal_leaves_the_buffer_alone(nvim: Any, version: str) -> None:
    editor = nvim(version, EDIT, {"text": "Then not.", "expect": "refused"})
    editor.lua("_G.wanted = 'No'")
    editor.act("cass: Fix this")
    editor.answer("Then not.")
    assert editor.text == CODE
