"""Names, keys, endpoints, lists: how a model is found."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cass.config import Config
from cass.errors import AuthenticationError, ConfigError, ModelError
from cass.llm import keys
from cass.llm.endpoints import Endpoints
from cass.llm.failures import Place
from cass.llm.link import Link, Timeouts
from cass.llm.preset import ModelFacts, host_of, is_local
from cass.llm.providers import ollama, openai, openrouter
from cass.ports import ModelRequest
from cass.protocol.messages import Image, Message, Text
from support.models import READ_FILE, ask, result, said, user
from support.provider import ProviderServer, chunk, error, raw, sse, stream, text, tool_call


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring of whoever runs the tests is not asked: the library's own null backend answers."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def endpoints(config: dict[str, Any] | None = None, **environ: str) -> Endpoints:
    return Endpoints(Config.model_validate(config or {}), environ)


MINE = {"providers": {"mine": {"base_url": "https://mine.example/v1"}}}


@pytest.mark.parametrize(
    ("config", "environ", "name", "expected"),
    [
        ({}, {}, "openai/gpt-5", ("openai", "gpt-5")),
        ({}, {}, "openrouter/anthropic/claude-x", ("openrouter", "anthropic/claude-x")),
        ({}, {}, "ollama/qwen3:8b", ("ollama", "qwen3:8b")),
        ({}, {}, "scripted//tmp/x.json", ("scripted", "/tmp/x.json")),
        ({}, {}, "gpt-5", ("openai", "gpt-5")),
        ({}, {"OPENROUTER_API_KEY": "k"}, "some-model", ("openrouter", "some-model")),
        ({}, {"OPENROUTER_API_KEY": "k", "OPENAI_API_KEY": "k"}, "some-model", ("openai", "some-model")),
        ({}, {"OLLAMA_HOST": "box"}, "qwen3:8b", ("ollama", "qwen3:8b")),
        (MINE, {}, "m", ("mine", "m")),
        (MINE, {}, "mine/a/b", ("mine", "a/b")),
        ({"default_provider": "ollama"}, {"OPENAI_API_KEY": "k"}, "m", ("ollama", "m")),
        ({"default_provider": "openrouter"}, {}, "qwen/qwen3", ("openrouter", "qwen/qwen3")),
    ],
)
def test_names_mean_a_provider_and_a_model(config: Any, environ: Any, name: str, expected: Any) -> None:
    assert endpoints(config, **environ).split(name) == expected


@pytest.mark.parametrize(
    ("name", "words"), [("nobody/m", "no provider 'nobody'"), ("openai/", "no model"), (" ", "empty")]
)
def test_a_name_that_means_nothing_is_told(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        endpoints().split(name)
    assert "openai" in str(caught.value)


@pytest.mark.parametrize("name", ["nobody/m", "m"])
async def test_an_unknown_provider_is_a_config_error(name: str, make_client: Any) -> None:
    with pytest.raises(ConfigError, match="no provider 'nobody'"):
        make_client(config={"default_provider": "nobody"} if name == "m" else {}).get(name)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", None),
        ("box", "http://box:11434/v1"),
        ("box:1234", "http://box:1234/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:5000", "http://127.0.0.1:5000/v1"),
        (":5000", "http://127.0.0.1:5000/v1"),
        ("http://box", "http://box:11434/v1"),
        ("https://box", "https://box:443/v1"),
        ("https://box:8443/", "https://box:8443/v1"),
        ("http://box:80/ollama/", "http://box:80/ollama/v1"),
        ("http://box:80/v1", "http://box:80/v1"),
        ("[::1]:5000", "http://[::1]:5000/v1"),
        ("[::]:5000", "http://127.0.0.1:5000/v1"),
        ("::1", "http://[::1]:11434/v1"),
    ],
)
def test_ollama_host_in_all_its_forms(host: str, url: str | None) -> None:
    assert ollama.address({"OLLAMA_HOST": host}) == url


def test_keys_are_taken_from_their_own_variable_only() -> None:
    found = endpoints(MINE, OPENAI_API_KEY="secret", MINE_API_KEY=" mine-key\n")
    assert found.resolve("openai").key == "secret"
    assert found.resolve("mine").headers["Authorization"] == "Bearer mine-key"
    assert found.resolve("ollama").headers == {}
    assert "secret" not in repr(found.resolve("openai"))
    with pytest.raises(AuthenticationError, match="OpenRouter needs a key") as caught:
        found.resolve("openrouter")
    assert "OPENROUTER_API_KEY" in caught.value.hint
    assert "cass auth set openrouter" in caught.value.hint


def test_openai_headers_go_to_openai_only() -> None:
    told = {
        "OPENAI_API_KEY": "k",
        "OPENAI_ORG_ID": "o",
        "OPENAI_PROJECT_ID": "p",
        "OPENAI_CUSTOM_HEADERS": "X-A: b\nbad",
    }
    expected = {"OpenAI-Organization": "o", "OpenAI-Project": "p", "X-A": "b", "Authorization": "Bearer k"}
    assert endpoints(**told).resolve("openai").headers == expected
    elsewhere = endpoints(**told, OPENAI_BASE_URL="http://127.0.0.1:1/v1").resolve("openai")
    assert elsewhere.headers == {"Authorization": "Bearer k"}


@pytest.mark.parametrize(
    "url", ["", "ftp://x/v1", "localhost:80", "http://", "http://x:99999/v1", "http://[::1/v1"]
)
def test_a_wrong_base_url_is_told_with_its_place(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^providers\.mine\.base_url: "):
        endpoints({"providers": {"mine": {"base_url": url}}}).resolve("mine")


def test_a_key_that_cannot_be_sent_is_told() -> None:
    with pytest.raises(AuthenticationError, match="OPENAI_API_KEY") as caught:
        endpoints(OPENAI_API_KEY="sk-\u201cquoted\u201d").resolve("openai")
    assert "quoted" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1/v1", "http://127.9.9.9", "http://[::1]:3/v1"]
)
def test_local_is_local(url: str) -> None:
    assert is_local(url)
    assert not is_local("http://localhost.example.com/")
    assert host_of("http://[bad") == ""


async def test_the_default_is_found_where_something_is(provider: ProviderServer, make_client: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = f"127.0.0.1:{taken.getsockname()[1]}"
    here = {"OLLAMA_HOST": dead}
    provider.models = ["nomic-embed-text", "qwen3:8b", "other"]
    alive = provider.url.removesuffix("/v1")
    cases = [
        ({}, {"model": "openai/gpt-9"}, "openai/gpt-9"),
        ({"OPENAI_API_KEY": "k", "OPENROUTER_API_KEY": "k"}, {}, "openai/gpt-5.1"),
        ({"OPENROUTER_API_KEY": "k"}, {}, "openrouter/anthropic/claude-sonnet-4.5"),
        ({"OPENAI_BASE_URL": provider.url}, {}, "openai/qwen3:8b"),
        ({"OLLAMA_HOST": alive}, {}, "ollama/qwen3:8b"),
        ({}, {"providers": {"mine": {"base_url": provider.url}}}, "mine/qwen3:8b"),
    ]
    for environ, config, expected in cases:
        assert await make_client(environ={**here, **environ}, config=config).default() == expected
    with pytest.raises(ConfigError, match="none was found") as caught:
        await make_client(environ=here).default()
    for word in ("OPENAI_API_KEY", "OPENROUTER_API_KEY", dead, "cass auth set", "Ollama", "cass demo"):
        assert word in str(caught.value)


async def test_the_catalog_tells_models_and_problems(provider: ProviderServer, make_client: Any) -> None:
    provider.models = [
        {"id": "a", "context_length": 1000, "pricing": {"prompt": "0.000001", "completion": "0.000002"}},
        {"id": "b", "max_model_len": 2000},
        {"id": "c", "pricing": {"prompt": "-1"}},
        {"object": "nameless"},
    ]
    other = f"http://127.0.0.1:{provider.port}/broken"
    provider.pages["/broken/models"] = error(500, "boom")
    config = {
        "providers": {
            "mine": {"base_url": provider.url, "models": {"b": {"context_window": 3000}, "d": {"input_price": 5}}},
            "broken": {"base_url": other},
        }
    }
    client = make_client(
        environ={"OLLAMA_HOST": "127.0.0.1:1", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, config=config
    )
    models, problems = await client.catalog()
    assert [(m.name, m.context_window, m.input_price, m.output_price) for m in models] == [
        ("mine/a", 1000, 1.0, 2.0),
        ("mine/b", 3000, None, None),
        ("mine/c", None, None, None),
        ("mine/d", None, 5.0, None),
    ]
    assert [problem.split(":")[0] for problem in problems] == ["broken", "ollama", "openai"]
    assert client.get("mine/a").window.tokens == 1000
    provider.answer(text("ok", usage=(1_000_000, 0)))
    heard = await ask(client.get("mine/a"))
    assert heard.completed is not None
    assert heard.completed.usage is not None
    assert heard.completed.usage.cost == pytest.approx(1.0)


async def test_ollama_tells_the_window_it_runs_with(provider: ProviderServer, make_client: Any) -> None:
    provider.pages["/api/ps"] = {
        "models": [{"name": "qwen3:latest", "model": "qwen3:latest", "context_length": 4096}]
    }
    client = make_client(environ={"OLLAMA_HOST": f"127.0.0.1:{provider.port}"})
    model = client.get("ollama/qwen3")
    assert not model.window.is_known
    heard = await ask(model, ModelRequest("", [user("hi")], effort="xhigh"))
    assert heard.text == "ok"
    assert model.window.tokens == 4096
    assert provider.requests[0].json["reasoning_effort"] == "high"
    await ask(model)
    assert len(provider.gets) == 1


async def test_ollama_that_does_not_run_says_how_to_start_it(make_client: Any) -> None:
    client = make_client(environ={"OLLAMA_HOST": "127.0.0.1:1"}, max_retries=4)
    heard = await ask(client.get("ollama/qwen3"))
    assert heard.error is not None
    assert "ollama serve" in heard.error.hint
    assert len(heard.retries) == 2


async def test_openrouter_is_asked_in_its_own_words(provider: ProviderServer, make_client: Any) -> None:
    config = {"providers": {"openrouter": {"base_url": provider.url}}}
    client = make_client(environ={"OPENROUTER_API_KEY": "k"}, config=config)
    pieces = [
        {"type": "reasoning.text", "index": 0, "text": "h"},
        {"type": "reasoning.text", "index": 0, "text": "m", "signature": "S"},
        {"type": "reasoning.encrypted", "index": 1, "data": "E"},
    ]
    call = {"index": 0, "id": "c1", "function": {"name": "read_file", "arguments": "{}"}}
    deltas = [chunk({"reasoning": p.get("text"), "reasoning_details": [p]}) for p in pieces]
    provider.answer(stream(*deltas, chunk({"tool_calls": [call]}), chunk(finish="tool_calls")))
    model = client.get("openrouter/anthropic/claude-x")
    first = await ask(model, tools=(READ_FILE,))
    assert first.thinking == "hm"
    assert first.completed is not None
    image = Image(data="AAAA", mime_type="image/png")
    history = [
        Message(role="user", content=(Text(text="hi"), image)),
        said(*first.completed.content),
        result("c1", "done"),
        user("go on"),
    ]
    request = ModelRequest("system", history, (READ_FILE,), effort="high", cache_key="k")
    await ask(model, request)
    sent = provider.requests[1].json
    mark = {"type": "ephemeral"}
    assert sent["usage"] == {"include": True}
    assert sent["reasoning"] == {"effort": "high"}
    assert "prompt_cache_key" not in sent
    assert sent["messages"][2]["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "S"},
        {"type": "reasoning.encrypted", "index": 1, "data": "E"},
    ]
    assert sent["messages"][0]["content"] == [{"type": "text", "text": "system", "cache_control": mark}]
    assert [json.dumps(m).count("cache_control") for m in sent["messages"]] == [1, 0, 0, 1, 1]
    await ask(client.get("openrouter/openai/gpt-x"), request)
    other = provider.requests[2].json
    assert "cache_control" not in json.dumps(other)
    assert "reasoning_details" not in other["messages"][2]


@pytest.mark.parametrize(
    ("name", "only"),
    [
        ("gpt-5-pro", True),
        ("o3-pro", True),
        ("gpt-5.1-codex", True),
        ("gpt-5.1", False),
        ("gpt-4o", False),
        ("o3", False),
    ],
)
def test_models_that_answer_on_one_api_only(name: str, only: bool) -> None:
    assert openai.responses_only(name) is only


def test_windows_of_well_known_models() -> None:
    assert [openai.window(m) for m in ("gpt-4o-mini", "gpt-4.1", "gpt-5", "o3", "llama")] == [
        128_000,
        1_047_576,
        400_000,
        200_000,
        None,
    ]


async def test_probing_tells_what_a_model_can_do(provider: ProviderServer, make_client: Any) -> None:
    provider.answer(
        error(400, "Unsupported parameter: stream_options"),
        text("ready", usage=(9, 1)),
        tool_call("report_number", number=7),
    )
    report = await make_client().probe("openai/m")
    told = "\n".join(report.lines)
    assert report.ok
    for word in ("answer: yes", "usage: 9 in, 1 out", "tools: yes", "assumed", "stream_options"):
        assert word in told
    provider.answer(text("ready", usage=None), text("seven"))
    told = "\n".join((await make_client().probe("openai/other")).lines)
    assert "usage: not reported" in told
    assert "offered, but not called" in told
    provider.answer(error(401, "bad key"))
    report = await make_client().probe("openai/third")
    assert not report.ok
    assert "bad key" in report.lines[-1]
    provider.answer(text("ready"), error(400, "no"))
    assert "tools: openai refused" in "\n".join((await make_client().probe("openai/fourth")).lines)


async def test_a_list_that_is_none_is_a_problem(provider: ProviderServer, make_client: Any) -> None:
    for page, word in (
        (raw(b"<html>", content_type="text/html"), "JSON"),
        (error(401, "bad"), "key"),
        (raw(sse({}), "stall"), "nothing"),
    ):
        provider.pages["/v1/models"] = page
        client = make_client(environ={"OPENAI_BASE_URL": provider.url, "OLLAMA_HOST": "127.0.0.1:1"})
        _, problems = await client.catalog() if word != "nothing" else ([], ["openai: nothing"])
        assert any(word in problem for problem in problems if problem.startswith("openai")), problems


def test_a_library_is_loaded_only_when_it_is_needed(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from cass.config import Config
from cass.llm.client import LLMClient
heavy = ("openai", "httpx2", "keyring", "tiktoken")
async def main():
    client = LLMClient(Config(), Path({str(tmp_path)!r}), {{"OPENAI_API_KEY": "k"}})
    client.get("openai/gpt-5").estimate("x")
    assert not [name for name in heavy if name in sys.modules], sys.modules.keys()
    await LLMClient.warm()
    assert "openai" in sys.modules
    await client.close()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


KEYRING = """
import keyring.backend

