"""Tools that edit: what they find, what they refuse, and that no byte outside the edit changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cass.errors import ToolError
from cass.tools._chunks import apply_chunks
from cass.tools._match import find, flatten, nearest
from cass.tools._patch import parse
from cass.tools._replace import replaced

PIECES = st.sampled_from(["a", "b", "ab", " ", "\t", "\n", "\r\n", "\r", "é", "“", "x=1", "\u2028"])
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def edit(text: str, old: str, new: str) -> str:
    """The edit as edit_file makes it, all matches."""
    flat = flatten(text)
    old, new = flatten(old).text, flatten(new).text
    return replaced(text, flat, find(flat.text, old), old, new, "\n")


@given(TEXTS)
def test_every_place_of_a_flat_text_leads_back(text: str) -> None:
    flat = flatten(text)
    assert flat.text == text.replace("\r\n", "\n").replace("\r", "\n")
    for place, char in enumerate(flat.text):
        assert char == "\n" or text[flat.origin(place)] == char
    assert flat.origin(len(flat.text)) == len(text)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@example(before="", old="\ra\n", new="\n\n", after="")
def test_bytes_outside_a_match_stay(before: str, old: str, new: str, after: str) -> None:
    text = before + "«" + old + "»" + after
    result = edit(text, "«" + old + "»", "«" + new + "»")
    assert result.startswith(before + "«")
    assert result.endswith("»" + after)
    inside = result[len(before) + 1 : len(result) - len(after) - 1]
    assert flatten(inside).text == flatten(new).text


@given(TEXTS, TEXTS, TEXTS)
def test_loose_matches_stay_in_their_lines(before: str, after: str, new: str) -> None:
    text = f"{before}\n    if  needle( a ):   \r\n{after}"
    result = edit(text, "if needle(a):", "if pin(a):")
    assert result == f"{before}\n    if pin(a):\r\n{after}"


@pytest.mark.parametrize(
    ("text", "old", "new", "result"),
    [
        ("\tif a:\n\t\tb()\n", "    if a:\n        b()\n", "    if a:\n        if c:\n            b()\n", "\tif a:\n\t\tif c:\n\t\t\tb()\n"),
        ("  if a:\n    b()\n", "\tif a:\n\t\tb()\n", "\tif a:\n\t\tc()\n\t\t\td()\n", "  if a:\n    c()\n      d()\n"),
        ("    a\n    b\n", "        a\n        b\n", "    x\n        a\n\n        b\n", "x\n    a\n\n    b\n"),
        ("    f(\n        a,\n    )\n", "f(\n        a,\n    )  ", "f(\n        a,\n        b,\n    )", "    f(\n        a,\n        b,\n    )\n"),
        ("x = 'it’s'\n", "x = 'it's'", "x = 1", "x = 1\n"),
        ("a\r\nb\rc\nd", "b\nc", "B\nC\nX", "a\r\nB\rC\rX\nd"),
        ("one\r\ntwo", "two", "two\nthree", "one\r\ntwo\r\nthree"),
        ("one", "one", "one\ntwo", "one\ntwo"),
        ("a\u200bb c\n", "ab c", "abc", "abc\n"),
    ],
)  # fmt: skip
def test_the_new_text_fits_the_file(text: str, old: str, new: str, result: str) -> None:
    assert edit(text, old, new) == result


async def test_an_edit_says_what_it_did(bench: Any) -> None:
    (bench.cwd / "a.py").write_text("x = 1\ny = 2\n")
    (bench.cwd / "a.py").chmod(0o755)
    action = await bench.prepare("edit_file", path="a.py", old_string="y = 2", new_string="y = 3")
    assert (action.title, action.kind, action.changes) == ("Edit a.py", "edit", True)
    assert action.locations[0].line == 2
    assert action.run is None
    assert (
        await bench.call("edit_file", path="a.py", old_string="y = 2", new_string="y = 3") == "Edited a.py, line 2."
    )
    text = await bench.call("edit_file", path="a.py", old_string="   x = 1 ", new_string="   x = 0")
    assert text == "Edited a.py, line 1. It matched apart from indentation; the new text was fitted to the file."
    assert (bench.cwd / "a.py").read_text() == "x = 0\ny = 3\n"
    text = await bench.call("edit_file", path="a.py", old_string=" = ", new_string="=", replace_all=True)
    assert text == "Edited a.py, 2 places."
    assert (bench.cwd / "a.py").stat().st_mode & 0o777 == 0o755


async def test_an_edit_that_cannot_be_made_says_what_to_do(bench: Any) -> None:
    (bench.cwd / "a.py").write_text("def one():\n    return 1\n\ndef two():\n    return 1\n")
    before = (bench.cwd / "a.py").read_bytes()
    twice = await bench.error("edit_file", path="a.py", old_string="    return 1", new_string="x")
    assert twice.startswith("old_string stands 2 times in a.py: lines 2, 5.")
    missing = await bench.error("edit_file", path="a.py", old_string="def two():\n    return 2", new_string="x")
    assert missing == "old_string is not in a.py. The nearest text is:\n4: def two():\n5:     return 1"
    alike = await bench.error("edit_file", path="a.py", old_string="def too():", new_string="x")
    assert "4: def two():" in alike
    nothing = await bench.error("edit_file", path="a.py", old_string="@@@@ ####", new_string="x")
    assert nothing.endswith("Nothing there looks like it. Read the file again.")
    assert "the same" in await bench.error("edit_file", path="a.py", old_string="a", new_string="a")
    assert "line ends only" in await bench.error("edit_file", path="a.py", old_string="a\n", new_string="a\r\n")
    assert "not empty" in await bench.error("edit_file", path="a.py", old_string="", new_string="a")
    assert "Did you mean a.py?" in await bench.error("edit_file", path="b.py", old_string="x", new_string="a")
    (bench.cwd / "q").write_text("‘x’\n")
    assert "has the new text" in await bench.error("edit_file", path="q", old_string="'x'", new_string="‘x’")
    assert (bench.cwd / "a.py").read_bytes() == before


async def test_a_failing_edit_quotes_a_file_only_where_it_may_be_read(bench: Any) -> None:
    """The refusal is an action of kind read on that path, so the gate judges it like one."""
    secret = bench.cwd.parent / "secret"
    secret.write_text("password = hunter2\n")
    for tool, arguments in (
        ("edit_file", {"path": str(secret), "old_string": "password = x", "new_string": "y"}),
        ("apply_patch", {"patch": f"*** Begin Patch\n*** Update File: {secret}\n-password = x\n*** End Patch"}),
    ):
        action = await bench.prepare(tool, **arguments)
        assert (action.kind, action.changes, action.edits) == ("read", False, ())
        assert action.paths == (secret,)
        assert "hunter2" not in action.title
        with pytest.raises(ToolError, match="hunter2"):
            await action.run()


async def test_files_are_created_and_replaced_in_their_style(bench: Any) -> None:
    assert await bench.call("edit_file", path="d/n.txt", old_string="", new_string="hi\n") == "Created d/n.txt."
    (bench.cwd / "empty").write_bytes(b"\xef\xbb\xbf")
    await bench.call("edit_file", path="empty", old_string="", new_string="x\n")
    assert (bench.cwd / "empty").read_bytes() == b"\xef\xbb\xbfx\n"
    assert await bench.call("write_file", path="w", content="a\nb\n") == "Created w (2 lines)."
    (bench.cwd / "win").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    text = await bench.call("write_file", path="win", content="\ufeffa\nc\r\n")
    assert text == "Replaced the existing win (2 lines, before 2)."
    assert (bench.cwd / "win").read_bytes() == b"\xef\xbb\xbfa\r\nc\r\n"
    assert "exactly this text already" in await bench.error("write_file", path="w", content="a\nb\n")
    (bench.cwd / "bin").write_bytes(b"\0\1")
    assert "binary" in await bench.error("write_file", path="bin", content="x")
    assert "folder" in await bench.error("write_file", path="d", content="x")


PATCH = """*** Begin Patch
*** Update File: a.py
@@ class B:
-    x = 1
+    x = 2
*** Update File: moved.txt
*** Move to: new/place.txt
@@
 one
