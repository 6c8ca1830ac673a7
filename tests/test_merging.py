"""Merging what two sides did to a text: nothing of the other side's is ever lost, and collisions are said."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cass.hunks import make_hunks, split_lines
from cass.merging import absorb, line_after, merge

lines = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "x\ry\n", "d\x0c\n", "é\n"]), max_size=9)
texts = st.tuples(lines, st.sampled_from(["", "end", "é"])).map(lambda t: "".join(t[0]) + t[1])


@settings(max_examples=600, deadline=None)
@given(base=texts, ours=texts, theirs=texts)
def test_a_merge_has_every_change_of_theirs(base: str, ours: str, theirs: str) -> None:
    merged = merge(base, ours, theirs)
    at, left = 0, split_lines(merged.text)
    for hunk in make_hunks(base, theirs):
        for line in (line.rstrip("\r\n") for line in split_lines(hunk.new_text)):
            at = next(n for n in range(at, len(left)) if left[n].rstrip("\r\n") == line) + 1
    if not merged.clean and ours != base:
        assert all(1 <= first <= len(split_lines(base)) + 1 for first, _ in merged.collided)
    if merged.clean:
        other = merge(base, theirs, ours)
        assert other.clean
        assert sorted(split_lines(other.text)) == sorted(split_lines(merged.text))


@given(base=texts, ours=texts)
def test_one_side_alone_is_taken_as_it_is(base: str, ours: str) -> None:
    assert merge(base, ours, base).text == ours
    assert merge(base, base, ours).text == ours
    assert merge(base, ours, ours).text == ours


def test_different_lines_go_together_also_side_by_side() -> None:
    assert merge("1\n2\n3\n", "1\nOURS\n3\n", "THEIRS\n2\n3\n").text == "THEIRS\nOURS\n3\n"
    assert merge("1\n2\n", "1\nnew\n2\n", "1\nTWO\n").text == "1\nnew\nTWO\n"


def test_the_same_lines_collide_and_theirs_stay() -> None:
    merged = merge("1\n2\n3\n", "1\nours\n3\n", "1\ntheirs\n3\n")
    assert (merged.text, merged.collided) == ("1\ntheirs\n3\n", ((2, 2),))


def test_two_insertions_at_one_place_collide_but_not_the_same_one() -> None:
    assert not merge("1\n", "1\nours\n", "1\ntheirs\n").clean
    assert merge("1\n", "1\nsame\n", "1\nsame\n").clean


def test_lines_are_followed() -> None:
    where = line_after("a\nb\nc\n", "new\na\nB\nc\n")
    assert where.moved(2, 3) == (3, 4)
    assert where.moved(1, 2) is None
    assert where.line(0) == 1


@settings(max_examples=400, deadline=None)
@given(base=texts, ours=texts, theirs=texts)
def test_absorbing_differs_from_merging_only_where_both_put_something_in(base: str, ours: str, theirs: str) -> None:
    assert absorb(base, base, theirs) == theirs
    assert absorb(base, ours, base) == ours
    assert absorb(base, ours, ours) == ours
    merged = merge(base, ours, theirs)
    if merged.clean:
        assert absorb(base, ours, theirs) == merged.text
