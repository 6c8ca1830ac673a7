"""How long to wait, whether it was too long, how many tokens: read out of other people's words."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from cass.errors import ContextTooLong, ModelError
from cass.llm.overflow import limit_in, overflow
from cass.llm.tokens import Rates, Size, learned, rough_tokens
from cass.llm.waits import backoff, wait_asked
from support.models import ask
from support.provider import ProviderServer, document


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "20s"}, 20),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "20ms"}, 360),
        (
            {
                "x-ratelimit-remaining-requests": "4",
                "x-ratelimit-reset-requests": "6m0s",
                "x-ratelimit-reset-tokens": "2s",
            },
            2,
        ),
        ({"x-ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-reset": "never"}, None),
    ],
)
def test_waits_that_endpoints_ask_for(headers: dict[str, str], expected: float | None) -> None:
    assert wait_asked(headers) == expected


def test_waits_until_a_moment() -> None:
    assert wait_asked({"retry-after": formatdate(time.time() + 50, usegmt=True)}) == pytest.approx(50, abs=2)
    assert wait_asked({"x-ratelimit-reset": str(time.time() + 50)}) == pytest.approx(50, abs=2)
    assert wait_asked({"x-ratelimit-reset": str(int((time.time() + 50) * 1000))}) == pytest.approx(50, abs=2)
    assert wait_asked({}, {"error": {"details": [{"retryDelay": "13s"}]}}) == 13
    assert wait_asked({}, {"error": {"message": "Please try again in 1m2.5s."}}) == 62.5


def test_waits_grow_and_are_bounded() -> None:
    assert 0.3 < backoff(1, 0.5) < 0.7
    assert 1.4 < backoff(3, 0.5) < 2.6
    assert backoff(30, 0.5) <= 37.5


CASES = Path(__file__).parent / "context_overflow.json"


@pytest.mark.parametrize("case", json.loads(CASES.read_text())["cases"], ids=lambda case: case["id"])
async def test_overflow_is_recognised(case: dict[str, Any], provider: ProviderServer, make_client: Any) -> None:
    told = case["provider_error"]
    found = overflow(told, told.get("status", 0))
    assert (found is not None) == case["expect_overflow"]
    status = told.get("status", 400)
    provider.answer(document(told, status=status))
    heard = await ask(make_client(max_retries=0).get("openai/m"))
    assert isinstance(heard.error, ModelError)
    assert isinstance(heard.error, ContextTooLong) == case["expect_overflow"]
    if case.get("limit"):
        assert isinstance(heard.error, ContextTooLong)
        assert heard.error.limit == case["limit"]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("Rate limit reached: too many tokens per min (TPM): Limit 10000, Requested 12000", 400),
        ("max_tokens is too large: 5000. This model supports at most 4096 completion tokens", 400),
        ("You exceeded your current quota", 400),
        ("too many tokens", 429),
        ("maximum context length", 503),
    ],
)
def test_other_refusals_are_no_overflow(message: str, status: int) -> None:
    assert overflow({"error": {"message": message}}, status) is None


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("This model's maximum context length is 8,192 tokens", 8192),
        ("maximum prompt length is 131072 but the request contains 537812 tokens", 131072),
        ("prompt is too long: 213462 tokens > 200000 maximum", 200000),
        ("the maximum number of tokens allowed (1048575)", 1048575),
        ("model token limit: 131072 (requested: 140000)", 131072),
        ("no number here", None),
    ],
)
def test_the_limit_is_read_from_the_words(message: str, limit: int | None) -> None:
    assert limit_in(message) == limit


def test_estimates_differ_by_what_the_text_is() -> None:
    prose = "The quick brown fox jumps over the lazy dog and runs into the dark forest again. " * 60
    source = (
        "def load(self, path: Path) -> list[str]:\n    return [line.strip() for line in path.read_text()]\n" * 50
    )
    data = json.dumps([{"id": n, "value": n * 17, "ok": True} for n in range(200)])
    assert 3.8 <= len(prose) / rough_tokens(prose) <= 5.2
    assert 2.5 <= len(source) / rough_tokens(source) <= 4.5
    assert 1.9 <= len(data) / rough_tokens(data) <= 2.8
    assert 1.1 <= len("漢字仮名交じり文" * 100) / rough_tokens("漢字仮名交じり文" * 100) <= 1.5
    assert 1.3 <= 8000 / rough_tokens("QUJD" * 2000) <= 1.6
    assert 0.5 <= 4000 / rough_tokens("🙂я" * 2000) <= 2.5
    assert rough_tokens("") == 0


def test_rates_are_learned_kind_by_kind_and_stay_in_their_bounds() -> None:
    rates = Rates()
    for _ in range(50):
        rates = learned(rates, Size(words=100, wide=0), 130, trust=0.5)
        rates = learned(rates, Size(words=50, wide=100), 50 * 1.3 + 70, trust=0.5)
    assert rates.words == pytest.approx(1.3, rel=0.01)
    assert rates.wide == pytest.approx(0.7, rel=0.01)
    assert rates.numbers == rates.dense == 1.0
    for _ in range(50):
        rates = learned(rates, Size(words=10), 1_000_000, trust=1)
    assert rates.words == 2.5
    assert learned(rates, Size(words=10), 0, trust=1) == rates
