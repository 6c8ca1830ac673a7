"""OpenAI's own tokenizer: used where its data is at hand, never fetched; and estimates held against it."""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cass.llm import encodings
from cass.llm.meter import Meter
from cass.llm.tokens import UNKNOWN, Rates, Size, size_of
from cass.ports import ModelRequest
from support.models import user
from support.provider import ProviderServer

FOLDER = Path(os.environ.get("CASS_E2E", "~/.cache/cass-e2e")).expanduser() / "encodings"

needs_data = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no encodings: run .ci/encodings.sh {FOLDER.parent}")


@pytest.mark.parametrize("model", ["gpt-5.1", "openai/gpt-4o-mini", "gpt-4", "o3"])
def test_nothing_is_used_that_is_not_there_whole(model: str, tmp_path: Path) -> None:
    assert encodings.at_hand(model, {"TIKTOKEN_CACHE_DIR": str(tmp_path)}) is None
    for name in ("fb374d419588a4632f3f557e76b4b70aebbca790", "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"):
        (tmp_path / name).write_text("not what is expected: tiktoken would fetch it anew")
    assert encodings.at_hand(model, {"TIKTOKEN_CACHE_DIR": str(tmp_path)}) is None
    assert encodings.at_hand(model, {"TIKTOKEN_CACHE_DIR": ""}) is None


@needs_data
def test_models_of_others_are_estimated() -> None:
    found = {"TIKTOKEN_CACHE_DIR": str(FOLDER)}
    assert encodings.at_hand("gpt-5.1", found) == "o200k_base"
    assert encodings.at_hand("gpt-4-turbo", found) == "cl100k_base"
    assert encodings.at_hand("qwen3:8b", found) is None


@needs_data
async def test_an_openai_model_is_counted_with_its_own_tokenizer(
    provider: ProviderServer, make_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
    words = "supercalifragilisticexpialidocious " * 300
    plain = make_client(environ={"OPENAI_API_KEY": "k"}).get("openai/gpt-5.1")
    before = plain.measure(ModelRequest("", [user(words)]))
    await plain.prepare()
    await plain.loaded()
    count = encodings.load("o200k_base")
    assert plain.measure(ModelRequest("", [user(words)])) == pytest.approx(count(words), abs=8)
    assert before != plain.measure(ModelRequest("", [user(words)]))


def _texts(kind: str) -> Callable[[random.Random], str]:
    source = Path(encodings.__file__).read_text() + Path(__file__).read_text()
    chinese = "这是一个关于编程助手的说明文档。它可以读取文件、修改代码并运行测试，用户可以查看每一个修改，然后决定接受或者拒绝。"

    def code(rng: random.Random) -> str:
        at = rng.randrange(len(source) - 3_000)
        return source[at : at + rng.randrange(1_000, 3_000)]

    def data(rng: random.Random) -> str:
        rows = [
            {"id": rng.randrange(10**6), "name": f"item {n}", "price": rng.random(), "ok": True} for n in range(40)
        ]
        return json.dumps(rows, indent=rng.choice([None, 2]))

    def words(rng: random.Random) -> str:
        cut = rng.randrange(len(chinese))
        return (chinese[cut:] + chinese[:cut]) * rng.randrange(5, 30)

    def dense(rng: random.Random) -> str:
        return base64.b64encode(rng.randbytes(rng.randrange(500, 3_000))).decode()

    def signs(rng: random.Random) -> str:
        return "".join(rng.choices("😀🎉🚀🔥👍🏽✨🙈🌍", k=rng.randrange(300, 900)))

    return {"code": code, "json": data, "chinese": words, "base64": dense, "emoji": signs}[kind]


@needs_data
@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
@pytest.mark.parametrize("kind", ["code", "json", "chinese", "base64", "emoji"])
def test_after_three_requests_estimates_are_within_five_percent_of_a_real_tokenizer(
    kind: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
    count, make, rng = encodings.load(encoding), _texts(kind), random.Random(7)
    rates: list[Rates] = [UNKNOWN]
    meter = Meter(lambda: rates[-1], rates.append)
    texts: list[str] = []
    off: list[float] = []
    for number in range(10):
        texts.append(make(rng))
        request = ModelRequest("", [user(text) for text in texts], cache_key="s")
        size = sum(map(size_of, texts), Size())
        counted = 900 + sum(map(count, texts))
        if number >= 3:
            off.append(abs(meter.expect(request, size) / counted - 1))
        meter.weigh(request, size, counted)
    assert max(off) < 0.05
