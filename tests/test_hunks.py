"""Hunks: the difference of two texts, taken whole, in part or not at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.hunks import apply_hunks, line_end, make_hunks, split_lines, unified
from cass.protocol.edits import HunkDecision

LINES = st.lists(
    st.builds(
        str.__add__, st.sampled_from(["", "a", "b", "cc", "ä\u2028", "}"]), st.sampled_from(["\n", "\r\n", "\r"])
    ),
    max_size=12,
)
TEXTS = st.builds(lambda lines, tail: "".join(lines) + tail, LINES, st.sampled_from(["", "x", "end"]))


def accept(*ids: str) -> dict[str, HunkDecision]:
    return {hunk_id: HunkDecision(hunk_id=hunk_id, decision="accept") for hunk_id in ids}


@given(TEXTS)
def test_lines_joined_are_the_text(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert all(line_end(line) for line in lines[:-1])


@given(TEXTS, TEXTS)
def test_all_hunks_give_the_new_text_and_none_the_old(old: str, new: str) -> None:
    hunks = make_hunks(old, new)
    assert apply_hunks(old, hunks, accept(*(h.hunk_id for h in hunks))) == new
    assert apply_hunks(old, hunks, {}) == old
    assert bool(hunks) == (old != new)


@given(TEXTS, TEXTS, st.data())
def test_a_subset_leaves_every_byte_outside_it(old: str, new: str, data: st.DataObject) -> None:
    hunks = make_hunks(old, new)
    chosen = [h for h in hunks if data.draw(st.booleans())]
    result = apply_hunks(old, hunks, accept(*(h.hunk_id for h in chosen)))
    lines = split_lines(old)
    at = 0
    rest = result
    for hunk in chosen:
        kept = "".join(lines[at : hunk.old_start - 1])
        assert rest.startswith(kept + hunk.new_text)
        rest = rest[len(kept + hunk.new_text) :]
        at = hunk.old_start - 1 + hunk.old_lines
    assert rest == "".join(lines[at:])


@given(TEXTS, TEXTS)
@settings(max_examples=60)
def test_hunks_say_where_they_stand_in_both_texts(old: str, new: str) -> None:
    a, b = split_lines(old), split_lines(new)
    for hunk in make_hunks(old, new, first=5):
        assert "".join(a[hunk.old_start - 1 : hunk.old_start - 1 + hunk.old_lines]) == hunk.old_text
        assert "".join(b[hunk.new_start - 1 : hunk.new_start - 1 + hunk.new_lines]) == hunk.new_text
        assert int(hunk.hunk_id[1:]) >= 5


def test_amended_text_replaces_the_hunk_and_gets_the_line_end_it_needs() -> None:
    hunks = make_hunks("a\nb\nc\n", "a\nB\nc\n")
    amended = {"h1": HunkDecision(hunk_id="h1", decision="amend", text="mine")}
    assert apply_hunks("a\nb\nc\n", hunks, amended) == "a\nmine\nc\n"
    without_text = {"h1": HunkDecision(hunk_id="h1", decision="amend")}
    assert apply_hunks("a\nb\nc\n", hunks, without_text) == "a\nB\nc\n"


def test_hunks_of_another_text_are_refused() -> None:
    hunks = make_hunks("a\nb\n", "a\nc\n")
    for text in ("a\nx\n", "a\n", ""):
        with pytest.raises(ValueError, match="h1"):
            apply_hunks(text, hunks, accept("h1"))


def test_repetitive_texts_are_compared_in_bounded_time() -> None:
    old = "".join(f"head {n}\n" for n in range(50)) + "}\n" * 8000 + "unique\n" + "}\n" * 8000 + "tail\n"
    new = old.replace("head 7\n", "head seven\n").replace("unique\n", "unique\nmore\n").replace("tail", "end")
    began = time.perf_counter()
    hunks = make_hunks(old, new)
    assert time.perf_counter() - began < 1.0
    assert apply_hunks(old, hunks, accept(*(h.hunk_id for h in hunks))) == new
    assert len(hunks) == 2  # the block without a landmark is one change
    alike = make_hunks("x\n" + "a\nb\n" * 2000 + "y\n", "z\n" + "b\na\n" * 2100 + "w\n")
    assert len(alike) == 1


def test_unified_form() -> None:
    old = "".join(f"{n}\n" for n in range(1, 21))
    new = old.replace("3\n", "three\n", 1).replace("18\n", "").replace("20\n", "20")
    assert unified("f.txt", old, new) == (
        "--- a/f.txt\n+++ b/f.txt\n"
        "@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+three\n 4\n 5\n 6\n"
        "@@ -15,6 +15,5 @@\n 15\n 16\n 17\n-18\n 19\n-20\n+20\n\\ No newline at end of file\n"
    )
    assert unified("f", "same", "same") == ""
    assert unified("f", "", "one\n") == "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+one\n"
