"""A title says what was asked for, in whatever language, in a line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.sessions.titles import title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hi!\nCan you please fix the failing test in tests/test_x.py? It fails with a KeyError.", "fix the failing test in tests/test_x.py"),
        ("```python\nx = 1\n```\nWhy is x wrong?", "Why is x wrong?"),
        ("Traceback (most recent call last):\n  File \"a.py\", line 3\nValueError: x\n\nexplain this error", "explain this error"),
        ("<file path='x'>\nimport a\n</file>\nAdd a docstring", "Add a docstring"),
        ("# Task\n\n- Implement the thing", "Implement the thing"),
        ("Bitte schreibe mir einen Test für das Modul. Danke!", "schreibe mir einen Test für das Modul"),
        ("你好，请帮我修复这个函数里的错误。谢谢", "请帮我修复这个函数里的错误"),
        ("refactor e.g. the parser", "refactor e.g. the parser"),
        ("please", "please"),
        ("ok", "ok"),
        ("    def f(): pass", "def f(): pass"),
        ("", "(no words)"),
        ("\x1b[31m\x00", "[31m"),
        ("/etc/hosts what is this", "/etc/hosts what is this"),
        ("a fairly long request that goes on and on without any stop until it is longer than a line", "a fairly long request that goes on and on without any stop…"),
    ],
)  # fmt: skip
def test_a_title_is_what_was_asked(text: str, title: str) -> None:
    assert title_of(text) == title


@given(st.text(max_size=400))
def test_any_text_has_a_short_plain_title(text: str) -> None:
    title = title_of(text)
    assert title
    assert "\n" not in title
    assert sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in title) <= 61
    assert not any(unicodedata.category(char) == "Cc" for char in title)
