"""Heads of Markdown files: what is plain is read without YAML, and means the same."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cass import frontmatter

LINES = st.sampled_from(["name", "description", "model", "license"])
VALUES = st.text(alphabet="abT ()-:#'\"[]{},.!&*%@`|>?0~=;\\\t", max_size=24) | st.sampled_from(
    ["true", "No", "null", "y", "a: b"]
)


@given(st.dictionaries(LINES, VALUES, min_size=1))
def test_what_is_read_is_what_yaml_says(values: dict[str, str]) -> None:
    head = "".join(f"{key}: {value}\n" for key, value in values.items())
    page = frontmatter.read(f"---\n{head}---\nbody")
    try:
        expected = yaml.load(head, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except Exception:
        assert page.problem
        return
    assert page.problem == ""
    assert page.values == (expected or {})


@pytest.mark.parametrize(
    ("text", "body", "line"),
    [("plain", "plain", 1), ("---\nname: a\n---\nx\ny", "x\ny", 4), ("\ufeff---\r\nname: a\r\n---\r\nx", "x", 4)],
)
def test_the_body_and_where_it_begins(text: str, body: str, line: int) -> None:
    page = frontmatter.read(text)
    assert (page.body, page.body_line) == (body, line)


def test_a_head_without_an_end_is_said() -> None:
    page = frontmatter.read("---\nname: a\n")
    assert "line 1" in page.problem
    assert page.values == {}


def test_a_head_that_is_not_quite_yaml_is_read_line_by_line() -> None:
    page = frontmatter.read("---\nname: a\ndescription: does this: and that\n---\n")
    assert page.values == {"name": "a", "description": "does this: and that"}
    assert page.problem.startswith("line 3: this is not YAML")
