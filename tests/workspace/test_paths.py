"""Paths as models write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.errors import ToolError
from cass.workspace.globs import matcher
from cass.workspace.paths import resolve

ROOT = Path("/work space/proj")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a.py", "/work space/proj/a.py"),
        ("./src/../a.py", "/work space/proj/a.py"),
        ("../other/x", "/work space/other/x"),
        ("/etc/hosts", "/etc/hosts"),
        ("//etc//hosts/", "/etc/hosts"),
        ("/../../etc", "/etc"),
        ("file:///tmp/a%20b%C3%A9", "/tmp/a bé"),
        ("FILE://localhost/tmp/x", "/tmp/x"),
        ("file:///tmp/%FF", "/tmp/%FF"),
        ("~/x", f"{Path.home()}/x"),
        ("~user/x", "/work space/proj/~user/x"),
        ("a~b", "/work space/proj/a~b"),
        (".", "/work space/proj"),
    ],
)
def test_paths_mean_one_place(text: str, path: str) -> None:
    assert resolve(text, ROOT) == Path(path)


@pytest.mark.parametrize(
    "text", ["", "  ", "a\0b", "a\nb", "a\x7f", "x" * 256, "é" * 128, "file://host/x", "file:///a%00b", "\ud800"]
)
def test_what_cannot_be_a_path_is_refused(text: str) -> None:
    with pytest.raises(ToolError):
        resolve(text, ROOT)


@given(st.text(alphabet="a./~ ", min_size=1, max_size=20))
def test_resolved_paths_are_absolute_and_plain(text: str) -> None:
    try:
        path = resolve(text, ROOT)
    except ToolError:
        return
    assert path.is_absolute()
    assert ".." not in path.parts
    assert not str(path).startswith("//")


@pytest.mark.parametrize(
    ("glob", "fits", "fits_not"),
    [
        ("*.py", ["a.py", "src/deep/b.py"], ["a.pyc", "py"]),
        ("src/*.py", ["src/a.py"], ["a.py", "src/b/a.py", "x/src/a.py"]),
        ("src/**/*.ts", ["src/a.ts", "src/x/y/a.ts"], ["a.ts", "src/a.js"]),
        ("**/test_*.py", ["test_a.py", "x/test_a.py"], ["x/a.py"]),
        ("src/**", ["src/a", "src/x/y"], ["src", "a"]),
        ("src/", ["src/a", "src/x/y"], ["a"]),
        ("./a.?s", ["a.ts", "b/a.js"], ["a.tsx"]),
        ("*.{ts,tsx}", ["a.ts", "x/b.tsx"], ["a.t"]),
        ("/top.txt", ["top.txt"], ["x/top.txt"]),
        ("[ab]*.[!p]y", ["ax.cy"], ["cx.cy", "ax.py"]),
        ("[^a]", ["b"], ["a"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("a}b,c", ["a}b,c"], ["ab"]),
        ("name with space.txt", ["x/name with space.txt"], ["name"]),
        ("[[]]", ["[]"], ["x"]),
    ],
)
def test_globs(glob: str, fits: list[str], fits_not: list[str]) -> None:
    fit = matcher(glob)
    assert [path for path in fits if not fit(path)] == []
    assert [path for path in fits_not if fit(path)] == []


@pytest.mark.parametrize("glob", ["{a,b", "[z-a]"])
def test_a_glob_that_is_none_is_refused(glob: str) -> None:
    with pytest.raises(ToolError, match="is not a glob"):
        matcher(glob)
