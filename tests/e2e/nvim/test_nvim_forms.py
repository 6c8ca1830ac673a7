"""Forms of a real MCP server, filled in and refused in Neovim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.mcphouse import EVERYTHING, real_server
from support.mcpserver import PLAIN, config, server
from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]

pytestmark = pytest.mark.skipif(
    not EVERYTHING.exists(), reason="no servers: .ci/mcp.sh PREFIX, then CASS_E2E=PREFIX"
)

FILL = """
local typed, chosen = ...
_G.asked = {}
vim.ui.input = function(options, done)
  table.insert(_G.asked, options.prompt)
  for title, text in pairs(typed) do
    if options.prompt:find(title, 1, true) then return done(table.remove(text, 1)) end
  end
  done(options.default)
end
vim.ui.select = function(items, options, done)
  table.insert(_G.asked, options.prompt)
  for title, wanted in pairs(chosen) do
    for _, item in ipairs(items) do
      if options.prompt:find(title, 1, true) and options.format_item(item) == wanted then return done(item) end
    end
  end
  done(items[1])
end
"""


def needs_servers() -> None:
    """Only where the servers of others are."""
    if not EVERYTHING.exists():
        pytest.skip("no servers: .ci/mcp.sh PREFIX, then CASS_E2E=PREFIX")


HALF = """
vim.ui.select = function(items, options, done)
  _G.count = _G.count + 1
  if options.prompt:find('Boolean', 1, true) then return done(nil) end
  _G.left = true
  done(vim.iter(items):find(function(item) return options.format_item(item) == 'Answer later' end))
end
"""


@pytest.fixture
def editor(start: Start, tmp_path: Path) -> Editor:
    """In the middle of a call that has put its form."""
    needs_servers()
    real_server(tmp_path / "cass")
    steps = [{"tool_calls": [call("mcp__it__trigger-elicitation-request")]}, {"text": "So be it."}]
    editor = start(model=script(tmp_path / "s.json", *steps), approvals={"popup": "never"})
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass go")
    editor.until_lua("#require('cass').workspace().asks.waiting == 1")
    assert "The MCP server it asks: Please provide inputs" in editor.transcript
    return editor


def told(editor: Editor) -> str:
    """The transcript when the server has told of the user's answer."""
    editor.idle()
    return editor.transcript


def test_a_form_of_many_fields_is_filled_in_and_what_does_not_fit_is_asked_again(editor: Editor) -> None:
    typed = {
        "  String - ": ["", "Ada Lovelace"],
        "email format": ["ada@example.org"],
        "date format": ["1815-12-10"],
        "Integer": ["many", "700"],
        "Number in range": ["2.5"],
        "Untitled Multiple": ["Piano, Bass"],
    }
    chosen = {
        "Boolean": "no",
        "Untitled Single": "Ross",
        "Titled Single": "Wonder Woman",
        "Legacy": "(leave it out)",
    }
    editor.lua(FILL, typed, chosen)
    editor.do("CassAnswer")
    editor.until(lambda: "That does not fit" in editor.transcript)
    assert any("(this one is needed)" in prompt for prompt in editor.lua("return _G.asked"))
    assert any("(a number, please)" in prompt for prompt in editor.lua("return _G.asked"))
    editor.lua(FILL, {"Integer": ["7"]}, {"Legacy": "Fish"})
    editor.do("CassAnswer")
    said = told(editor)
    for part in (
        '"name": "Ada Lovelace"',
        '"check": false',
        '"email": "ada@example.org"',
        '"integer": 7,',
        '"number": 2.5',
        '"untitledSingleSelectEnum": "Ross"',
        '"Bass"',
        '"titledSingleSelectEnum": "hero-3"',
        '"legacyTitledEnum": "pet-4"',
    ):
        assert part in said
    assert "homepage" not in said


def test_a_form_that_is_left_waits_with_what_was_filled_in_until_it_is_declined(editor: Editor) -> None:
    leave = "vim.ui.input = function(o, done) _G.default = o.default done(%s) end"
    editor.lua("_G.count = 0 " + leave % "_G.count == 0 and 'Ada' or nil" + HALF)
    editor.do("CassAnswer")
    editor.until_lua("_G.left")
    assert editor.state() == "requires_action"
    editor.lua(leave % "nil")
    editor.choose("Decline it")
    editor.do("CassAnswer")
    assert editor.lua("return _G.default") == "Ada"
    assert '"action": "decline"' in told(editor)


def test_a_form_is_gone_with_its_turn(editor: Editor) -> None:
    editor.lua("vim.ui.input = function(_, done) _G.enter = done end")
    editor.do("CassAnswer")
    editor.do("CassStop")
    editor.idle()
    editor.lua("_G.enter('Ada')")
    assert "not asked any more" in editor.messages
    assert editor.lua("return #require('cass').workspace().asks.waiting") == 0


def test_what_a_server_offers_to_be_read_is_offered_after_an_at(start: Start, tmp_path: Path) -> None:
    needs_servers()
    real_server(tmp_path / "cass")
    editor = start(model=script(tmp_path / "s.json", {"text": "Seen."}))
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass")
    editor.until_lua("#(require('cass').workspace().session.resources.it or {}) > 0")
    words = "return vim.tbl_map(function(i) return i.word end, require('cass.complete').omnifunc(0))"
    editor.keys("i@features.md")
    editor.until(lambda: "@it:demo://resource/static/document/features.md" in editor.lua(words))
    editor.keys("<Esc>cc@it:demo://resource/static/document/features.md<Esc><CR>")
    editor.idle()
    assert "Seen." in editor.transcript
    journals = (tmp_path / "cass").rglob("*.jsonl")
    assert any("Everything Server - Features" in journal.read_text() for journal in journals)


def test_a_form_that_its_server_withdraws_is_not_asked_any_more(start: Start, tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    ask = {"method": "elicitation/create", "params": {"message": "Who?", "requestedSchema": schema}}
    tools = [{"name": "asks", "inputSchema": PLAIN}]
    spec = server(tools=tools, asks={"asks": ask}, until=str(tmp_path / "enough"))
    (tmp_path / "cass").mkdir()
    rules = '[permissions]\nallow = ["mcp__it"]\n'
    (tmp_path / "cass" / "config.toml").write_text(rules + config({"it": spec}))
    steps = [
        {"tool_calls": [call("mcp__it__asks")]},
        {"tool_calls": [call("shell", command="echo hi")]},
        {"text": "So be it."},
    ]
    editor = start(model=script(tmp_path / "s.json", *steps), approvals={"popup": "never"})
    editor.edit("a.py", "x = 1\n")
    editor.do("Cass go")
    editor.until_lua("#require('cass').workspace().asks.waiting == 1")
    (tmp_path / "enough").touch()
    assert "echo hi" in editor.asked()
    assert editor.lua("return #require('cass').workspace().asks.waiting") == 1