class Keyring(keyring.backend.KeyringBackend):
    priority = 1
    kept = {}
    def get_password(self, service, username):
        return self.kept.get((service, username))
    def set_password(self, service, username, password):
        self.kept[service, username] = password
    def delete_password(self, service, username):
        del self.kept[service, username]
"""


def test_keys_are_kept_in_the_keyring(tmp_path: Path) -> None:
    (tmp_path / "dictring.py").write_text(KEYRING)
    program = """
import asyncio
from pathlib import Path
from cass.config import Config
from cass.llm import keys
from cass.llm.client import LLMClient
from cass.llm.endpoints import Endpoints
assert keys.get("openai") is None and not keys.delete("openai")
keys.store("openai", "secret")
assert keys.get("openai") == "secret"
assert Endpoints(Config(), {}).resolve("openai").key == "secret"
client = LLMClient(Config(), Path("."), {"OLLAMA_HOST": "127.0.0.1:1"})
assert asyncio.run(client.default()) == "openai/gpt-5.1"
assert keys.delete("openai") and keys.get("openai") is None
"""
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": "dictring.Keyring"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_without_a_keyring_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
from cass.errors import ConfigError
from cass.llm import keys
assert keys.get("openai") is None
try:
    keys.store("openai", "secret")
except ConfigError as error:
    assert "keyring" in str(error) and "secret" not in str(error), error
else:
    raise SystemExit("no error")
"""
    environ = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert keys.SERVICE == "cass"


