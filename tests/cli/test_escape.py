"""Nothing untrusted reaches the terminal as more than letters."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass_cli.escape import escape, escape_command, escape_controls, escape_exact, escape_line, suspicious

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcode 日本 🙂", "plain ünïcode 日本 🙂"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("dos\r\nline", "dos\nline"),
        ("over\rwritten", "over\\rwritten"),
        ("back\bspace", "back\\bspace"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "\\x1b]8;;http://x\\x07link\\x1b]8;;\\x07"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("\x7f\x00", "\\x7f\\x00"),
        ("a\u202eb", "a<U+202E>b"),
        ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
        ("a\u200bb\ufeff", "a<U+200B>b<U+FEFF>"),
        ("soft\u00adhyphen", "soft<U+00AD>hyphen"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("vs\U000e0100", "vs<U+E0100>"),
        ("heart \u2764\ufe0f", "heart \u2764\ufe0f"),
        ("family 👩\u200d💻", "family 👩\u200d💻"),
        ("not\u200demoji", "not<U+200D>emoji"),
        ("end 👩\u200d", "end 👩<U+200D>"),
        ("line\u2028sep", "line<U+2028>sep"),
        ("lone \ud800", "lone \\ud800"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ls" + " " * 400 + "; touch X", "ls<400 blanks>; touch X"),
        ("👩\u200d💻", "👩<U+200D>💻"),
        ("a\r\nb", "a\\r\nb"),
        ("two  blanks", "two  blanks"),
    ],
)
def test_a_command_to_be_allowed_hides_nothing(text: str, shown: str) -> None:
    assert escape_command(text) == shown


def test_a_diff_keeps_its_indentation() -> None:
    assert escape_exact(" " * 24 + "x") == " " * 24 + "x"


def test_a_name_stays_on_its_line() -> None:
    assert escape_line("a\nb\tc\x1b") == "a\\nb\\tc\\x1b"


def test_a_pipe_gets_every_letter_but_no_control() -> None:
    assert escape_controls("a\u200db\u202e\x1b[0m\x9b") == "a\u200db\u202e\\x1b[0m\\x9b"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("rm -rf ./a\u202e", "reading direction"),
        ("x\u200b", "invisible"),
        ("x\U000e0041", "invisible"),
        ("x\x1b[8m", "control"),
        ("ls" + " " * 50 + "; rm", "blanks"),
    ],
)
def test_what_is_meant_not_to_be_seen_is_named(text: str, word: str) -> None:
    assert any(word in phrase for phrase in suspicious(text))


def test_ordinary_text_is_not_suspected() -> None:
    assert suspicious("git commit -m 'größer 日本 🙂'\n\techo done") == []


@given(st.text(st.characters(codec=None), max_size=60))
def test_no_text_whatever_passes_raw(text: str) -> None:
    for function in (escape, escape_exact, escape_command, escape_controls, escape_line):
        shown = function(text)
        assert not RAW.search(shown)
        shown.encode("utf-8")
