"""Forms and addresses of MCP servers in a real terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.mcphouse import EVERYTHING, real_server
from support.mcpserver import PLAIN, config, server
from support.terminal import Screen, call

Open = Callable[..., Screen]
Script = Callable[..., str]
TOOL = "trigger-elicitation-request"
NAMED = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def asks(home: Path, **params: object) -> None:
    """Settings with a server whose one tool asks this."""
    spec = server(
        tools=[{"name": TOOL, "inputSchema": PLAIN}],
        asks={TOOL: {"method": "elicitation/create", "params": params}},
    )
    rules = '[permissions]\nallow = ["mcp__it"]\n'
    (home / "config.toml").write_text(rules + config({"it": spec}))


def opened(terminal: Open, script: Script, told: str, **env: str) -> Screen:
    """In the middle of a call that asks; the model says "So be it." if it is told this then."""
    steps = {"tool_calls": [call(f"mcp__it__{TOOL}")]}, {"expect": told, "text": "So be it."}
    screen = terminal("--model", script(*steps), "go", env=env)
    screen.see("The MCP server it asks")
    return screen


@pytest.mark.skipif(not EVERYTHING.exists(), reason="no servers: .ci/mcp.sh PREFIX, then CASS_E2E=PREFIX")
def test_a_form_of_many_fields_of_a_real_server(terminal: Open, script: Script, home: Path) -> None:
    real_server(home)
    values = ('"integer": 7', '"number": 2.5', '"untitledSingleSelectEnum": "Ross"')
    screen = opened(terminal, script, ",\n    ".join(values))
    for label, *lines in (
        ("String:", "", "Ada"),
        ("String with default:", ""),
        ("email format:", "ada@example.org"),
        ("uri format:", ""),
        ("date format:", "1815-12-10"),
        ("Integer:", "many", "7"),
        ("Number in range", "2.5"),
        ("Untitled Single", "5"),
        ("Untitled Multiple", "Piano, Bass"),
        ("Titled Single", "Wonder Woman"),
        ("Titled Multiple", ""),
        ("Legacy Titled", "4"),
    ):
        screen.see(label)
        for line in lines:
            screen.see(label)
            screen.type(line + "\r")
        if label == "String:":
            screen.see("[y,n]")
            screen.type("y")
    screen.see("So be it.")


@pytest.mark.parametrize(("keys", "said"), [("\x03d", "decline"), ("\x03q", "cancel"), ("\x03\x03", "cancel")])
def test_a_form_is_refused(terminal: Open, script: Script, home: Path, keys: str, said: str) -> None:
    asks(home, message="Who?", requestedSchema=NAMED)
    screen = opened(terminal, script, f'{{"action": "{said}"')
    screen.see("name:")
    screen.type(keys[0])
    screen.see("[b,d,q]")
    screen.type(keys[1])
    screen.see("So be it.")


def test_an_address_is_shown_and_opened_by_nobody(
    terminal: Open, script: Script, home: Path, tmp_path: Path
) -> None:
    browser, opened_it = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f"#!/bin/sh\ntouch {opened_it}\n")
    browser.chmod(0o755)
    asks(home, mode="url", message="Sign in\x1b[2J", url="https://example.org/login?a=b", elicitationId="1")
    screen = opened(terminal, script, '{"action": "decline"', BROWSER=str(browser))
    screen.see("https://example.org/login?a=b", "I opened it", "A number")
    screen.type("2\r")
    screen.see("So be it.")
    assert "\x1b[2J" not in screen.raw.partition("The MCP server it asks")[2].partition("I opened")[0]
    assert not opened_it.exists()
