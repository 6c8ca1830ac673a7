"""Bytes to messages, whatever the bytes are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.rpc.framing import MAX_MESSAGE, Body, Garbage, HeaderFraming, LineFraming

GOOD = b'{"jsonrpc":"2.0","method":"x"}'
FRAMED = b"Content-Length: %d\r\n\r\n%b" % (len(GOOD), GOOD)


@pytest.mark.parametrize(
    "data",
    [
        FRAMED,
        b"content-length:%d\r\n\r\n%b" % (len(GOOD), GOOD),
        b"CONTENT-LENGTH \t: %d\n\n%b" % (len(GOOD), GOOD),
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + FRAMED,
        b"X-More: 1\r\nContent-Length: %d\r\nX-Other: 2\r\n\r\n%b" % (len(GOOD), GOOD),
        b"\r\n\r\n" + FRAMED,
    ],
)
def test_what_peers_send_is_understood_at_any_split(data: bytes) -> None:
    for cut in range(len(data) + 1):
        framing = HeaderFraming()
        assert [*framing.feed(data[:cut]), *framing.feed(data[cut:])] == [Body(GOOD)]


@pytest.mark.parametrize(
    "junk",
    [
        b"hello\n",
        b"Content-Length: abc\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"\x00\xff\n",
        b"printed without an end",
    ],
)
def test_after_garbage_the_next_message_is_found(junk: bytes) -> None:
    framing = HeaderFraming()
    found = list(framing.feed(junk + FRAMED + FRAMED))
    assert [f for f in found if isinstance(f, Body)] == [Body(GOOD), Body(GOOD)]
    assert any(isinstance(f, Garbage) for f in found)


def test_endless_garbage_stays_bounded_and_is_left_behind() -> None:
    framing = HeaderFraming()
    found = [item for _ in range(100) for item in framing.feed(b"x" * 10_000)]
    assert 0 < len(found) <= 200
    assert list(framing.feed(b"\n" + FRAMED))[-1] == Body(GOOD)


def test_a_length_over_the_limit_is_refused() -> None:
    framing = HeaderFraming()
    (problem,) = framing.feed(b"Content-Length: 99999999999999\r\n\r\n")
    assert isinstance(problem, Garbage)
    assert str(MAX_MESSAGE) in problem.problem
    assert list(framing.feed(FRAMED)) == [Body(GOOD)]


def test_a_body_with_a_wrong_length_is_read_again_from_the_header_inside_it() -> None:
    framing = HeaderFraming()
    good: list[bytes] = []
    for item in framing.feed(b"Content-Length: %d\r\n\r\n%b" % (len(GOOD) + 20, GOOD) + FRAMED):
        assert isinstance(item, Body)
        try:
            json.loads(item.data)
            good.append(item.data)
        except ValueError:
            framing.resume(item.data)
    assert good == [GOOD]


def test_lines_are_messages() -> None:
    framing = LineFraming()
    assert list(framing.feed(GOOD + b"\r\n\n" + GOOD[:5])) == [Body(GOOD)]
    assert list(framing.feed(GOOD[5:] + b"\n")) == [Body(GOOD)]


@given(st.lists(st.text(max_size=50), max_size=5), st.integers(1, 40))
def test_any_messages_in_any_pieces(texts: list[str], size: int) -> None:
    bodies = [json.dumps({"t": text}).encode() for text in texts]
    data = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(b), b) for b in bodies)
    framing = HeaderFraming()
    found = [item for at in range(0, len(data), size) for item in framing.feed(data[at : at + size])]
    assert found == [Body(body) for body in bodies]
