"""Edits and patches recorded from public test suites: the bytes before and after. They live beside the project."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from cass.errors import ToolError
from cass.tools._patch import parse

CASES = Path(__file__).parents[3] / "shared" / "cases"

# Where tools disagree, with cass's reason. Every one of them leaves the file as it was, or differs in the last line
# end of a file only.
STRICTER = {
    "edit_gemini-016": "the text differs in a comma: the nearest text is shown instead of guessing",
    "edit_gemini-023": "the text differs in a comma: the nearest text is shown instead of guessing",
    "edit_gemini-019": "the text differs in quotes and stands twice",
    "kimi-10": "a text that stands three times is not replaced once, silently",
}
FINAL_LINE_END = {
    "apply_patch_cline-002": "a line that a patch adds ends with a line end",
    "apply_patch_cline-004": "a line that a patch adds ends with a line end",
}


def load(pattern: str) -> list[Any]:
    files = sorted(CASES.glob(pattern))
    cases = [case for file in files for case in json.loads(file.read_text())["cases"]]
    if not cases:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no recorded cases {pattern} in {CASES}"))]
    return [pytest.param(case, id=case["id"]) for case in cases]


def bytes_of(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


@pytest.mark.parametrize("case", load("edit_*.json"))
async def test_recorded_edit(bench: Any, case: Any) -> None:
    if any(edit.get("insert_line") is not None for edit in case["edits"]):
        pytest.skip("inserting by line number is another tool's operation")
    file = bench.cwd / case["file"]
    before, after = bytes_of(case["before_b64"]), bytes_of(case["expect"].get("after_b64"))
    if before is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(before)
    failed = False
    for edit in case["edits"]:
        try:
            await bench.call(
                "edit_file",
                path=str(file),
                old_string=edit["old"] or "",
                new_string=edit["new"],
                replace_all=edit.get("replace_all", False),
            )
        except ToolError:
            failed = True
            break
    found = file.read_bytes() if file.exists() else None
    if case["id"] in STRICTER:
        assert failed
        assert found == before
        return
    assert failed == case["expect"]["error"]
    assert found == (before if failed else after)


@pytest.mark.parametrize("case", load("apply_patch_*.json"))
async def test_recorded_patch(bench: Any, case: Any) -> None:
    expect = case["expect"]
    if "parse_error" in expect:
        if expect["parse_error"]:
            with pytest.raises(ToolError):
                parse(case["patch"])
        else:
            assert [as_recorded(section) for section in parse(case["patch"])] == expect["hunks"]
        return
    for name, content in (case["before"] or {}).items():
        (bench.cwd / name).write_bytes(bytes_of(content) or b"")
    failed = False
    try:
        await bench.call("apply_patch", patch=case["patch"])
    except ToolError:
        failed = True
    assert failed == expect["error"]
    for name, content in expect["after"].items():
        wanted = bytes_of(content) or b""
        if case["id"] in FINAL_LINE_END:
            wanted += b"\n"
        assert (bench.cwd / name).read_bytes() == wanted
    assert {path.name for path in bench.cwd.iterdir()} == set(expect["after"])


def as_recorded(section: Any) -> dict[str, Any]:
    if section.op == "add":
        return {"type": "AddFile", "path": section.path, "contents": section.text}
    if section.op == "delete":
        return {"type": "DeleteFile", "path": section.path}
    chunks = [
        {
            "changeContext": chunk.context[0] if chunk.context else None,
            "oldLines": chunk.old,
            "newLines": chunk.new,
            "isEndOfFile": chunk.at_end,
        }
        for chunk in section.chunks
    ]
    return {"type": "UpdateFile", "path": section.path, "movePath": section.move_to, "chunks": chunks}
