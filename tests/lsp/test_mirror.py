"""The mirror of a buffer is exact: every line end of LSP, none of Python's, every position encoding."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace.position_codec import PositionCodec

from cass.lsp.mirror import Document

ENDS = re.compile(r"\r\n|\n|\r")
PIECES = ["\r", "\n", "\r\n", "a", "b", "\t", "é", "ß", "😀", "\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "中"]
UNITS = {
    "utf-8": lambda c: len(c.encode()),
    "utf-16": lambda c: 2 if ord(c) > 0xFFFF else 1,
    "utf-32": lambda c: 1,
}


def _offset(text: str, place: types.Position, encoding: str) -> int:
    """LSP's rules, told a second time and as plainly as can be."""
    found = list(ENDS.finditer(text))
    starts = [0, *(m.end() for m in found)]
    ends = [*(m.start() for m in found), len(text)]
    if place.line >= len(starts):
        return len(text)
    units = 0
    for index in range(starts[place.line], ends[place.line]):
        units += UNITS[encoding](text[index])
        if units > place.character:
            return index
    return ends[place.line]


def _document(text: str, encoding: str) -> Document:
    return Document("file:///a", source=text, version=1, position_codec=PositionCodec(encoding))


texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
places = st.builds(types.Position, st.integers(0, 7), st.integers(0, 7))


@pytest.mark.parametrize("encoding", UNITS)
@settings(max_examples=400, deadline=None)
@given(text=texts, changes=st.lists(st.tuples(places, places, texts), max_size=5))
def test_any_change_of_any_range(encoding: str, text: str, changes: list[tuple[object, ...]]) -> None:
    document = _document(text, encoding)
    for one, other, put in changes:
        assert isinstance(one, types.Position) and isinstance(other, types.Position) and isinstance(put, str)
        start, end = sorted((one, other), key=lambda p: (p.line, p.character))
        left, right = _offset(text, start, encoding), _offset(text, end, encoding)
        document.apply_change(types.TextDocumentContentChangePartial(types.Range(start, end), put))
        text = text[:left] + put + text[right:]
        assert document.source == text


@pytest.mark.parametrize("encoding", UNITS)
@settings(max_examples=400, deadline=None)
@given(old=texts, new=texts)
def test_the_edits_that_are_sent_make_the_text_that_is_meant(encoding: str, old: str, new: str) -> None:
    document = _document(old, encoding)
    text = old
    for edit in reversed(document.edits(new)):
        left, right = _offset(old, edit.range.start, encoding), _offset(old, edit.range.end, encoding)
        text = text[:left] + edit.new_text + text[right:]
    assert text == new


def test_a_whole_text_replaces_everything() -> None:
    document = _document("a\nb", "utf-16")
    document.apply_change(types.TextDocumentContentChangeWholeDocument("x\x0cy\n"))
    assert (document.source, document.rows) == ("x\x0cy\n", ["x\x0cy\n"])