+two
*** Delete File: gone.txt
*** Add File: fresh/f.py
+print()
*** End Patch
"""


async def test_a_patch_changes_several_files_or_none(bench: Any) -> None:
    (bench.cwd / "a.py").write_text("class A:\n    x = 1\n\nclass B:\n    x = 1\n")
    (bench.cwd / "moved.txt").write_bytes(b"one\r\n")
    (bench.cwd / "gone.txt").write_text("bye\n")
    action = await bench.prepare("apply_patch", patch=PATCH)
    assert [edit.op for edit in action.edits] == ["modify", "move", "delete", "add"]
    assert bench.cwd / "new" / "place.txt" in action.paths
    text = await bench.call("apply_patch", patch=PATCH)
    assert text == "Patched: changed a.py, moved moved.txt to new/place.txt, deleted gone.txt, added fresh/f.py."
    assert (bench.cwd / "a.py").read_text() == "class A:\n    x = 1\n\nclass B:\n    x = 2\n"
    assert (bench.cwd / "new" / "place.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert not (bench.cwd / "gone.txt").exists()
    assert (bench.cwd / "fresh" / "f.py").read_text() == "print()\n"
    assert "does not exist, so it cannot be updated" in await bench.error(
        "apply_patch", patch="*** Begin Patch\n*** Update File: none\n+x\n*** End Patch"
    )
    assert "exists already" in await bench.error("apply_patch", patch="*** Add File: a.py\n+x")


async def test_sections_for_one_file_follow_each_other(bench: Any) -> None:
    (bench.cwd / "a").write_text("1\n2\n")
    patch = "*** Update File: a\n-1\n+one\n*** Update File: ./a\n-2\n+two\n"
    await bench.call("apply_patch", patch=patch)
    assert (bench.cwd / "a").read_text() == "one\ntwo\n"
    await bench.call("apply_patch", patch="*** Delete File: a\n*** Add File: a\n+new\n")
    assert (bench.cwd / "a").read_text() == "new\n"
    same = "*** Update File: a\n-new\n+new\n"
    assert "have the new text already" in await bench.error("apply_patch", patch=same)
    gone = "*** Add File: t\n+x\n*** Delete File: t\n"
    assert "have the new text already" in await bench.error("apply_patch", patch=gone)


def patched(text: str, body: str) -> str:
    return apply_chunks(text, parse(f"*** Begin Patch\n*** Update File: f\n{body}\n*** End Patch")[0].chunks, "f")


@pytest.mark.parametrize(
    ("text", "body", "result"),
    [
        ("a\r\nb\n", " a\n+x\n b", "a\r\nx\nb\n"),
        ("a\nb", "-b\n+c\n+d", "a\nc\nd\n"),
        ("a\nb", " b\n+c", "a\nb\nc\n"),
        ("a\nb\nc\n", "-b", "a\nc\n"),
        ("f:\n  1\ng:\n  1\n", "@@ g:\n-  1\n+  2", "f:\n  1\ng:\n  2\n"),
        ("c A:\n f:\n  1\nc B:\n f:\n  1\n", "@@ c B:\n@@ f:\n-  1\n+  2", "c A:\n f:\n  1\nc B:\n f:\n  2\n"),
        ("f:\n  1\n", "@@ f:\n+  0", "f:\n  0\n  1\n"),
        ("x\ny\nx\n", "@@ -3,1 +3,1 @@\n-x\n+z", "x\ny\nz\n"),
        ("x\ny\nx\n", "-x\n+z\n*** End of File", "x\ny\nz\n"),
        ("1\n2\n3\n", "@@\n-3\n+c\n@@\n-1\n+a", "a\n2\nc\n"),
        ("a “b”  \nc\n", ' a "b"\n-c\n+d', "a “b”  \nd\n"),
        ("    deep\nend\n", " deep\n-end\n+END", "    deep\nEND\n"),
        ("a\n\nb\n", " a\n\n-b\n+c", "a\n\nc\n"),
        ("", "+first", "first\n"),
        ("a\n", "-a\n+b\n\\ No newline at end of file", "b\n"),
        ("a\nb\n", " a\n b\n ", "a\nb\n"),
    ],
)
def test_hunks_find_their_place_and_keep_bytes(text: str, body: str, result: str) -> None:
    assert patched(text, body) == result


@pytest.mark.parametrize(
    ("text", "body", "words"),
    [
        ("a\n1\nb\n1\n", "-1\n+2", "f, hunk 1: these lines stand 2 times in the file, at lines 2, 4"),
        ("alpha\nbeta\n", " alpha\n-betta\n+x", "f, hunk 1: these lines are not in the file. The nearest text is:\n1: al"),
        ("a\n", "@@ def gone():\n-a\n+b", "f, hunk 1: the line @@ def gone\\(\\): is not in the file"),
        ("a\nb\n", "-a\n-b\n+c\n@@\n-b\n+d", "two hunks change|an earlier hunk changes"),
        ("a\n", "@@ x\n", "@@ but no lines"),
        ("a\n", "?a\n", "begins with none of space"),
    ],
)  # fmt: skip
def test_hunks_without_a_place_are_refused(text: str, body: str, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        patched(text, body)


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ("", "must begin with"),
        ("hello", "must begin with"),
        ("*** Add File: x\n+a\n*** End Patch", "does not begin with"),
        ("*** Begin Patch\n*** Add File: x\n+a", "does not end with"),
        ("*** Begin Patch\nwhat\n*** End Patch", "where a file section must begin"),
        ("*** Begin Patch\n*** Add File: x\na\n*** End Patch", "does not begin with \\+"),
        ("*** Begin Patch\n*** Delete File: x\n+a\n*** End Patch", "deletes x and has lines"),
        ("*** Begin Patch\n*** Update File: x\n*** End Patch", "no changes for x"),
    ],
)
def test_a_patch_that_is_none_is_refused(patch: str, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        parse(patch)


async def test_an_empty_patch_is_refused(bench: Any) -> None:
    assert "empty" in await bench.error("apply_patch", patch="*** Begin Patch\n*** End Patch")


@pytest.mark.parametrize(
    "wrapped",
    [
        "```\n{}\n```",
        "```patch\n{}\n```\n",
        "bash\napply_patch <<'EOF'\n{}\nEOF\n",
        "\n\ncat <<-EOF\n{}\nEOF",
        "{}\r\n",
    ],
)
def test_wrappers_are_taken_off(wrapped: str) -> None:
    sections = parse(wrapped.format("*** Begin Patch \n*** Delete File:  a b.txt \n*** End Patch  "))
    assert [(s.op, s.path) for s in sections] == [("delete", "a b.txt")]


def test_looking_for_the_nearest_text_is_bounded() -> None:
    text = "".join(f"some line number {n} of the text\n" for n in range(30_000))
    assert nearest(text, "some line numbre 77 of the text\n") is not None
    assert nearest(text, "\n\n") is None
    assert nearest("", "something") is None
    assert find("a" * 200_000, "a" * 1_999 + "b").spans == ()
