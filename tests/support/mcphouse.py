"""A house with MCP servers in its settings, and what the model read of their tools."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cass.protocol.events import ToolCallUpdate
from support.house import House, RecordingClient
from support.mcpserver import config

DONE = {"text": "done"}

PREFIX = Path(os.environ.get("CASS_E2E") or "/nowhere")
EVERYTHING = PREFIX / "mcp" / "node_modules" / ".bin" / "mcp-server-everything"


def real_server(home: Path, name: str = "it") -> None:
    """Settings with the server `everything`, which others made, and whose calls need no asking."""
    command = json.dumps(str(PREFIX / "nodepip" / "bin" / "node"))
    home.mkdir(exist_ok=True)
    lines = ["[permissions]", f'allow = ["mcp__{name}"]', f"[mcp.servers.{name}]"]
    lines += [f"command = {command}", f'args = [{json.dumps(str(EVERYTHING))}, "stdio"]']
    (home / "config.toml").write_text("\n".join(lines) + "\n")


def house_with(tmp_path: Path, more: str = "", **servers: list[str]) -> House:
    """A house whose user has these servers; `more` are lines of the table `mcp`."""
    house = House(tmp_path, PATH=os.environ["PATH"])
    house.home.mkdir(exist_ok=True)
    (house.home / "config.toml").write_text(config(servers, more))
    return house


def results(client: RecordingClient) -> list[str]:
    """What the model read of each call, in order."""
    ends = [e for e in client.of(ToolCallUpdate) if e.result]
    return ["".join(getattr(block, "text", "") for block in end.result) for end in ends]
