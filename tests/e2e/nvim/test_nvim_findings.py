"""What a review found, as diagnostics in Neovim."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]


def test_findings_of_a_review_are_diagnostics_until_they_are_cleared(start: Start, tmp_path: Path) -> None:
    found = [{"path": "a.py", "line": 2, "severity": "error", "message": "this is wrong"}]
    model = script(
        tmp_path / "s.json", {"tool_calls": [call("report_findings", findings=found)]}, {"text": "One finding."}
    )
    editor = start(model=model)
    editor.edit("a.py", "x = 1\ny = 2\n")
    folder = Path(editor.lua("return vim.fn.getcwd()"))
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    editor.attached()
    editor.do("Cass")
    editor.keys("i/review diff<Esc><CR>")
    editor.idle()
    editor.until_lua("#vim.diagnostic.get(nil, {}) == 1")
    diagnostic = editor.lua("return vim.diagnostic.get(nil, {})[1]")
    assert (diagnostic["lnum"], diagnostic["message"], diagnostic["severity"]) == (1, "this is wrong", 1)
    assert editor.lua("return vim.api.nvim_buf_get_name(vim.diagnostic.get(nil, {})[1].bufnr)").endswith("a.py")
    editor.keys("i/review clear<Esc><CR>")
    editor.idle()
    editor.until_lua("#vim.diagnostic.get(nil, {}) == 0")
