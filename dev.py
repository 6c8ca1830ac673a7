#!/usr/bin/env python3
"""Everything a contributor runs, on a machine that has only Python 3.11 or newer and git.

    python3 dev.py demo       install into .venv and play cass's main job, without any model
    python3 dev.py test       install with the development tools and run the tests
    python3 dev.py check      lint, types and walls
    python3 dev.py generate   write the pages that are made from the code
    python3 dev.py bench      measure

Uses the standard library alone and installs into `.venv` here, never into the system's Python.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("CASS_VENV", ROOT / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


def main(arguments: list[str]) -> int:
    """Run one of the commands above; further arguments go to the tool behind it."""
    if sys.version_info < (3, 11):
        print(f"cass needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        return 2
    os.chdir(ROOT)
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    commands = {"demo": demo, "test": test, "check": check, "generate": generate, "bench": bench}
    if name not in commands:
        print(__doc__)
        return 0 if name in ("help", "-h", "--help") else 2
    return commands[name](rest)


def demo(rest: list[str]) -> int:
    """cass's main job on its built-in default."""
    install(development=False)
    return run([str(BIN / "cass"), "demo", *rest])


def test(rest: list[str]) -> int:
    """The tests, with coverage when all of them run."""
    install(development=True)
    if rest:
        return run([str(PYTHON), "-m", "pytest", *rest])
    workers = str(max(2, os.cpu_count() or 2))
    failed = run([str(PYTHON), "-m", "pytest", "-n", workers, "--cov", "--cov-report="])
    return failed or coverage()


def coverage() -> int:
    """The gates: 90 % of everything, 95 % of the core, branches counted."""
    core = "*/cass/agent/*,*/cass/sessions/*,*/cass/protocol/*"
    report = [str(PYTHON), "-m", "coverage", "report"]
    return run([*report, "--fail-under=90"]) or run([*report, f"--include={core}", "--fail-under=95"])


def check(rest: list[str]) -> int:
    """Lint, format, types, walls; all of them, even when one fails."""
    install(development=True)
    python = str(PYTHON)
    return max(
        run([python, "-m", "ruff", "check", "."]),
        run([python, "-m", "ruff", "format", "--check", "."]),
        run([python, "-m", "pyright", "--pythonpath", python]),
        run([str(BIN / "lint-imports"), "--no-cache"]),
    )


def generate(rest: list[str]) -> int:
    """docs/configuration.md and docs/protocol.schema.json."""
    install(development=True)
    return run([str(PYTHON), "docs/generate.py"])


def bench(rest: list[str]) -> int:
    """The measurements, as a table."""
    install(development=True)
    return run([str(PYTHON), "tests/benchmarks/run.py", *rest])


def install(*, development: bool) -> None:
    """Make `.venv` and install cass into it, unless that was done with the same pins before."""
    pins = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    state = hashlib.sha256(b"".join(p.read_bytes() for p in pins) + sys.version.encode()).hexdigest()
    marker = VENV / f".cass-{'dev' if development else 'use'}"
    if marker.exists() and marker.read_text() == state:
        return
    make_environment()
    pip = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", "constraints.txt"]
    what = ["-e", ".", "--group", "dev"] if development else ["-e", "."]
    if development:
        must([str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade", "pip"])
    print(f"Installing cass into {VENV} ...", flush=True)
    must([*pip, *what])
    marker.write_text(state)


def make_environment() -> None:
    """A virtual environment with pip in it, also where the system's Python came without ensurepip."""
    if PYTHON.exists() and run([str(PYTHON), "-m", "pip", "--version"], quiet=True) == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401  # some systems leave it out

        venv.create(VENV, with_pip=True)
    except ImportError:
        venv.create(VENV, with_pip=False)
        pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-q", "pip"]
        if run(pip, quiet=True) != 0:
            sys.exit(
                "This Python has neither ensurepip nor pip. Install python3-venv (or your system's package for it)."
            )


def must(command: list[str]) -> None:
    """Run, or end with its exit code."""
    code = run(command)
    if code:
        sys.exit(code)


def run(command: list[str], *, quiet: bool = False) -> int:
    """Run a command here; its exit code."""
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.call(command, stdout=sink, stderr=sink)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
