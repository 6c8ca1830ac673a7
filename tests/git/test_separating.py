"""A session's lines and the user's, told apart."""

from __future__ import annotations

import pytest

from cass.git.separating import session_part

HEAD = "1\n2\n3\n4\n5\n6\n"


@pytest.mark.parametrize(
    ("steps", "now", "wanted"),
    [
        ([(HEAD, "1\n2\nC\n4\n5\n6\n")], "1\n2\nC\n4\n5\n6\n", "1\n2\nC\n4\n5\n6\n"),
        # the user was there before: elsewhere, beside, in the same line
        ([("1\n2\n3\n4\n5\nu\n", "1\n2\nC\n4\n5\nu\n")], "1\n2\nC\n4\n5\nu\n", "1\n2\nC\n4\n5\n6\n"),
        ([("1\nu\n3\n4\n5\n6\n", "1\nu\nC\n4\n5\n6\n")], "1\nu\nC\n4\n5\n6\n", "1\n2\nC\n4\n5\n6\n"),
        ([("1\n2\nu\n4\n5\n6\n", "1\n2\nC\n4\n5\n6\n")], "1\n2\nC\n4\n5\n6\n", None),
        # the user came after: elsewhere, beside, in the same line
        ([(HEAD, "1\n2\nC\n4\n5\n6\n")], "1\n2\nC\n4\n5\nu\n", "1\n2\nC\n4\n5\n6\n"),
        ([(HEAD, "1\n2\nC\n4\n5\n6\n")], "1\nu\nC\n4\n5\n6\n", "1\n2\nC\n4\n5\n6\n"),
        ([(HEAD, "1\n2\nC\n4\n5\n6\n")], "1\n2\nC!\n4\n5\n6\n", "1\n2\nC!\n4\n5\n6\n"),
        ([(HEAD, "1\n2\nC\n4\n5\n6\n")], "1\nu\nC!\nu\n5\n6\n", "1\n2\nC!\n4\n5\n6\n"),
        # the user took it back
        ([(HEAD, "1\n2\nC\n4\n5\n6\n")], HEAD, HEAD),
        ([(HEAD, "1\n2\nx\ny\n3\n4\n5\n6\n")], "1\n2\nx\n3\n4\n5\n6\n", "1\n2\nx\n3\n4\n5\n6\n"),
        # in between two steps
        (
            [(HEAD, "A\n2\n3\n4\n5\n6\n"), ("A\n2\n3\nu\n5\n6\n", "A\n2\n3\nu\n5\nF\n")],
            "A\n2\n3\nu\n5\nF\n",
            "A\n2\n3\n4\n5\nF\n",
        ),
        (
            [(HEAD, "A\n2\n3\n4\n5\n6\n"), ("Au\n2\n3\n4\n5\n6\n", "AuB\n2\n3\n4\n5\n6\n")],
            "AuB\n2\n3\n4\n5\n6\n",
            "AuB\n2\n3\n4\n5\n6\n",
        ),
        # lines that went, and an end without a line end
        ([("u\n" + HEAD, "u\n1\n2\n5\n6\n")], "u\n1\n2\n5\n6\n", "1\n2\n5\n6\n"),
        ([(HEAD + "u", HEAD + "u\nnew")], HEAD + "u\nnew", None),
        ([("", "a\n")], "a\nb\n", "a\n"),
    ],
)
def test_what_is_committed(steps: list[tuple[str, str]], now: str, wanted: str | None) -> None:
    assert session_part(HEAD if steps[0][0] else "", steps, now) == wanted
