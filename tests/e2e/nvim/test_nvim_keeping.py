"""Sessions that last in Neovim: the window drawn, made shorter, rewritten and given back; sessions found and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script

Start = Callable[..., Editor]

LONG = {"text": "many words " * 3_000, "usage": {"input": 5_000, "output": 9_000, "cost": 0.25}}
NOTES = "## Goal\nThe user said many words."


def _talked(start: Start, tmp_path: Path, *more: dict[str, object]) -> Editor:
    file = tmp_path / "s.json"
    steps = [LONG, {"text": "Second."}, *more]
    file.write_text(json.dumps({"steps": steps, "summary": NOTES, "context_window": 32_000}))
    editor = start(model=f"scripted/{file}")
    editor.edit("a.py", "x = 1\n")
    for words, answer in (("first", "many words"), ("second", "Second.")):
        editor.do(f"Cass {words}")
        editor.until(lambda said=answer: said in editor.transcript, "the answer")
        editor.idle()
    return editor


def test_the_window_is_drawn_and_follows_until_all_is_given_back(start: Start, tmp_path: Path) -> None:
    editor = _talked(start, tmp_path)
    editor.do("CassContext")
    editor.until(lambda: "compacts" in "".join(editor.lines) or "compact" in "".join(editor.lines), "the view")
    bar, text = editor.lines[0], "\n".join(editor.lines)
    assert "█" in bar
    assert all(word in text for word in ("answers", "system prompt", "free", "$0.25", "Window: ", "made shorter"))
    width = editor.lua("return vim.api.nvim_win_get_width(0)")
    assert all(editor.lua("return vim.fn.strdisplaywidth(...)", line) <= width for line in editor.lines)
    editor.keys("c")
    editor.until(lambda: "u uncompact" in editor.lines[-1], "that something was left out")
    assert "Made shorter" in editor.transcript
    editor.keys("u")
    editor.until(lambda: "u uncompact" not in editor.lines[-1], "all of it again")
    assert "reads again what was left out" in editor.transcript
    editor.keys("q")
    editor.until(lambda: editor.lua("return vim.api.nvim_win_get_config(0).relative") == "", "the view closed")


def test_a_narrow_editor_gets_a_narrow_view(start: Start, tmp_path: Path) -> None:
    editor = _talked(start, tmp_path)
    editor.do("set columns=50")
    editor.do("CassContext")
    editor.until(lambda: "█" in editor.lines[0], "the view")
    assert all(editor.lua("return vim.fn.strdisplaywidth(...)", line) <= 46 for line in editor.lines)


def test_the_summary_is_a_buffer_that_is_written(start: Start, tmp_path: Path) -> None:
    editor = _talked(start, tmp_path, {"expect": "wants rhymes", "text": "Rhymes."})
    editor.do("CassSummary")
    editor.until(lambda: "there is no summary" in editor.messages, "that there is none")
    editor.do("CassCompact the words")
    editor.until(lambda: "Made shorter" in editor.transcript, "the compaction")
    editor.do("CassSummary")
    editor.until(lambda: "The user said many words." in "\n".join(editor.lines), "the summary")
    editor.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, {})")
    editor.do("silent! write")
    assert editor.lua("return vim.bo.modified"), "an empty summary is not taken"
    editor.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, { 'The user', 'wants rhymes.' })")
    editor.do("write")
    assert not editor.lua("return vim.bo.modified")
    assert "The summary was rewritten" in editor.transcript
    editor.do("quit")
    editor.do("CassSummary")
    editor.until(lambda: editor.lines == ["The user", "wants rhymes."], "the new summary")


def test_sessions_are_found_renamed_archived_written_and_forked(start: Start, tmp_path: Path) -> None:
    model = script(tmp_path / "s.json", {"text": "Only aubergines."}, {"text": "More."})
    editor = start(model=model)
    editor.edit("a.py", "x = 1\n")
    for words, answer in (("vegetables", "aubergines"), ("go on", "More.")):
        editor.do(f"Cass {words}")
        editor.until(lambda said=answer: said in editor.transcript, "the answer")
        editor.idle()
    editor.lua("vim.ui.select = function(items, _, done) done(items[#items]) end")
    editor.do("CassFork")
    editor.until(lambda: editor.transcript.strip().endswith("Only aubergines."), "the fork")
    editor.until(lambda: not editor.lua("return require('cass').workspace().session.replaying"), "its end")
    editor.do("CassNew")
    editor.until(lambda: editor.transcript.strip() == "" and editor.state() == "idle", "a new session")
    editor.do("CassSessions aubergines")
    editor.until(lambda: len(editor.lines) == 5, "both sessions")
    assert "Only aubergines." in editor.lines[1]
    editor.do("normal! gg")
    editor.write("A better title")
    editor.keys("r")
    editor.until(lambda: any("A better title" in line for line in editor.lines), "the title")
    row = next(number for number, line in enumerate(editor.lines, 1) if "A better title" in line)
    target = tmp_path / "out.json"
    editor.write(str(target))
    editor.do(f"normal! {row}gg")
    editor.keys("x")
    editor.until(target.exists, "the file")
    assert "A better title" in json.dumps(json.loads(target.read_text()))
    editor.keys("a")
    editor.until(lambda: any("archived" in line for line in editor.lines[:-1]), "the archived one")
    editor.write("")
    editor.keys("/")
    editor.until(lambda: not any("A better title" in line for line in editor.lines), "the list without it")
    editor.do("normal! gg")
    row = next(number for number, line in enumerate(editor.lines, 1) if "vegetables" in line)
    editor.do(f"normal! {row}gg")
    editor.keys("<CR>")
    editor.until(lambda: "Only aubergines." in editor.transcript, "the conversation")
