"""What cass adds to each step of a long turn, and whether that grows; search; floods of output."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gauge
from gauge import Bench, Row, median

LONG, SHORT = 300, 12
FLOOD = 5_000_000


@dataclass(frozen=True)
class Turn:
    """One turn: milliseconds of each step, bytes of each request, and the server's own memory at the requests that
    were held, then and at its peak until then."""

    steps: list[float]
    sizes: list[int]
    memory: list[float]
    peaks: list[float]


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    yield from _reading(bench)
    shell = turn(
        bench, [call("shell", command=f"echo step {n}") for n in range(SHORT if bench.quick else 60)], "step"
    )
    plain = median(gauge.run(["/bin/bash", "-c", "echo 1"]).wall for _ in range(3 if bench.quick else 20))
    yield Row("step with shell", median(shell.steps), "ms", plain * 1e3, "bash -c", 10)
    yield from _searching(bench)
    yield from _flooding(bench)


def _reading(bench: Bench) -> Iterable[Row]:
    count = SHORT if bench.quick else LONG
    calls = [call("read_file", path=f"m{n % 20}.py", offset=n % 50 + 1, limit=100) for n in range(count)]
    read = turn(bench, calls, "def f", hold=(10, count))
    floor = raw(bench, calls)
    for name, at in (("1", 1), ("50", 50), ("200", 200)):
        value, least = around(read.steps, at), around(floor, at)
        yield Row(f"step with read_file, at step {name}", value, "ms", least, "raw loop", 10)
    first, last = around(read.steps, 10), around(read.steps, count - 5)
    grown = (last - first) - (around(floor, count - 5) - around(floor, 10))
    yield Row(f"step, growth over {count} steps beyond the raw loop's", grown, "ms", target=2)
    yield Row(f"memory of the server, growth over {count} steps", read.memory[1] - read.memory[0], "MB", target=25)
    yield Row("size of the last request", read.sizes[-1] / 1e3, "kB")


def _searching(bench: Bench) -> Iterable[Row]:
    tree = Path(sysconfig.get_path("stdlib"))
    patterns = ["def __init__", "import asyncio", "raise ValueError", "class .*Error", "self._loop"]
    patterns = patterns[:2] if bench.quick else patterns * 2
    calls = [call("grep", pattern=pattern, glob="*.py", mode="files") for pattern in patterns]
    found = turn(bench, calls, ".py", cwd=tree)
    rg = str(Path(sys.executable).parent / "rg")
    flags = [rg, "--files-with-matches", "--hidden", "--no-require-git", "--sort=path", "--type=py"]
    plain = [gauge.run([*flags, pattern, "./"], tree).wall for pattern in patterns]
    yield Row("step with grep in the standard library", median(found.steps), "ms", median(plain) * 1e3, "rg")


def _flooding(bench: Bench) -> Iterable[Row]:
    lines = f"seq -f 'line %09.0f of a flood' 1 {FLOOD // 30}"
    flood = turn(bench, [call("shell", command=lines)], "left out")
    yield Row("5 MB of output: the next request", flood.sizes[1] / 4, "tokens")
    yield Row("5 MB of output: the whole run", sum(flood.sizes) / 4, "tokens", target=6000)
    plain = gauge.run(["/bin/bash", "-c", f"{lines} | cat"]).wall
    yield Row("5 MB of output: the step", median(flood.steps), "ms", plain * 1e3, "bash | cat")
    size = 5_000_000 if bench.quick else 100_000_000
    one_line = f"head -c {size} /dev/zero | tr '\\0' x"
    before = turn(bench, [call("shell", command="echo calm")], "calm", hold=(1,))
    after = turn(bench, [call("shell", command=one_line)], "left out", hold=(1,))
    plain = gauge.run(["/bin/bash", "-c", f"{one_line} | cat"]).wall
    yield Row("100 MB in one line: memory at its peak", after.peaks[0] - before.peaks[0], "MB", target=20)
    yield Row("100 MB in one line: the step", median(after.steps), "ms", plain * 1e3, "bash | cat")


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    """A reply that calls a tool."""
    return {"tool": tool, "arguments": arguments}


def turn(
    bench: Bench, calls: Sequence[dict[str, Any]], wanted: str, *, hold: Sequence[int] = (), cwd: Path | None = None
) -> Turn:
    """A turn with these calls and a last word, without questions. The server's memory is read at held requests.
    RuntimeError unless the last result holds the `wanted` words: calls that fail are fast."""
    bench.provider.play([*calls, {"text": "Done."}], hold=hold, keep=[len(calls)])
    began = time.monotonic()
    client = bench.cass("-p", "Work.", "--model", "openai/bench", "--approval", "auto", cwd=cwd)
    told: list[dict[str, Any]] = []
    memory: list[float] = []
    peaks: list[float] = []
    while not told or told[-1].get("sent") is None or told[-1]["number"] < len(calls):
        line = bench.provider.line(client)
        told.append(line)
        if "came" in line and line["number"] in hold:
            server = gauge.family(client.pid)[1]
            memory.append(gauge.memory(server, "Rss"))
            peaks.append(gauge.peak(server))
            bench.provider.go_on()
    gauge.finish(client, began)
    body = next(line["body"] for line in told if "body" in line)
    result = json.loads(body)["messages"][-1]["content"]
    if wanted not in result:
        raise RuntimeError(f"a call did not do its work: {result[:200]}")
    return Turn(_gaps(told), [line["bytes"] for line in told if "came" in line], memory, peaks)


def raw(bench: Bench, calls: Sequence[dict[str, Any]]) -> list[float]:
    """The same turn by a loop of the standard library: milliseconds of each step."""
    bench.provider.play([*calls, {"text": "Done."}])
    loop = str(Path(__file__).parent / "floors.py")
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, loop, bench.provider.url], cwd=bench.project)
    told = [bench.provider.line(process)]
    while told[-1].get("sent") is None or told[-1]["number"] < len(calls):
        told.append(bench.provider.line(process))
    gauge.finish(process, began)
    return _gaps(told)


def around(steps: Sequence[float], at: int) -> float:
    """The median of the five steps around one; the last ones, where there are not so many."""
    first = max(0, min(at - 3, len(steps) - 5))
    return median(steps[first : first + 5])


def _gaps(told: Sequence[dict[str, Any]]) -> list[float]:
    came = {line["number"]: line["came"] for line in told if "came" in line}
    sent = {line["number"]: line["sent"] for line in told if "sent" in line}
    return [(came[n + 1] - sent[n]) * 1e3 for n in sorted(sent) if n + 1 in came]
