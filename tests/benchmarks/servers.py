"""What MCP servers cost until they are used: 60 tools in tokens, and servers that never answer in time to the first request."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import gauge
from gauge import Bench, Row, median
from start import counted_tokens, hello, ms, text_of

SLOW, TOOLS = 6, 30
_SERVER = Path(__file__).parent.parent / "support" / "mcpserver.py"


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    bare = bench.folder / "no-servers"
    bare.mkdir()
    slow = _project(bench, "slow", {f"slow{n}": {"silent": True} for n in range(SLOW)})
    full = _project(bench, "full", {"one": {"many": TOOLS - 1}, "two": {"many": TOOLS - 1}})
    bench.provider.play(
        [{"tool": "find_tools", "arguments": {"query": "echo"}}, {"text": "Found."}]
    )  # from now on the servers are known
    gauge.finish(bench.cass("-p", "Look.", "--model", "openai/bench", cwd=full), time.monotonic())
    rounds = gauge.rounds(bench.count, lambda: (hello(bench, bare), hello(bench, slow), hello(bench, full)))
    without, never, known = ([one[n] for one in rounds] for n in range(3))
    floor = ms(h.first for h in without)
    for what, hellos in ((f"{SLOW} servers that never answer", never), (f"{2 * TOOLS} tools of servers", known)):
        first = ms(h.first for h in hellos)
        yield Row(f"spawn to the first request with {what}", first, "ms", floor, "without", 1.1, True)
        cpu = median(h.cpu for h in hellos) * 1e3
        yield Row(
            f"CPU to the first request with {what}", cpu, "ms", median(h.cpu for h in without) * 1e3, "without"
        )
    texts = [text_of(hellos[-1].body) for hellos in (known, without)]
    more = (len(texts[0]) - len(texts[1])) / 4
    yield Row(f"tokens that {2 * TOOLS} tools add, characters / 4", more, "tokens", target=700)
    counted = [counted_tokens(text) for text in texts]
    if counted[0] is not None and counted[1] is not None:
        yield Row(f"tokens that {2 * TOOLS} tools add, cl100k", counted[0] - counted[1], "tokens", target=700)


def _project(bench: Bench, name: str, servers: dict[str, dict[str, object]]) -> Path:
    """A trusted project that brings these servers."""
    folder = bench.folder / name
    folder.mkdir()
    entries = {
        name: {"command": sys.executable, "args": [str(_SERVER), json.dumps(spec)]}
        for name, spec in servers.items()
    }
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": entries}))
    words = [gauge.cass_command(), "trust", "yes"]
    subprocess.run(words, cwd=folder, env=bench.environ(), check=True, capture_output=True)
    return folder
