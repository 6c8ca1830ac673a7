"""Rulers: processes with their time and memory, the provider's process, and the rows of the table."""

from __future__ import annotations

import json
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 120.0
"""Seconds to wait for anything: only a hang reaches it."""


@dataclass(frozen=True)
class Row:
    """One line of the table. `floor` is what the same costs without cass, measured in the same run; `target` is the
    most that is good, or the least where `more_is_better`."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_name: str = ""
    target: float | None = None
    target_is_ratio: bool = False
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """The value in floors."""
        return self.value / self.floor if self.floor else None

    @property
    def good(self) -> bool | None:
        """Whether the target is met; None without one."""
        measured = self.ratio if self.target_is_ratio else self.value
        if self.target is None or measured is None:
            return None
        return measured >= self.target if self.more_is_better else measured <= self.target


@dataclass(frozen=True)
class Cost:
    """What a process and all that it waited for took: seconds, and MB at its peak."""

    cpu: float
    wall: float
    peak: float


def median(values: Iterable[float]) -> float:
    """The middle one; nan of nothing."""
    found = list(values)
    return statistics.median(found) if found else float("nan")


def rounds(count: int, measure: Callable[[], Any]) -> list[Any]:
    """Several rounds after one that does not count."""
    if count > 1:
        measure()
    return [measure() for _ in range(count)]


def run(command: Sequence[str], cwd: Path | None = None) -> Cost:
    """Run to the end and weigh."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd)
    return finish(process, began)


def finish(process: subprocess.Popen[Any], began: float) -> Cost:
    """Wait for the end and weigh. RuntimeError when it failed: that is not worth measuring."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024)


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a running process has taken, all its threads together."""
    return time.clock_gettime((~pid << 3) | 2)  # how Linux names the clock of another process


def family(pid: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found


def memory(pid: int, field: str = "Pss") -> float:
    """MB of one process, shared pages counted by share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def peak(pid: int) -> float:
    """MB that one process has had resident at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


class Provider:
    """The endpoint's process. `play` a script, then read what it tells."""

    def __init__(self) -> None:
        script = Path(__file__).parent / "endpoint.py"
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._lines.get(timeout=LIMIT)['port']}/v1"

    def play(
        self, replies: Sequence[dict[str, Any]], *, keep: Sequence[int] = (), hold: Sequence[int] = ()
    ) -> None:
        """What the next requests are answered."""
        self._write(json.dumps({"replies": list(replies), "keep": list(keep), "hold": list(hold)}))
        while "ready" not in self._lines.get(timeout=LIMIT):
            pass

    def go_on(self) -> None:
        """Answer the request that is held."""
        self._write("")

    def request(self, number: int) -> dict[str, Any]:
        """What is told of one request, once it came."""
        return self._until(lambda line: "came" in line and line["number"] == number)

    def line(self, asker: subprocess.Popen[Any]) -> dict[str, Any]:
        """The next thing that is told. RuntimeError when the one that should ask has ended before."""
        while True:
            try:
                return self._lines.get(timeout=1)
            except queue.Empty:
                if asker.poll() is not None:
                    raise RuntimeError(f"{asker.args} ended early, with {asker.returncode}") from None

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            line = self._lines.get(timeout=LIMIT)
            if wanted(line):
                return line

    def _write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(json.loads(line))


@dataclass
class Bench:
    """What all measures share."""

    provider: Provider
    folder: Path
    quick: bool

    @property
    def count(self) -> int:
        """Rounds of a measure."""
        return 1 if self.quick else 7

    @property
    def project(self) -> Path:
        """A small project."""
        return self.folder / "project"

    @property
    def home(self) -> Path:
        """cass's own folder."""
        return self.folder / "home"

    def environ(self) -> dict[str, str]:
        """What cass is started with: nothing of the user's own."""
        own = ("CASS_", "OPENAI_", "OPENROUTER_", "OLLAMA_", "COVERAGE_", "COV_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return {
            **kept,
            "CASS_HOME": str(self.home),
            "OPENAI_BASE_URL": self.provider.url,
            "OPENAI_API_KEY": "bench",
        }

    def cass(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start the command `cass`."""
        return subprocess.Popen(
            [cass_command(), *arguments],
            cwd=cwd or self.project,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def cass_command() -> str:
    """The command as it is installed beside this interpreter."""
    return str(Path(sys.executable).parent / "cass")


@contextmanager
def bench(*, quick: bool) -> Iterator[Bench]:
    """A project, a home and a provider, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="cass-bench-"))
    provider = Provider()
    try:
        (folder / "project").mkdir()
        (folder / "home").mkdir()
        (folder / "home" / "config.toml").write_text("[limits]\nturns = 2000\n")
        for number in range(20):
            text = "".join(f"def f{line}(x):  # {number}\n    return x + {line}\n" for line in range(400))
            (folder / "project" / f"m{number}.py").write_text(text)
        yield Bench(provider, folder, quick)
    finally:
        provider.close()
        shutil.rmtree(folder, ignore_errors=True)
