"""kill -9 of cass while servers run, one of which ignores that it should end: seconds later nothing of them is left."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from support.mcpserver import PLAIN, config, server
from support.server import LIMIT, running


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_no_server_outlives_a_killed_cass(tmp_path: Path) -> None:
    home, project, pids = tmp_path / "home", tmp_path / "project", tmp_path / "pids"
    home.mkdir()
    project.mkdir()
    hang = {"name": "hang", "inputSchema": PLAIN}
    spec = server(tools=[hang], stubborn=str(pids), heard=str(tmp_path / "heard"))
    (home / "config.toml").write_text(config({"one": spec}))
    script = tmp_path / "script.json"
    step = {"tool_calls": [{"name": "mcp__one__hang", "arguments": {}}]}
    script.write_text(json.dumps({"steps": [step, {"text": "done"}]}))
    with running(home) as cass:
        cass.initialize()
        options = {"model": f"scripted/{script}"}
        asked = {"cwd": str(project), "configOptions": options, "rules": {"allow": ["mcp__one"]}}
        session = cass.call("cass/session/new", asked)["sessionId"]
        content = [{"type": "text", "text": "go"}]
        cass.request("cass/session/prompt", {"sessionId": session, "prompt": content})
        end = time.monotonic() + LIMIT
        heard = tmp_path / "heard"
        while time.monotonic() < end and not (heard.exists() and "tools/call" in heard.read_text()):
            time.sleep(0.05)
        found = [int(pid) for pid in pids.read_text().split()]
        assert all(map(alive, found))
        os.kill(cass.process.pid, signal.SIGKILL)
        end = time.monotonic() + 5
        while time.monotonic() < end and any(map(alive, found)):
            time.sleep(0.05)
        assert not any(map(alive, found))
