"""How long until cass works, what that costs, and what is sent first."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gauge
from gauge import Bench, Cost, Row, median

LIBRARIES = "import openai, pygls.lsp.server"
_CL100K = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
"""The name under which tiktoken keeps the encoding cl100k: the sha1 of its address."""

HELD = 0.3
"""Seconds that the first request is held while the processes are looked at: they are at rest then."""


@dataclass(frozen=True)
class Hello:
    """One run of `cass -p`: seconds to the first request, CPU until then, memory then, and all in all."""

    first: float
    cpu: float
    client_memory: float
    server_memory: float
    cost: Cost
    body: str


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    bare = gauge.rounds(bench.count, lambda: gauge.run([sys.executable, "-c", "pass"]))
    version = gauge.rounds(bench.count, lambda: gauge.run([gauge.cass_command(), "--version"]))
    libraries = gauge.rounds(bench.count, lambda: gauge.run([sys.executable, "-c", LIBRARIES]))
    hellos = gauge.rounds(bench.count, lambda: hello(bench))
    whole = gauge.rounds(bench.count, lambda: answer(bench))
    imports, bare_cpu = median(c.cpu for c in libraries), median(c.cpu for c in bare)
    yield Row("cass --version, CPU", ms(c.cpu for c in version), "ms", bare_cpu * 1e3, "bare interpreter", 3, True)
    yield Row(
        "cass --version, wall", ms(c.wall for c in version), "ms", ms(c.wall for c in bare), "bare interpreter"
    )
    name = "import openai, pygls"
    wall = ms(c.wall for c in libraries)
    yield Row("cass -p, CPU to the first request", ms(h.cpu for h in hellos), "ms", imports * 1e3, name, 1.4, True)
    yield Row("cass -p, CPU to the exit", ms(c.cpu for c in whole), "ms", imports * 1e3, name)
    yield Row("cass -p, spawn to the first request", ms(h.first for h in hellos), "ms", wall, name, 900)
    yield Row("cass -p, spawn to the exit", ms(c.wall for c in whole), "ms", wall, name)
    body = hellos[-1].body
    yield Row("first request, bytes", len(body.encode()), "B")
    yield Row("first request, characters / 4", len(text_of(body)) / 4, "tokens", target=3000)
    if (counted := counted_tokens(text_of(body))) is not None:
        yield Row("first request, cl100k", counted, "tokens", target=3000)
    yield Row("memory of the client (PSS)", median(h.client_memory for h in hellos), "MB")
    yield Row("memory of the server (PSS)", median(h.server_memory for h in hellos), "MB")
    both = median(h.client_memory + h.server_memory for h in hellos)
    yield Row("memory of both in a turn (PSS)", both, "MB", target=120)


def hello(bench: Bench, folder: Path | None = None) -> Hello:
    """Ask, and look at both processes while the provider lets them wait."""
    bench.provider.play([{"text": "Hello."}], keep=[0], hold=[0])
    began = time.monotonic()
    client = bench.cass("-p", "Say hello.", "--model", "openai/bench", cwd=folder)
    request = bench.provider.request(0)
    pids = gauge.family(client.pid)
    cpu = sum(gauge.cpu_of(pid) for pid in pids)
    time.sleep(HELD)
    memory = [gauge.memory(pid) for pid in pids]
    bench.provider.go_on()
    cost = gauge.finish(client, began)
    return Hello(request["came"] - began, cpu, memory[0], sum(memory[1:]), cost, request["body"])


def answer(bench: Bench) -> Cost:
    """The same, without looking."""
    bench.provider.play([{"text": "Hello."}])
    began = time.monotonic()
    return gauge.finish(bench.cass("-p", "Say hello.", "--model", "openai/bench"), began)


def text_of(body: str) -> str:
    """What of a request becomes tokens: the messages and the tools, as compact JSON."""
    request: dict[str, Any] = json.loads(body)
    kept = {"messages": request["messages"], "tools": request.get("tools", [])}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def counted_tokens(text: str) -> int | None:
    """By tiktoken, where it has an encoding file at hand; it is never let to download one."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", "")
    if not folder or not (Path(folder) / _CL100K).is_file():
        return None
    try:
        import tiktoken

        return len(tiktoken.get_encoding("cl100k_base").encode(text, disallowed_special=()))
    except Exception:
        return None


def ms(seconds: Iterable[float]) -> float:
    """The median, in milliseconds."""
    return median(seconds) * 1e3
