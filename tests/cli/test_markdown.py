"""Streaming Markdown: blocks come out once, whole, wherever the stream is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass_cli.markdown import FENCE_LINES, Block, BlockSplitter, draw_markdown, wrap_plain

ANSI = re.compile(r"\x1b\[[0-9;]*m")
CASES = [
    ("one paragraph", ["one paragraph"]),
    ("a\nb\n\nc\n", ["a\nb", "c"]),
    ("\n\n\na", ["a"]),
    ("# head\ntext", ["# head", "text"]),
    ("text\n## head\nmore", ["text", "## head", "more"]),
    ("```py\na\n\nb\n```\nafter", ["```py\na\n\nb\n```", "after"]),
    ("before\n```\nx\n```", ["before", "```\nx\n```"]),
    ("~~~\n```\n~~~\nx", ["~~~\n```\n~~~", "x"]),
    ("````\n```\n````\nx", ["````\n```\n````", "x"]),
    ("```\nnever closed", ["```\nnever closed"]),
    ("- a\n- b\n\ntext", ["- a\n- b", "text"]),
    ("- a\n\n- b\n\n  more of b\n\ntext", ["- a\n\n- b\n\n  more of b", "text"]),
    ("1. a\n2. b", ["1. a\n2. b"]),
    ("- a\n  ```\n  x\n  ```\n- b", ["- a\n  ```\n  x\n  ```\n- b"]),
    ("|a|b|\n|-|-|\n|1|2|\n\nx", ["|a|b|\n|-|-|\n|1|2|", "x"]),
    ("dos\r\n\r\nlines\r\n", ["dos", "lines"]),
    ("", []),
    ("\n \n", []),
]


def split(text: str, sizes: list[int]) -> list[Block]:
    splitter, blocks, at = BlockSplitter(), [], 0
    for size in sizes:
        blocks += splitter.feed(text[at : at + size])
        at += size
    return [*blocks, *splitter.feed(text[at:]), *splitter.finish()]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_blocks_are_cut_where_they_end(text: str, expected: list[str]) -> None:
    assert [block.text for block in split(text, [])] == expected


@given(st.sampled_from(CASES), st.lists(st.integers(1, 7), max_size=40))
def test_blocks_do_not_depend_on_how_the_text_arrives(case: tuple[str, list[str]], sizes: list[int]) -> None:
    assert [block.text for block in split(case[0], sizes)] == case[1]


def test_a_block_is_given_as_soon_as_it_is_over() -> None:
    splitter = BlockSplitter()
    assert splitter.feed("first\n") == []
    assert [block.text for block in splitter.feed("\nsec")] == ["first"]
    assert splitter.rest.strip() == "sec"


def test_long_code_does_not_wait_for_its_end() -> None:
    lines = [f"line {n}" for n in range(FENCE_LINES * 2 + 5)]
    blocks = split("```py\n" + "\n".join(lines) + "\n```\n", [])
    assert len(blocks) == 3
    assert [block.joined for block in blocks] == [False, True, True]
    assert all(block.text.startswith("```py\n") and block.text.endswith("\n```") for block in blocks)
    shown = [line for block in blocks for line in block.text.split("\n") if line.startswith("line")]
    assert shown == lines


def test_markdown_is_drawn_with_styles() -> None:
    drawn = draw_markdown("# Title\n\nsome **bold** and `code`\n\n```python\nx = 1\n```", 60)
    assert "\x1b[" in drawn
    plain = ANSI.sub("", drawn)
    assert "Title" in plain
    assert "some bold and code" in plain
    assert "x = 1" in plain


@pytest.mark.parametrize(
    "hostile",
    [
        "&#x1b;[2J &#8238;abc &#155;2J",
        "<http://127.0.0.1/%1b%9b>",
        "[click](http://127.0.0.1/?a=1)",
        "![x](http://127.0.0.1/secret)",
        "\x1b]0;title\x07 \x9b31m",
        "```\n\x1b[2J\n```",
        "`\x1b[8m`",
        "|a\x1b[2J|b|\n|-|-|\n|1|2|",
    ],
)
def test_markdown_cannot_smuggle_controls(hostile: str) -> None:
    drawn = ANSI.sub("", draw_markdown(hostile, 60))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", drawn)


def test_a_link_shows_where_it_leads() -> None:
    assert "http://evil.example/" in draw_markdown("[docs](http://evil.example/)", 60)


def test_plain_markdown_is_broken_at_blanks_but_code_and_tables_are_not() -> None:
    words = "a line of words that is longer than the terminal is wide"
    text = f"{words}\n\n- {words}\n\n```\n{words}\n```\n\n| {words} |"
    assert wrap_plain(text, 30) == (
        "a line of words that is longer\nthan the terminal is wide\n\n"
        "- a line of words that is\n  longer than the terminal is\n  wide\n\n"
        f"```\n{words}\n```\n\n| {words} |"
    )
