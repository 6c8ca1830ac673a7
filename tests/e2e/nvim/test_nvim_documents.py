"""Buffers and files in Neovim: line ends, the end of the last line, saving with formatters, files that others change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]


def change(start: Start, tmp_path: Path, text: bytes, old: str, new: str, before: str = "") -> Editor:
    """An editor after cass replaced a piece of an open file's text; `before` are commands after it was opened."""
    edit = call("edit_file", path="a.txt", old_string=old, new_string=new)
    steps = [{"tool_calls": [call("read_file", path="a.txt")]}, {"tool_calls": [edit]}, {"text": "Done."}]
    model = script(tmp_path / "s.json", *steps)
    editor = start(settings={"model": model, "approval": "auto", "mode": "active"})
    editor.edit("a.txt", text)
    if before:
        editor.do(before)
    editor.attached()
    editor.do("Cass change it")
    editor.idle()
    assert "✗" not in editor.transcript, editor.transcript
    return editor


@pytest.mark.parametrize(
    ("text", "old", "new", "wanted"),
    [
        (b"one\r\ntwo\r\nthree\r\n", "two", "2\nzwei", b"one\r\n2\r\nzwei\r\nthree\r\n"),
        (b"one\r\ntwo\nthree\r\n", "three", "3", b"one\r\ntwo\n3\r\n"),
        ("\ufeffone\ntwo\n".encode(), "two", "2", "\ufeffone\n2\n".encode()),
        ("ä😀one\nw😀ö two\n".encode(), "two", "zwei", "ä😀one\nw😀ö zwei\n".encode()),
        (b"one\ntwo\x0c\nthree\xe2\x80\xa8four\n", "four", "4", b"one\ntwo\x0c\nthree\xe2\x80\xa84\n"),
    ],
    ids=["dos", "mixed", "bom", "wide", "form feed"],
)
def test_bytes_that_were_not_meant_stay(
    start: Start, tmp_path: Path, text: bytes, old: str, new: str, wanted: bytes
) -> None:
    editor = change(start, tmp_path, text, old, new)
    assert (editor.project / "a.txt").read_bytes() == wanted


def test_the_end_of_a_file_without_a_line_end_stays_where_the_user_keeps_it(start: Start, tmp_path: Path) -> None:
    editor = change(start, tmp_path, b"one\ntwo", "two", "2", before="setlocal nofixendofline")
    assert (editor.project / "a.txt").read_bytes() == b"one\n2"


def test_a_line_end_that_cass_adds_at_the_end_is_added(start: Start, tmp_path: Path) -> None:
    editor = change(start, tmp_path, b"one\ntwo", "two", "2\nthree\n", before="setlocal nofixendofline")
    assert (editor.project / "a.txt").read_bytes() == b"one\n2\nthree\n"
    assert editor.lines == ["one", "2", "three"]


def test_a_formatter_on_save_is_merged_not_fought(start: Start, tmp_path: Path) -> None:
    trim = r"autocmd BufWritePre <buffer> silent! keeppatterns %s/\s\+$//e"
    editor = change(start, tmp_path, b"one\ntwo\n", "two", "2  \t", before=trim)
    assert editor.lines == ["one", "2"]
    assert (editor.project / "a.txt").read_bytes() == b"one\n2\n"


def test_unsaved_words_are_read_and_kept(start: Start, tmp_path: Path) -> None:
    editor = change(
        start, tmp_path, b"one\ntwo\n", "only in the buffer", "seen", before="call append(0, 'only in the buffer')"
    )
    assert editor.lines == ["seen", "one", "two"]


def test_saving_never_asks_when_the_file_changed_under_unsaved_words(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "x"}))
    editor.edit("a.txt", "one\n")
    editor.attached()
    editor.keys("onot saved<Esc>")
    editor.until(lambda: editor.lua("return vim.bo.modified"), "unsaved words")
    path = editor.project / "a.txt"
    path.write_text("changed by another program\n")
    uri = path.as_uri()
    code = (
        "return vim.lsp.get_clients({ name = 'cass' })[1].handlers['cass/document/save'](nil, { uris = { ... } })"
    )
    for _ in range(2):
        answer = editor.lua(code, uri)
        assert answer["saved"] == [] and "changed on disk" in answer["failed"][0]["message"]
    assert path.read_text() == "changed by another program\n"
    assert editor.lines == ["one", "not saved"]


def test_a_file_that_a_command_changed_is_shown_anew_and_can_be_undone(start: Start, tmp_path: Path) -> None:
    steps = [{"tool_calls": [call("shell", command="sed -i s/two/zwei/ a.txt")]}, {"text": "Done."}]
    model = script(tmp_path / "s.json", *steps)
    editor = start(settings={"model": model, "approval": "auto", "mode": "active"})
    editor.edit("a.txt", "one\ntwo\n")
    editor.attached()
    editor.do("Cass go")
    editor.idle()
    editor.until(lambda: editor.lines == ["one", "zwei"], "the buffer to follow the file")
    assert not editor.lua("return vim.bo.modified")
    editor.do("undo")
    assert editor.lines == ["one", "two"]


def test_an_edit_for_an_older_text_is_refused_and_loses_nothing(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "x"}))
    editor.edit("a.txt", "one\ntwo\n")
    editor.attached()
    old = editor.lua("return vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()]")
    editor.keys("Anewer<Esc>")
    editor.until(lambda: editor.lines[0] == "onenewer", "the typing")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    document = {"uri": (editor.project / "a.txt").as_uri(), "version": old}
    params = {
        "edit": {"documentChanges": [{"textDocument": document, "edits": [{"range": whole, "newText": "gone\n"}]}]}
    }
    code = """
    local client = vim.lsp.get_clients({ name = 'cass' })[1]
    return client.handlers['workspace/applyEdit'](nil, ..., { client_id = client.id })
    """
    answer = editor.lua(code, params)
    assert answer["applied"] is False and "edited meanwhile" in answer["failureReason"]
    assert editor.lines == ["onenewer", "two"]


def test_cursor_marks_and_folds_elsewhere_stay(start: Start, tmp_path: Path) -> None:
    text = "".join(f"line {n}\n" for n in range(1, 41)).encode()
    settle = "30,35fold | 20 | normal! maw"
    editor = change(start, tmp_path, text, "line 5\n", "five\nfive and a half\n", before=settle)
    assert editor.lua("return vim.api.nvim_win_get_cursor(vim.fn.bufwinid('a.txt'))") == [21, 5]
    assert editor.lua("return vim.api.nvim_buf_get_mark(vim.fn.bufnr('a.txt'), 'a')")[0] == 21
    assert editor.lua("return vim.fn.foldclosed(31)") == 31
