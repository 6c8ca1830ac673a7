"""Listing and searching: ignore files respected everywhere, limits kept, errors said."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cass.errors import ToolError
from cass.ports import SearchQuery
from cass.workspace import DiskWorkspace
from cass.workspace.ripgrep import find_ripgrep

CASES = Path(__file__).parents[3] / "shared" / "cases" / "gitignore_ripgrep.json"


def tree(folder: Path, files: dict[str, str]) -> DiskWorkspace:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return DiskWorkspace([folder])


async def listed(workspace: DiskWorkspace, folder: Path, glob: str = "") -> list[str]:
    return [str(path.relative_to(folder)) for path in (await workspace.files(folder, glob=glob)).paths]


async def found(workspace: DiskWorkspace, folder: Path, pattern: str, **more: Any) -> list[str]:
    result = await workspace.search(SearchQuery(pattern, folder, **more))
    return [str(hit.path.relative_to(folder)) for hit in result.hits]


async def test_ignored_files_are_left_out_even_where_a_glob_fits(tmp_path: Path) -> None:
    workspace = tree(
        tmp_path,
        {
            ".gitignore": "*.lock\nbuild/\n",
            "a.lock": "needle",
            "a.py": "needle",
            "build/b.py": "needle",
            "sub/.gitignore": "!keep.lock\n",
            "sub/keep.lock": "needle",
            ".hidden/c.py": "needle",
            ".git/config": "needle",
            "sub/.git/x": "needle",
        },
    )
    wanted = [".hidden/c.py", "a.py", "sub/keep.lock"]
    assert await found(workspace, tmp_path, "needle") == wanted
    assert [name for name in await listed(workspace, tmp_path) if "gitignore" not in name] == wanted
    assert await listed(workspace, tmp_path, "*.lock") == ["sub/keep.lock"]
    assert await found(workspace, tmp_path, "needle", glob="*.lock") == ["sub/keep.lock"]
    assert await found(workspace, tmp_path, "needle", glob="**/*.py", want="files") == [".hidden/c.py", "a.py"]
    assert await found(workspace, tmp_path, "needle", glob="sub/", want="counts") == ["sub/keep.lock"]
    assert await found(workspace, tmp_path, "needle", glob="{sub,x}/*.lock") == ["sub/keep.lock"]
    assert await found(workspace, tmp_path / "build", "needle") == ["b.py"]


@pytest.mark.skipif(not CASES.exists(), reason=f"no recorded cases in {CASES}")
async def test_recorded_ignore_rules(tmp_path: Path) -> None:
    wrong: list[str] = []
    for number, case in enumerate(json.loads(CASES.read_text())["cases"]):
        folder = tmp_path / str(number)
        path = folder / case["rel_path"]
        file = path / "inner" if case["is_dir"] else path
        workspace = tree(folder, {".gitignore": case["gitignore"], str(file.relative_to(folder)): "needle"})
        ignored = file_ignored = case["git_says_ignored"]
        listing = await workspace.files(folder, depth=3)
        seen = file in listing.paths
        if case["is_dir"] and not ignored:
            file_ignored = not seen
            if not seen:
                assert git_ignores(folder, file), case["id"]
        if (seen or path in listing.bare_folders) == ignored:
            wrong.append(f"list {case['id']}")
        globbed = await listed(workspace, folder, file.name if not set(file.name) & set("[]{}*?!\\") else "")
        if (str(file.relative_to(folder)) in globbed) == file_ignored:
            wrong.append(f"glob {case['id']}")
        if bool(await found(workspace, folder, "^needle$")) == file_ignored:
            wrong.append(f"search {case['id']}")
    assert wrong == []


def git_ignores(folder: Path, file: Path) -> bool:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    done = subprocess.run(["git", "check-ignore", "-q", "--", str(file)], cwd=folder, check=False)
    return done.returncode == 0


async def test_folders_that_hold_nothing_listed_are_still_told_of(tmp_path: Path) -> None:
    workspace = tree(tmp_path, {".gitignore": "*.log\nignored/\n", "logs/a.log": "", "ignored/x": "", "a/b/c": ""})
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    (tmp_path / "none").mkdir()
    (tmp_path / "a" / "void").mkdir()
    listing = await workspace.files(tmp_path, depth=2)
    assert [p.relative_to(tmp_path).as_posix() for p in listing.bare_folders] == ["a/void", "logs", "none"]


async def test_hits_carry_lines_context_and_counts(tmp_path: Path) -> None:
    workspace = tree(tmp_path, {"a.txt": "one\nTwo\nthree\r\nfour\ntwo\n", "b.txt": "two\n"})
    result = await workspace.search(SearchQuery("two", tmp_path / "a.txt", ignore_case=True, context=1))
    assert [(hit.line, hit.text, hit.is_match) for hit in result.hits] == [
        (1, "one", False),
        (2, "Two", True),
        (3, "three", False),
        (4, "four", False),
        (5, "two", True),
    ]
    counts = await workspace.search(SearchQuery("(?i)two", tmp_path, want="counts"))
    assert [(hit.path.name, hit.count) for hit in counts.hits] == [("a.txt", 2), ("b.txt", 1)]
    limited = await workspace.search(SearchQuery("o", tmp_path, limit=2))
    assert len(limited.hits) == 2
    assert not limited.complete


async def test_odd_names_and_bytes(tmp_path: Path) -> None:
    odd = ["new\nline.txt", "--pre=sh", "sp ace", "tab\t", os.fsdecode(b"bad\xff")]
    workspace = tree(tmp_path, dict.fromkeys(odd, "needle\n"))
    (tmp_path / "latin").write_bytes(b"needle caf\xe9\n")
    (tmp_path / "wide").write_bytes("needle é\n".encode("utf-16"))
    (tmp_path / "binary").write_bytes(b"needle\0needle\n")
    assert sorted(await listed(workspace, tmp_path)) == sorted([*odd, "latin", "wide", "binary"])
    result = await workspace.search(SearchQuery("needle", tmp_path))
    texts = {hit.path.name: hit.text for hit in result.hits}
    assert set(texts) == {*odd, "latin", "wide"}
    assert texts["wide"] == "needle é"
    assert texts["latin"] == "needle caf\ufffd"
    for name in odd:
        assert await found(workspace, tmp_path, "needle", want="files") != []
        single = await workspace.search(SearchQuery("needle", tmp_path / name))
        assert [hit.path.name for hit in single.hits] == [name]


async def test_an_argument_is_never_an_option(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    folder = tmp_path / "w"
    workspace = tree(folder, {"a.txt": "--pre=touch\n", ".ripgreprc": f"--pre=touch {canary}\n"})
    assert await found(workspace, folder, "--pre=touch") == [".ripgreprc", "a.txt"]
    assert await found(workspace, folder, "touch", glob="--pre=x") == []
    assert not canary.exists()


async def test_what_cannot_be_searched_is_said(tmp_path: Path) -> None:
    workspace = tree(tmp_path, {"a.txt": "x\n"})
    with pytest.raises(ToolError, match="regex parse error"):
        await workspace.search(SearchQuery("a(", tmp_path))
    with pytest.raises(ToolError, match="gone does not exist"):
        await workspace.search(SearchQuery("a", tmp_path / "gone"))
    with pytest.raises(ToolError, match="There is no folder gone") as caught:
        await workspace.files(tmp_path / "gone")
    assert caught.value.kind == "not_found"
    with pytest.raises(ToolError, match=r"a.txt is a file, not a folder"):
        await workspace.files(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ToolError, match="neither a file nor a folder"):
        await workspace.search(SearchQuery("a", tmp_path / "pipe"))
    assert (await workspace.search(SearchQuery("nothing like it", tmp_path))).hits == ()


async def test_limits_are_told(tmp_path: Path) -> None:
    workspace = tree(tmp_path, {f"f{n}": "" for n in range(10)})
    listing = await workspace.files(tmp_path, limit=3)
    assert [path.name for path in listing.paths] == ["f0", "f1", "f2"]
    assert not listing.complete


def test_the_searched_project_never_brings_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "project" / "bin" / "rg"
    fake.parent.mkdir(parents=True)
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    good = tmp_path / "usr" / "rg"
    good.parent.mkdir()
    good.write_text("#!/bin/sh\n")
    good.chmod(0o755)
    assert find_ripgrep(tmp_path / "project") != str(fake)
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "none"))
    monkeypatch.setattr("sys.executable", str(tmp_path / "none" / "python"))
    monkeypatch.setenv("PATH", f".:{fake.parent}:{good.parent}")
    assert find_ripgrep(tmp_path / "project") == str(good)
    good.unlink()
    good.symlink_to(fake)
    with pytest.raises(ToolError, match=r"ripgrep .* is not installed"):
        find_ripgrep(tmp_path / "project")
