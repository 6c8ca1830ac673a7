"""A real llama-server with a model of random numbers: what it streams, the calls that its grammar makes, its overflow
and its cancelling, on both APIs. `.ci/llama-server.sh PREFIX` makes it; CASS_E2E names the PREFIX."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cass.config import Config
from cass.llm.client import LLMClient
from cass.ports import CompletionRequest
from support.outside import Place
from support.server import running

HOME = Path(os.environ.get("CASS_E2E", "/nonexistent")) / "llama"
WINDOW = 16_384
CALL_TOKEN = 266
"""The number of `<tool_call>` in the tiny model's vocabulary."""

pytestmark = pytest.mark.skipif(
    not (HOME / "llama-server").exists(),
    reason="no llama-server: run .ci/llama-server.sh PREFIX and set CASS_E2E=PREFIX",
)
wires = pytest.mark.parametrize("wire", ["chat", "responses"])


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Start a server with further flags, or find the one that was; its base URL."""
    started: dict[tuple[str, ...], str] = {}
    with ExitStack() as stack:

        def begin(*flags: str) -> str:
            if flags not in started:
                log = stack.enter_context((tmp_path_factory.mktemp("llama") / "log").open("wb"))
                started[flags] = stack.enter_context(Served(flags, log)).url
            return started[flags]

        yield begin


class Served:
    """A llama-server until the block ends."""

    def __init__(self, flags: tuple[str, ...], log: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}/v1"
        common = [
            "--alias",
            "tiny",
            "--host",
            "127.0.0.1",
            "--port",
            port,
            "-c",
            str(WINDOW),
            "-np",
            "1",
            "--seed",
            "1",
        ]
        command = [
            HOME / "llama-server",
            "-m",
            HOME / "tiny.gguf",
            *common,
            "--offline",
            "--no-webui",
            "--jinja",
            *flags,
        ]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def __enter__(self) -> Served:
        eventually(lambda: look(self.url, "health").get("status") == "ok", "llama-server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def look(url: str, path: str) -> Any:
    """A document of the server; empty while it does not answer."""
    try:
        with urllib.request.urlopen(f"{url.removesuffix('v1')}{path}", timeout=5) as answer:
            return json.load(answer)
    except OSError:
        return {}


def eventually(is_so: Callable[[], bool], problem: str, limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while not is_so():
        assert time.monotonic() < deadline, problem
        time.sleep(0.05)


def point(place: Place, url: str, wire: str, longest: int = 40) -> None:
    """From now on openai/tiny is that server."""
    place.environ |= {
        "OPENAI_BASE_URL": url,
        "OPENAI_API_KEY": "sk-not-needed",
        "CASS_MODEL": "openai/tiny",
        "CASS_LLM__MAX_OUTPUT": str(longest),
        "CASS_PROVIDERS": json.dumps({"openai": {"wire": wire}}),
    }


@wires
def test_an_answer_streams(place: Place, start: Callable[..., str], wire: str) -> None:
    point(place, start(), wire)
    done = place.run("-p", "hi", "--output-format", "stream-json")
    assert done.code in (0, 5), done.err  # nonsense may end by itself or at the limit
    updates = [line.get("update", {}) for line in done.lines]
    pieces = [u["content"]["text"] for u in updates if u.get("sessionUpdate") == "agent_message_chunk"]
    result = done.lines[-1]
    assert len(pieces) > 1
    assert "".join(pieces) == result["text"]
    assert result["usage"]["output"] > 0
    assert len(result["text"]) > 10


@wires
def test_calls_that_a_grammar_made_are_all_answered(place: Place, start: Callable[..., str], wire: str) -> None:
    point(place, start("--logit-bias", f"{CALL_TOKEN}+200"), wire)
    done = place.run("-p", "hi", "--output-format", "json", "--max-turns", "2")
    assert done.code == 5, done
    assert done.json["error"]["kind"] == "limit_reached"
    assert len(done.json["toolCalls"]) >= 2
    assert {call["status"] for call in done.json["toolCalls"]} <= {"completed", "failed"}


@wires
def test_a_message_longer_than_the_window_is_sent_as_far_as_it_fits(
    place: Place, start: Callable[..., str], wire: str
) -> None:
    point(place, start(), wire)
    done = place.run("-p", "hi " * 8000, "--output-format", "stream-json")
    assert done.code in (0, 5), done  # 5: what this model says goes on until its longest
    updates = [line.get("update", {}) for line in done.lines]
    shorter = [u for u in updates if u.get("sessionUpdate") == "compaction_update" and u["status"] == "completed"]
    assert shorter, "it was made shorter, and told"
    assert all(update["after"] < WINDOW for update in shorter[-1:])
    counted = [
        u["used"] for u in updates if u.get("sessionUpdate") == "usage_update" and u.get("estimated") is False
    ]
    assert counted, "the server counted the request"
    assert all(used <= WINDOW for used in counted)


def test_cancelling_frees_the_server(place: Place, start: Callable[..., str]) -> None:
    url = start()
    point(place, url, "chat", longest=4000)
    with running(place.state, cwd=place.project, **place.environ) as server:
        server.initialize()
        session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
        prompt = {"sessionId": session, "prompt": [{"type": "text", "text": "hi"}]}
        server.call("cass/session/prompt", prompt)
        server.update("agent_message_chunk")
        server.notify("cass/session/cancel", {"sessionId": session})
        assert server.update("state_update", state="idle")["stopReason"] == "cancelled"
        eventually(lambda: not any(slot["is_processing"] for slot in look(url, "slots")), "it goes on", 10)


def test_what_it_can_do_is_found_out(place: Place, start: Callable[..., str]) -> None:
    point(place, start(), "chat")
    assert f"openai/tiny  {WINDOW:,} tokens" in place.run("models").out
    probed = place.run("models", "openai/tiny", "--probe")
    assert probed.code == 0
    assert "answer: yes" in probed.out


@pytest.mark.parametrize(("model", "way"), [("fills.gguf", "infill"), ("tiny.gguf", "chat")])
def test_a_gap_in_a_text_is_filled(model: str, way: str, tmp_path: Path, start: Callable[..., str]) -> None:
    """A model with the tokens for it is asked for what stands in the gap, another one in a chat."""
    url = start("-m", str(HOME / model))
    request = CompletionRequest("def add(a, b):\n    ", "\n\nadd(1, 2)\n" * 20, "a.py", "python", 24, 60)

    async def fill() -> list[str]:
        client = LLMClient(Config(), tmp_path, {"OPENAI_BASE_URL": url})
        try:
            return [await client.get("openai/tiny").complete(request) for _ in range(3)]
        finally:
            await client.close()

    texts = asyncio.run(fill())
    assert any(texts), "nonsense of 24 tokens is hardly ever nothing"
    assert not any("fim_" in text or "CURSOR" in text for text in texts)
    learned = (tmp_path / "models.json").read_text() if (tmp_path / "models.json").exists() else ""
    assert ("infill" in learned) == (way == "infill")