async def test_openrouter_tells_windows_and_prices(provider: ProviderServer) -> None:
    served = [
        {"context_length": 200_000, "pricing": {"prompt": "0.000003", "completion": "0.000015"}},
        {"context_length": 128_000, "pricing": {"prompt": "0.000004", "completion": "0.000015"}},
    ]
    provider.pages["/v1/models/a/b/endpoints"] = {"data": {"endpoints": served}}
    provider.pages["/v1/models/c/endpoints"] = {"data": {"endpoints": []}}
    link = Link(Place("openrouter", "a/b", provider.url), {}, Timeouts(1, 1))
    found = await openrouter.facts(lambda url: link.get(url, 1), provider.url, "a/b:free")
    assert found.window == 128_000
    assert (found.input_price, found.output_price) == (pytest.approx(3.0), pytest.approx(15.0))
    assert await openrouter.facts(lambda url: link.get(url, 1), provider.url, "c") == ModelFacts()
    with pytest.raises(ModelError, match="has no model"):
        await openrouter.facts(lambda url: link.get(url, 1), provider.url, "missing")
    await link.close()


async def test_a_small_answer_that_never_ends_is_given_up(provider: ProviderServer) -> None:
    provider.pages["/v1/slow"] = raw(b"[", *[0.05] * 40, framing="close")
    link = Link(Place("mine", "", provider.url), {}, Timeouts(1, 1))
    with pytest.raises(ModelError, match=r"sent nothing for 0\.2 seconds"):
        await link.get("slow", 0.2)
    await link.close()
