"""Which MCP servers there are, and what is said about wrong ones."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cass.config import McpServerConfig
from cass.mcp import files, trusted
from cass.trust import FolderTrust, TrustStore


def _places(tmp_path: Path, *, allows: bool = True, environ: Mapping[str, str] | None = None) -> files.Places:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True, exist_ok=True)
    (project / ".cass").mkdir(exist_ok=True)
    return files.Places(project, tmp_path / "home", lambda _: allows, {}, environ or {}, ("OPENAI_API_KEY",))


def _put(places: files.Places, name: str, servers: object) -> Path:
    path = places.cwd / name
    path.write_text(json.dumps({"mcpServers": servers}, indent=1))
    return path


def test_the_nearer_definition_counts_whole(tmp_path: Path) -> None:
    places = _places(tmp_path)
    _put(places, ".mcp.json", {"a": {"command": "from-mcp-json"}, "b": {"command": "b", "args": ["1"]}})
    _put(places, ".cass/mcp.json", {"a": {"command": "from-cass"}})
    own = {"b": McpServerConfig(command="own"), "c": McpServerConfig(url="https://c.example/mcp")}
    found = files.definitions(own, places, {"c": McpServerConfig(command="editor's")})
    told = {name: (one.origin, one.config.command) for name, one in found.found.items()}
    assert told == {"a": ("project", "from-cass"), "b": ("project", "b"), "c": ("editor", "editor's")}
    assert found.problems == ()


def test_what_other_tools_write_is_understood(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "servers": {
                "web": {"type": "streamable-http", "url": "https://x.example", "timeout": 30_000, "gallery": True},
                "old": {"type": "sse", "serverUrl": "https://y.example/sse", "disabled": True},
                "here": {"type": "stdio", "command": "c", "env": {"PORT": 3}, "alwaysAllow": ["x"]},
            }
        }
    )
    read = {name: files.server(entry) for name, entry in files.read(text).items()}
    assert (read["web"].transport, read["web"].timeout) == ("http", 30)
    assert (read["old"].transport, read["old"].url, read["old"].enabled) == ("sse", "https://y.example/sse", False)
    assert read["here"].env == {"PORT": "3"}


def test_variables_are_read_and_a_key_of_cass_is_given_to_nobody(tmp_path: Path) -> None:
    places = _places(tmp_path, environ={"TOKEN": "a-long-secret", "OPENAI_API_KEY": "sk-none-of-yours"})
    _put(
        places,
        ".mcp.json",
        {
            "good": {"url": "https://x.example/${PART:-v1}", "headers": {"Authorization": "Bearer ${TOKEN}"}},
            "greedy": {"command": "x", "env": {"K": "${OPENAI_API_KEY}"}},
            "lacking": {"command": "${NOT_THERE}"},
            "here": {"command": "${CLAUDE_PROJECT_DIR:-.}/run", "args": ["${env:TOKEN}"]},
        },
    )
    found = files.definitions({}, places)
    assert set(found.found) == {"good", "here"}
    good, here = found.found["good"], found.found["here"]
    assert good.config.url == "https://x.example/v1"
    assert good.config.headers == {"Authorization": "Bearer a-long-secret"}
    assert "a-long-secret" in good.secrets
    assert (here.config.command, here.config.args) == (f"{places.cwd}/run", ("a-long-secret",))
    assert "OPENAI_API_KEY" in found.problems[0]
    assert ".mcp.json:9" in found.problems[0]
    assert "NOT_THERE:-default" in found.problems[1]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "needs a command, which is run, or a url"),
        ({"command": "x", "url": "https://x.example"}, "not both"),
        ({"url": "ftp://x.example"}, "does not begin with http"),
        ({"url": "https://x", "type": "websocket"}, "unknown type 'websocket'"),
        ({"url": "https://x.example", "type": "stdio"}, "needs a command"),
        ({"command": "x", "type": "sse"}, "needs a url"),
        ({"command": ["x"]}, "wrong at command"),
        ({"command": "x", "timeout": 0}, "wrong at timeout"),
        ("x", "is no object"),
    ],
)
def test_a_wrong_server_is_left_out_alone_and_named(tmp_path: Path, entry: object, said: str) -> None:
    places = _places(tmp_path)
    path = _put(places, ".mcp.json", {"bad": entry, "good": {"command": "x"}})
    found = files.definitions({}, places)
    assert list(found.found) == ["good"]
    assert said in found.problems[0]
    assert found.problems[0].startswith(f"{path}:")
    assert "'bad'" in found.problems[0]


@pytest.mark.parametrize("text", ["{", "[]", '{"mcpServers": []}', "\xff", "[" * 5_000, ""])
def test_a_broken_file_is_named_and_the_others_count(tmp_path: Path, text: str) -> None:
    places = _places(tmp_path)
    (places.cwd / ".mcp.json").write_text(text, "latin-1")
    _put(places, ".cass/mcp.json", {"good": {"command": "x"}})
    found = files.definitions({}, places)
    assert list(found.found) == ["good"]
    assert ".mcp.json: " in found.problems[0]


def test_a_pipe_in_the_file_s_place_holds_up_nobody(tmp_path: Path) -> None:
    places = _places(tmp_path)
    os.mkfifo(places.cwd / ".mcp.json")
    assert files.definitions({}, places).found == {}


def test_a_folder_without_trust_brings_no_server(tmp_path: Path) -> None:
    places = _places(tmp_path, allows=False)
    _put(places, ".mcp.json", {"a": {"command": "x"}})
    settings = str(places.cwd / ".cass" / "config.toml")
    places = files.Places(places.cwd, places.home, places.allows, {"mcp.servers.s": settings}, {})
    found = files.definitions({"s": McpServerConfig(command="y")}, places)
    assert found.found == {}
    assert "/trust" in found.problems[0]


def test_the_same_server_has_the_same_key(tmp_path: Path) -> None:
    def key(config: McpServerConfig) -> str:
        return files.Definition("a", config, "user", "somewhere").key

    assert key(McpServerConfig(command="x", timeout=3)) == key(McpServerConfig(command="x"))
    assert key(McpServerConfig(command="x", args=("y",))) != key(McpServerConfig(command="x"))


@pytest.mark.parametrize("brings", [".mcp.json", ".cass/config.toml"])
def test_a_program_of_the_project_that_changed_does_not_run(tmp_path: Path, brings: str) -> None:
    places = _places(tmp_path)
    program = places.cwd / "tools" / "server.js"
    program.parent.mkdir()
    program.write_text("serve()")
    _put(places, ".mcp.json", {"a": {"command": "node", "args": ["./tools/server.js"]}})
    text = '[mcp.servers.a]\ncommand = "node"\nargs = ["tools/server.js"]\n'
    if brings != ".mcp.json":
        (places.cwd / ".mcp.json").unlink()
        (places.cwd / brings).write_text(text)
    trust = FolderTrust(TrustStore(tmp_path / "trust", lambda: str), places.cwd, (), places.home, "ask")
    config = McpServerConfig(command="node", args=("tools/server.js",))
    one = files.Definition("a", config, "project", "there", places.cwd / brings)
    assert not trusted.may_run(one, trust.allows, places.cwd, places.home)
    trust.decide("trust", trust.look().digest)
    assert trusted.may_run(one, trust.allows, places.cwd, places.home)
    program.write_text("serve!!")
    assert not trusted.may_run(one, trust.allows, places.cwd, places.home)
    assert trust.look().state == "changed"
