"""Changes in Neovim: proposed in the buffer, decided hunk by hunk, undone by the editor's undo, told to the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]

OLD = "".join(f"line {n}\n" for n in range(1, 31))
NEW = OLD.replace("line 5\n", "FIVE\n").replace("line 15\n", "FIFTEEN\n").replace("line 25\n", "TWENTY-FIVE\n")


def rewrite(path: str, text: str) -> dict[str, object]:
    """A step that writes a file anew."""
    return {"tool_calls": [call("write_file", path=path, content=text)]}


def extmarks(editor: Editor) -> list[dict[str, object]]:
    """What the review draws in the current buffer."""
    code = "return vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('cass.review'), 0, -1, { details = true })"
    return [{"row": mark[1], **mark[3]} for mark in editor.lua(code)]


def propose(
    start: Start, tmp_path: Path, *steps: object, text: str = OLD, new: str = NEW, **options: object
) -> Editor:
    """An editor with a file open for which a change is proposed."""
    model = script(tmp_path / "s.json", rewrite("a.txt", new), *steps)
    editor = start(model=model, **options)
    editor.edit("a.txt", text)
    editor.attached()
    editor.do("Cass change it")
    editor.asked()
    editor.until_lua("require('cass').workspace().review:count() > 0")
    return editor


def test_three_hunks_one_accepted_one_amended_one_refused(start: Start, tmp_path: Path) -> None:
    told = {"expect": "keep twenty-five", "text": "Understood."}
    editor = propose(start, tmp_path, told)
    before = editor.lines
    drawn = extmarks(editor)
    assert [m["row"] for m in drawn if m.get("virt_text")] == [4, 14, 24], "a hint at each hunk"
    shown = "".join(line[0][0] for m in drawn for line in m.get("virt_lines") or [])  # type: ignore[attr-defined]
    assert "FIVE" in shown and "FIFTEEN" in shown and "TWENTY-FIVE" in shown
    assert editor.lines == before, "nothing is changed before it is accepted"
    editor.do("normal gg")
    editor.keys("]h]h")
    editor.until(lambda: editor.lua("return vim.fn.line('.')") == 15, "the second hunk")
    editor.keys("[h ck")
    editor.until_lua("require('cass').workspace().review:count() == 2")
    editor.keys("15G ca")
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('cass://amend', 1, true)")
    editor.keys("ccfifteen, mended<Esc>:w<CR>")
    editor.until_lua("require('cass').workspace().review:count() == 1")
    editor.write("keep twenty-five")
    editor.keys(":b a.txt<CR>25G cr")
    editor.idle()
    wanted = OLD.replace("line 5\n", "FIVE\n").replace("line 15\n", "fifteen, mended\n")
    assert editor.lines == wanted.splitlines()
    assert "Understood." in editor.transcript
    assert (editor.project / "a.txt").read_text() == wanted, "saved, so that commands see it"
    editor.do("undo")
    assert editor.lines == before, "one undo takes the applied proposal back"


def test_what_is_typed_while_a_change_is_proposed_stays(start: Start, tmp_path: Path) -> None:
    editor = propose(start, tmp_path, {"text": "Done."})
    editor.do("b a.txt")
    editor.keys("ggOtyped above<Esc>GAtyped behind<Esc>10GAin between")
    editor.choose("Yes")
    editor.until(lambda: "line 9in between" in "".join(editor.lines), "the typing")
    editor.do("CassAnswer")
    editor.idle()
    text = "\n".join(editor.lines)
    assert editor.lines[0] == "typed above" and text.endswith("line 30typed behind") and "line 9in between" in text
    assert "FIVE" in text and "FIFTEEN" in text and "TWENTY-FIVE" in text
    assert editor.lua("return vim.api.nvim_get_mode().mode") == "i", "the user still types"
    editor.keys(" and more<Esc>")
    editor.until(lambda: "line 9in between and more" in "\n".join(editor.lines), "typing on")
    editor.do("undo")
    assert "in between and more" not in "\n".join(editor.lines) and "FIVE" in "\n".join(editor.lines)


def test_made_changes_are_reviewed_afterwards_and_taken_back_one_by_one(start: Start, tmp_path: Path) -> None:
    model = script(tmp_path / "s.json", rewrite("a.txt", NEW), {"text": "Done."})
    editor = start(model=model, settings={"model": model, "approval": "auto", "mode": "active"})
    editor.edit("a.txt", OLD)
    editor.attached()
    editor.do("Cass change it")
    editor.idle()
    assert editor.lines == NEW.splitlines()
    editor.until_lua("require('cass').workspace().review:count() == 3")
    editor.do("CassReview")
    assert [item["lnum"] for item in editor.lua("return vim.fn.getqflist()")] == [5, 15, 25]
    editor.keys("5G cr")
    editor.until(lambda: editor.lines[4] == "line 5", "the first hunk taken back")
    editor.until_lua("require('cass').workspace().review:count() == 2")
    editor.do("CassKeep")
    editor.until_lua("require('cass').workspace().review:count() == 0")
    assert editor.lines == NEW.replace("FIVE", "line 5").replace("TWENTY-line 5", "TWENTY-FIVE").splitlines()
    assert not extmarks(editor)


def test_plan_mode_touches_neither_buffer_nor_disk_and_applies_later(start: Start, tmp_path: Path) -> None:
    model = script(tmp_path / "s.json", rewrite("a.txt", NEW), {"text": "Planned."})
    editor = start(model=model)
    editor.edit("a.txt", OLD)
    editor.attached()
    editor.do("CassPlan change it")
    editor.idle()
    assert editor.lines == OLD.splitlines() and (editor.project / "a.txt").read_text() == OLD
    editor.until_lua("require('cass').workspace().review:count() == 3")
    editor.do("b a.txt")
    editor.do("CassDiff")
    windows = editor.lua(
        "return vim.tbl_map(function(w) return { vim.wo[w].diff, vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(w), 0, -1, true) } end, vim.api.nvim_tabpage_list_wins(0))"
    )
    assert windows == [[True, OLD.splitlines()], [True, NEW.splitlines()]]
    editor.do("tabclose")
    editor.keys("ggOmeanwhile<Esc>")
    editor.until(lambda: editor.lines[0] == "meanwhile", "the user typed")
    editor.do("CassMode active")
    editor.do("CassKeep!")
    editor.until(lambda: "FIFTEEN" in editor.lines, "the plan applied")
    assert editor.lines == ["meanwhile", *NEW.splitlines()]
