"""The real VS Code workbench for tests: code-server on a free port with a throw-away profile, and Node to drive it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXTENSION = HERE.parents[2] / "editors" / "vscode"
START = 60.0
"""Seconds for code-server to answer."""

_SETTINGS: dict[str, object] = {
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "workbench.startupEditor": "none",
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "files.autoSave": "off",
    "git.enabled": False,
    "window.commandCenter": False,
}


def prefix() -> Path:
    """Where `.ci/vscode.sh` installs."""
    return Path(os.environ.get("CASS_E2E") or Path.home() / ".cache" / "cass-e2e")


def missing() -> str | None:
    """Why these tests cannot run here; None when they can."""
    wanted = {
        "node": node(),
        "code-server": prefix() / "cs" / "node_modules" / ".bin" / "code-server",
        "playwright-core": prefix() / "drv" / "node_modules" / "playwright-core",
        "chromium": chromium(),
        "the bundled extension (npm ci && npm run bundle)": EXTENSION / "dist" / "extension.cjs",
    }
    for name, path in wanted.items():
        if not path.exists():
            return f"{name} is not there: run .ci/vscode.sh {prefix()}"
    return None


def node() -> Path:
    """Node, with npm beside it."""
    return prefix() / "nodepip" / "bin" / "node"


def chromium() -> Path:
    """The browser."""
    return Path(os.environ.get("CASS_CHROMIUM") or "/usr/bin/chromium")


@dataclass
class Workbench:
    """A running code-server."""

    port: int
    root: Path
    process: subprocess.Popen[bytes]
    environ: Mapping[str, str]
    count: int = field(default=0)

    def start(self, script: str, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start one of the Node scripts beside this file against the workbench, in a group of its own."""
        self.count += 1
        return subprocess.Popen(
            [str(node()), str(HERE / script), *arguments],
            cwd=prefix() / "drv",
            env={
                **self.environ,
                "CS_PORT": str(self.port),
                "PROFILE": str(self.root / f"profile-{self.count}"),
                "CHROMIUM": str(chromium()),
                "EXTENSION": str(EXTENSION),
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, script: str, *arguments: str, limit: float = 240, **environ: str) -> str:
        """Run a script to its end; its output. AssertionError with the output when it fails."""
        driver = self.start(script, *arguments, **environ)
        try:
            said, _ = driver.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            end(driver)
            said, _ = driver.communicate()
            raise AssertionError(f"{script} took more than {limit:g} s:\n{said.decode()[-6000:]}") from None
        finally:
            end(driver)
        text = said.decode("utf-8", "replace")
        assert driver.returncode == 0, f"{script} failed:\n{text[-6000:]}"
        return text


@contextmanager
def running(
    root: Path, settings: Mapping[str, object], vsix: Path | None = None, *, restricted: bool = False
) -> Iterator[Workbench]:
    """A workbench with these settings, and with a packaged extension where one is given. All of it, the browser's
    and the language servers' processes too, is gone at the end. `restricted`: no folder is trusted."""
    if restricted:
        asked = {"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "never"}
        settings = {**settings, **asked}
    user, extensions = root / "user", root / "extensions"
    for folder in (user / "User", user / "Machine", extensions):
        folder.mkdir(parents=True)
    for place in ("User", "Machine"):
        (user / place / "settings.json").write_text(json.dumps(_SETTINGS | dict(settings)))
    config = root / "code-server.yaml"
    port = _free_port()
    config.write_text(_CONFIG.format(port=port, trusting="" if restricted else "disable-workspace-trust: true\n"))
    environ = _environ(root)
    command = [
        str(prefix() / "cs" / "node_modules" / ".bin" / "code-server"),
        *("--config", str(config), "--user-data-dir", str(user), "--extensions-dir", str(extensions)),
    ]
    if vsix is not None:
        install = [*command, "--install-extension", str(vsix), "--force"]
        subprocess.run(install, env=environ, check=True, timeout=START, stdout=subprocess.DEVNULL)
    with (root / "code-server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--vscode-option", "enable-smoke-test-driver"],
            env=environ,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _wait(process, port, root)
        yield Workbench(port, root, process, environ)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
            if sent is signal.SIGKILL:
                return


def _environ(root: Path) -> dict[str, str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("CASS_", "OPENAI_", "OPENROUTER_", "OLLAMA_"))}
    nowhere = "http://127.0.0.1:9/none"
    gallery = {"serviceUrl": nowhere, "itemUrl": nowhere, "resourceUrlTemplate": nowhere}
    return {
        **keep,
        "PATH": f"{node().parent}{os.pathsep}{keep.get('PATH', '')}",
        "XDG_CONFIG_HOME": str(root / "xdg" / "config"),
        "XDG_DATA_HOME": str(root / "xdg" / "data"),
        "XDG_CACHE_HOME": str(root / "xdg" / "cache"),
        "EXTENSIONS_GALLERY": json.dumps(gallery),
        "CASS_HOME": str(root / "cass"),
        "CASS_SERVER": f'"{sys.executable}" -P -m cass',
        "OLLAMA_HOST": "127.0.0.1:9",
    }


_CONFIG = """\
auth: none
bind-addr: 127.0.0.1:{port}
cert: false
disable-telemetry: true
disable-update-check: true
{trusting}disable-getting-started-override: true
reconnection-grace-time: 3
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, root: Path) -> None:
    end_at = time.monotonic() + START
    while time.monotonic() < end_at:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"code-server did not start:\n{(root / 'code-server.log').read_text()[-3000:]}")
