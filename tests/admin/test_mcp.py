"""`cass mcp`, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SERVER = """
import sys
from mcp.server import MCPServer

server = MCPServer("small")

@server.tool()
def double(number: int) -> int:
    "Doubles a number."
    return number * 2

print("a word of mine", file=sys.stderr)
server.run()
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `cass` in a project, with a home of its own."""
    (tmp_path / "project" / ".git").mkdir(parents=True)
    (tmp_path / "person").mkdir()
    (tmp_path / "server.py").write_text(SERVER)
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("CASS_", "OPENAI_", "OPENROUTER_"))}
    env = {**keep, "CASS_HOME": str(tmp_path / "home"), "HOME": str(tmp_path / "person"), "XDG_CONFIG_HOME": ""}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cass", "mcp", *arguments],
            cwd=tmp_path / "project",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=env,
        )

    return run


def test_a_server_is_added_listed_tried_and_removed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text("# mine\nmodel = 'a/b'\n")
    assert run("add", "small", "--", sys.executable, str(tmp_path / "server.py")).returncode == 0
    assert (
        run("add", "web", "https://x.example/mcp", "--header", "Authorization: Bearer ${T:-none}").returncode == 0
    )
    text = (tmp_path / "home" / "config.toml").read_text()
    assert text.startswith("# mine\nmodel = 'a/b'\n")
    rows = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert [(row["name"], row["origin"], row["mayAct"]) for row in rows] == [
        ("small", "user", True),
        ("web", "user", True),
    ]
    assert "none" not in json.dumps(rows)
    tried = run("test", "small", "--call", "double", "--input", '{"number": 21}')
    assert tried.returncode == 0, tried.stderr
    assert "double" in tried.stdout
    assert "42" in tried.stdout
    assert "a word of mine" in tried.stderr
    assert run("remove", "small").returncode == 0
    assert "small" not in run("list").stdout


def test_a_project_s_server_acts_once_it_is_trusted(run: Run, tmp_path: Path) -> None:
    added = run("add", "team", "--project", "--", sys.executable, str(tmp_path / "server.py"))
    assert "cass trust" in added.stdout
    file = tmp_path / "project" / ".mcp.json"
    assert json.loads(file.read_text())["mcpServers"]["team"]["command"] == sys.executable
    assert "not trusted" in run("list").stderr
    refused = run("test", "team")
    assert refused.returncode == 3
    assert "no MCP server 'team'" in refused.stderr
    assert run("remove", "team").returncode == 0
    assert json.loads(file.read_text()) == {"mcpServers": {}}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "bad/name", "--", "x"), "name that is not allowed"),
        (("add", "x", "ftp://x.example", "--transport", "http"), "needs a url"),
        (("add", "x", "--env", "NOVALUE", "--", "y"), "is not NAME=VALUE"),
        (("remove", "nothing"), "no server 'nothing'"),
        (("test", "nothing"), "no MCP server 'nothing'"),
        (("test", "nothing", "--input", "{"), "--input is no JSON"),
        (("login", "nothing"), "no MCP server 'nothing'"),
        (("import", "emacs"), "cannot read servers of 'emacs'"),
    ],
)
def test_what_is_wrong_is_said(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_cannot_start_says_why(run: Run) -> None:
    run("add", "gone", "--", "/nowhere/at/all")
    done = run("test", "gone")
    assert done.returncode == 1
    assert "/nowhere/at/all" in done.stderr


def test_the_servers_of_other_tools_are_taken_over(run: Run, tmp_path: Path) -> None:
    person = tmp_path / "person"
    (person / ".claude.json").write_text(
        json.dumps({"mcpServers": {"one": {"command": "c"}, "odd": {"type": "pigeon"}}, "projects": {}})
    )
    (person / ".codex").mkdir()
    (person / ".codex" / "config.toml").write_text('[mcp_servers.two]\ncommand = "d"\nargs = ["-x"]\n')
    (person / ".cursor").mkdir()
    (person / ".cursor" / "mcp.json").write_text(
        '{"mcpServers": {"one": {"command": "other"}, "three": {"url": "https://t"}}}'
    )
    dry = run("import", "--dry-run")
    assert "would add one of claude" in dry.stdout
    assert not (tmp_path / "home" / "config.toml").exists()
    done = run("import")
    assert "unknown type 'pigeon'" in done.stderr
    rows = {row["name"]: row for row in map(json.loads, run("list", "--json").stdout.splitlines())}
    assert set(rows) == {"one", "two", "three"}
    assert rows["one"]["command"] == "c"
    assert rows["two"]["args"] == ["-x"]
    assert "Nothing to add." in run("import").stdout
