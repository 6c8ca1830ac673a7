"""Neovim as a person has it: a real terminal, real keys, what stands on the screen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.nvim import LIMIT, PLUGIN, VERSIONS, binary, environ, server_command
from support.server import script
from support.terminal import call

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux: install it, as .ci/nvim.sh does")

OLD = "def double(n):\n    return n + n\n"
NEW = "def double(n: int) -> int:\n    return n * 2\n"


class Terminal:
    """A tmux server of its own with Neovim in it."""

    def __init__(self, version: str, root: Path, model: str) -> None:
        self.project = root / "project"
        (self.project / ".git").mkdir(parents=True)
        (self.project / "a.py").write_text(OLD)
        init = root / "init.lua"
        cmd = ", ".join(f"'{word}'" for word in server_command())
        init.write_text(
            f"vim.opt.rtp:prepend('{PLUGIN}') vim.g.mapleader = ' ' vim.o.swapfile = false\n"
            f"require('cass').setup({{ cmd = {{ {cmd} }}, settings = {{ model = '{model}' }}, approvals = {{ idle_ms = 300 }} }})\n"
        )
        self._socket = f"cass-{os.getpid()}-{version}"
        home = environ(root) | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        line = shlex.join([str(binary(version)), "--clean", "-u", str(init), "a.py"])
        size = ["-x", "120", "-y", "34"]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(self.project), line, env=home)

    def _tmux(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-L", self._socket, *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=LIMIT, check=False).stdout

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    @property
    def screen(self) -> str:
        """What is seen."""
        return self._tmux("capture-pane", "-p")

    def see(self, *texts: str) -> str:
        """Wait until all of these stand on the screen."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            screen = self.screen
            if all(text in screen for text in texts):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"never seen: {texts}\n{self.screen}")

    def close(self) -> None:
        """End it all."""
        self._tmux("kill-server")


@pytest.fixture(params=VERSIONS)
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """A Neovim on a file, with a model that changes it and then runs it."""
    version = str(request.param)
    if not binary(version).exists():
        pytest.skip(f"no {version}: run .ci/nvim.sh PREFIX and set CASS_E2E=PREFIX")
    write = {"text": "I change **double**.", "tool_calls": [call("write_file", path="a.py", content=NEW)]}
    run = {"tool_calls": [call("shell", command="echo it runs")]}
    found = Terminal(version, tmp_path, script(tmp_path / "s.json", write, run, {"text": "All is well."}))
    yield found
    found.close()


def test_a_change_is_seen_accepted_and_undone_with_real_keys(terminal: Terminal) -> None:
    terminal.see("def double(n):")
    terminal.type(":Cass", "Enter")
    terminal.see("Ask cass …")
    terminal.type("i", "Make it better", "Escape", "Enter")
    screen = terminal.see("❯ You", "I change", "? Write a.py", "return n * 2", "␣ck accept")
    assert "def double(n):" in screen, "the old text is still there beside the new"
    terminal.type(":CassReview", "Enter")
    terminal.type(" ck")
    screen = terminal.see("cass wants to run:", "echo it runs", "1: Yes")
    terminal.type("1", "Enter")
    screen = terminal.see("All is well.")
    assert "def double(n: int) -> int:" in screen and "n + n" not in screen
    assert (terminal.project / "a.py").read_text() == NEW
    terminal.type("Escape", "u")
    terminal.see("return n + n")
    terminal.type(":qa!", "Enter")
