"""Tools that look: read_file, list_dir, glob, grep, diff. What the model reads is short and says how to go on."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.messages import Image

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


async def test_a_small_file_is_given_as_it_is(bench: Any) -> None:
    (bench.cwd / "a.py").write_bytes(b"\xef\xbb\xbfdef f():\r\n    pass\r\n")
    assert await bench.call("read_file", path="a.py") == "def f():\n    pass\n"
    assert await bench.call("read_file", path=(bench.cwd / "a.py").as_uri()) == "def f():\n    pass\n"
    (bench.cwd / "empty").touch()
    assert await bench.call("read_file", path="empty") == "[empty is empty]"


async def test_a_part_says_where_it_is_and_how_to_go_on(bench: Any) -> None:
    (bench.cwd / "n").write_text("".join(f"{n}\n" for n in range(1, 3_001)))
    part = await bench.call("read_file", path="n", offset=5, limit=2)
    assert part == "[lines 5-6 of 3000; go on with offset 7]\n5\n6\n"
    assert (await bench.call("read_file", path="n", offset=2_999)) == "[lines 2999-3000 of 3000]\n2999\n3000\n"
    first = await bench.call("read_file", path="n", limit=None, offset=None)
    assert first.startswith("[lines 1-1000 of 3000; go on with offset 1001]\n1\n")
    assert "n has 3000 lines; offset 3001 is past its end" in await bench.error("read_file", path="n", offset=3_001)


async def test_long_lines_and_long_files_are_bounded(bench: Any) -> None:
    (bench.cwd / "min.js").write_text("x" * 3_000_000)
    assert await bench.call("read_file", path="min.js") == "x" * 2_000 + "[… 2998000 more characters]"
    (bench.cwd / "wide").write_text(("y" * 99 + "\n") * 1_000)
    text = await bench.call("read_file", path="wide")
    assert len(text) < bench.settings.output_chars
    assert text.startswith("[lines 1-118 of 1000; go on with offset 119]")


async def test_images_are_shown_and_fakes_refused(bench: Any) -> None:
    (bench.cwd / "p.PNG").write_bytes(PIXEL)
    outcome = await bench.outcome("read_file", path="p.PNG")
    assert isinstance(outcome.content[1], Image)
    assert base64.b64decode(outcome.content[1].data) == PIXEL
    assert outcome.content[1].mime_type == "image/png"
    (bench.cwd / "fake.jpg").write_text("text")
    assert "not the image that its name says" in await bench.error("read_file", path="fake.jpg")
    (bench.cwd / "big.gif").write_bytes(b"GIF89a" + bytes(5_000_000))
    assert "too big: 5,000,006 bytes" in await bench.error("read_file", path="big.gif")


async def test_reading_is_prepared_without_reading(bench: Any) -> None:
    action = await bench.prepare("read_file", path="../outside/secret", offset=3)
    assert action.paths == (bench.cwd.parent / "outside" / "secret",)
    assert (action.changes, action.kind, action.edits) == (False, "read", ())
    assert action.locations[0].line == 3
    assert "does not exist" in await bench.error("read_file", path="../outside/secret")
    assert "a folder; list it instead" in await bench.error("read_file", path=".")
    assert "control character" in await bench.error("read_file", path="a\0b")


async def test_list_dir(bench: Any) -> None:
    for name in ("src/app/main.py", "src/app/x/deep.py", "src/b.py", "README", "build/out", ".github/w.yml"):
        (bench.cwd / name).parent.mkdir(parents=True, exist_ok=True)
        (bench.cwd / name).touch()
    (bench.cwd / ".gitignore").write_text("build/\n")
    (bench.cwd / "void").mkdir()
    assert (await bench.call("list_dir")).split("\n") == [
        ".github/ (1 file)",
        ".gitignore",
        "README",
        "src/ (3 files)",
        "void/",
    ]
    assert (await bench.call("list_dir", path="src", depth=2)).split("\n") == [
        "app/",
        "app/main.py",
        "app/x/ (1 file)",
        "b.py",
    ]
    assert await bench.call("list_dir", path="void") == "[empty folder]"
    assert "There is no folder gone" in await bench.error("list_dir", path="gone")
    for n in range(600):
        (bench.cwd / "void" / f"{n:03}").touch()
    many = (await bench.call("list_dir", path="void")).split("\n")
    assert len(many) == 501
    assert many[-1] == "[… 100 more entries; list a folder below]"


async def test_glob_gives_the_newest_first(bench: Any) -> None:
    for n, name in enumerate(("old.py", "src/new.py", "src/mid.py", "x.txt")):
        (bench.cwd / name).parent.mkdir(exist_ok=True)
        (bench.cwd / name).touch()
        os.utime(bench.cwd / name, (0, [100, 300, 200, 0][n]))
    assert await bench.call("glob", pattern="*.py") == "src/new.py\nsrc/mid.py\nold.py"
    assert await bench.call("glob", pattern="m*.py", path="src") == "src/mid.py"
    assert await bench.call("glob", pattern="*.go") == "No file in . fits *.go."
    assert "is not a glob" in await bench.error("glob", pattern="{a")
    for n in range(250):
        (bench.cwd / f"{n}.log").touch()
    assert (await bench.call("glob", pattern="*.log")).endswith("\n[… 50 more files; use a narrower pattern]")


async def test_grep(bench: Any) -> None:
    (bench.cwd / "src").mkdir()
    (bench.cwd / "src" / "a.py").write_text(
        "import os\n\n\ndef Find():\n    return 1\n\n\n\n\ndef find():\n    pass\n"
    )
    (bench.cwd / "b.txt").write_text("find me\n")
    assert await bench.call("grep", pattern=r"def \w+") == "src/a.py\n4:def Find():\n10:def find():"
    assert await bench.call("grep", pattern="return", context=1, glob="*.py") == (
        "src/a.py\n4-def Find():\n5:    return 1\n6-"
    )
    assert await bench.call("grep", pattern="^def", context=1, path="src/a.py") == (
        "src/a.py\n3-\n4:def Find():\n5-    return 1\n--\n9-\n10:def find():\n11-    pass"
    )
    assert await bench.call("grep", pattern="FIND", ignore_case=True, mode="count") == "b.txt: 1\nsrc/a.py: 2"
    assert await bench.call("grep", pattern="find", mode="files") == "b.txt\nsrc/a.py"
    assert await bench.call("grep", pattern="nowhere") == "No matches."
    assert "regex parse error" in await bench.error("grep", pattern="f(")
    (bench.cwd / "long").write_text("needle" + "x" * 100_000 + "\n" + "needle\n" * 5_000)
    text = await bench.call("grep", pattern="needle", path="long")
    assert len(text) < 5_000
    assert "1:needlexxx" in text
    assert text.endswith("[… there is more; narrow the pattern, path or glob]")


async def test_diff_of_the_session(bench: Any) -> None:
    (bench.cwd / "a.py").write_text("one\ntwo\n")
    (bench.cwd / "gone").write_text("bye\n")
    assert await bench.call("diff") == "No changes."
    await bench.call("edit_file", path="a.py", old_string="two", new_string="2")
    await bench.call("write_file", path="sub/new.py", content="hi\n")
    await bench.call("apply_patch", patch="*** Begin Patch\n*** Delete File: gone\n*** End Patch")
    text = await bench.call("diff")
    assert "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n" in text
    assert "--- /dev/null\n+++ b/sub/new.py\n@@ -0,0 +1 @@\n+hi\n" in text
    assert "--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-bye\n" in text
    assert (await bench.call("diff", path="sub")).startswith("--- /dev/null\n+++ b/sub/new.py")


async def test_diff_of_git(bench: Any) -> None:
    def git(*args: str) -> None:
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *args], cwd=bench.cwd, check=True)

    assert "not a git repository" in await bench.error("diff", of="git")
    git("init", "-q")
    (bench.cwd / "a.py").write_text("one\n")
    assert "+one" in await bench.call("diff", of="git")
    (bench.cwd / "b.bin").write_bytes(b"\0")
    (bench.cwd / "crlf").write_text("x\ny\n")
    (bench.cwd / ":odd*name").write_text("o\n")
    git("add", ".")
    git("commit", "-qm", "x")
    assert await bench.call("diff", of="git") == "No changes."
    (bench.cwd / "a.py").write_text("two\n")
    (bench.cwd / "b.bin").write_bytes(b"\0\1")
    (bench.cwd / "crlf").write_bytes(b"x\r\nz\r\n")
    (bench.cwd / ":odd*name").unlink()
    (bench.cwd / "untracked").write_text("u\n")
    text = await bench.call("diff", of="git")
    assert "-one\n+two\n" in text
    assert "b.bin: binary file changed\n" in text
    assert " x\n-y\n+z\n" in text
    assert "--- a/:odd*name\n+++ /dev/null\n" in text
    assert "--- /dev/null\n+++ b/untracked\n" in text
    assert (await bench.call("diff", of="git", path="a.py")).count("---") == 1
    assert "is not in the git repository" in await bench.error("diff", of="git", path="/etc/hosts")
    (bench.cwd / "huge").write_text("h\n" * 20_000)
    cut = await bench.call("diff", of="git", path="huge")
    assert len(cut) < bench.settings.output_chars + 100
    assert cut.endswith("[… cut; name a path to see more]\n")


@pytest.mark.parametrize("tool", ["read_file", "list_dir", "glob", "grep", "diff"])
async def test_looking_changes_nothing(bench: Any, tool: str) -> None:
    action = await bench.prepare(tool, path=".", pattern="x")
    assert not action.changes
    assert action.paths == (Path(bench.cwd),)
    assert action.run is not None
