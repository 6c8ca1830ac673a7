"""cass from the outside: the command in a folder of its own, with its own home, and what it leaves on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.provider import ProviderServer

LIMIT = 60.0
"""Seconds after which a command counts as hanging."""

KEY = "sk-outside-0123456789abcdef"


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Place:
    """A home and a project. `environ` is all that a command is given of an environment."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for folder in (self.home, self.project):
            folder.mkdir(parents=True, exist_ok=True)
        kept = {
            k: v for k, v in os.environ.items() if k in ("PATH", "TMPDIR") or k.startswith(("COV_", "COVERAGE_"))
        }
        self.environ = {
            **kept,
            "HOME": str(self.home),
            "CASS_HOME": str(self.state),
            "LANG": "C.UTF-8",
            **self.environ,
        }

    @property
    def home(self) -> Path:
        """HOME."""
        return self.root / "home"

    @property
    def state(self) -> Path:
        """CASS_HOME."""
        return self.root / "cass"

    @property
    def project(self) -> Path:
        """Where commands run."""
        return self.root / "project"

    def reach(self, provider: ProviderServer, **settings: str) -> None:
        """From now on openai/m is this server; it is given up soon."""
        quick = {"CASS_LLM__IDLE_TIMEOUT": "0.5", "CASS_LLM__CONNECT_TIMEOUT": "2", "CASS_LLM__MAX_RETRIES": "0"}
        self.environ |= {"OPENAI_BASE_URL": provider.url, "OPENAI_API_KEY": KEY, "CASS_MODEL": "openai/m", **quick}
        self.environ |= settings

    def run(self, *arguments: str, stdin: bytes = b"", cwd: Path | None = None, **environ: str) -> Ended:
        """The command to its end."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cass_cli.main", *arguments], cwd=cwd or self.project, input=stdin,
            env={**self.environ, **environ}, capture_output=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def contents(self) -> dict[str, object]:
        """Everything below the root but what cass keeps for itself: kind, mode and content of each entry."""
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.root):
            if Path(folder) == self.root:
                folders.remove("cass") if "cass" in folders else None
            for name in (*folders, *files):
                path = Path(folder) / name
                mode = path.lstat().st_mode
                if path.is_symlink():
                    found[str(path)] = (mode, str(path.readlink()))
                else:
                    found[str(path)] = (mode, path.read_bytes() if path.is_file() else b"")
        return found
