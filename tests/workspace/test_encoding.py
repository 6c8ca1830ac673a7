"""Encodings: what is read can be written back byte for byte, and what is not certain is refused."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.errors import ToolError
from cass.workspace.encoding import decode, dominant_eol, encode


@pytest.mark.parametrize(
    ("raw", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        (b"plain\r\nmixed\n", "plain\r\nmixed\n", "utf-8"),
        (codecs.BOM_UTF8 + b"x", "x", "utf-8"),
        (codecs.BOM_UTF16_LE + "é\n".encode("utf-16-le"), "é\n", "utf-16-le"),
        (codecs.BOM_UTF16_BE + "é\n".encode("utf-16-be"), "é\n", "utf-16-be"),
        (codecs.BOM_UTF32_LE + "é".encode("utf-32-le"), "é", "utf-32-le"),
        (codecs.BOM_UTF32_BE + "é".encode("utf-32-be"), "é", "utf-32-be"),
        ("plain text\n".encode("utf-16-le"), "plain text\n", "utf-16-le"),
        ("plain text\n".encode("utf-16-be"), "plain text\n", "utf-16-be"),
        (b"caf\xe9 cr\xe8me, \x93quoted\x94 text\n", "café crème, “quoted” text\n", "cp1252"),
    ],
)
def test_known_encodings(raw: bytes, text: str, encoding: str) -> None:
    found = decode(raw, "f")
    assert (found.text, found.encoding) == (text, encoding)
    assert encode(found.text, found.encoding, found.bom, "f") == raw


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (b"text with \0 in it", "binary"),
        (bytes(range(256)), "binary"),
        ("日本語のテキスト、日本語".encode("shift_jis"), "not certain"),
        ("русский текст без меток".encode("cp1251"), "not certain"),
        (b"control \x01 and \xe9", "not certain"),
        (b"undefined \x81 here", "not certain"),
        (codecs.BOM_UTF16_LE + b"odd", "says that it is utf-16-le but is not"),
        (codecs.BOM_UTF8 + b"\xff", "says that it is utf-8 but is not"),
        (b"a\0b\0c\0\x01\0", "binary"),
        (b"\0\0\0\0\0\0", "binary"),
    ],
)
def test_what_is_not_certain_is_refused(raw: bytes, word: str) -> None:
    with pytest.raises(ToolError, match=word):
        decode(raw, "f")


@given(st.binary(max_size=60))
def test_whatever_is_read_is_written_back_the_same(raw: bytes) -> None:
    try:
        found = decode(raw, "f")
    except ToolError:
        return
    assert encode(found.text, found.encoding, found.bom, "f") == raw


def test_a_character_that_the_encoding_lacks_is_named() -> None:
    with pytest.raises(ToolError, match=r"old.txt is cp1252, which has no character U\+2192"):
        encode("a → b", "cp1252", b"", "old.txt")
    with pytest.raises(ToolError, match=r"U\+D800"):
        encode("\ud800", "utf-8", b"", "f")


@pytest.mark.parametrize(
    ("text", "eol"), [("", "\n"), ("a\nb\r\n\r\n", "\r\n"), ("a\rb\rc\n", "\r"), ("a\nb\nc\r\n", "\n")]
)
def test_dominant_line_end(text: str, eol: str) -> None:
    assert dominant_eol(text) == eol
