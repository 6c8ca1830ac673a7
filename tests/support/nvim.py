"""A real Neovim with the plugin, driven over its own RPC, in a home and a project of its own."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgpack

PLUGIN = Path(__file__).parents[2] / "editors" / "nvim"
PREFIX = Path(os.environ.get("CASS_E2E") or Path.home() / ".cache" / "cass-e2e")
VERSIONS = ("nvim010", "nvim012")

LIMIT = 30.0
"""Seconds that a test waits for anything: far more than is needed, so that only a hang reaches it."""

INIT = """
vim.opt.swapfile = false
vim.g.mapleader = ' '
"""

CHOOSE = """
local wanted = ...
vim.ui.select = function(items, options, done)
  for _, item in ipairs(items) do
    local text = options.format_item and options.format_item(item) or tostring(item)
    if text:find(wanted, 1, true) then return done(item) end
  end
  error('nothing like that is offered')
end
"""


def binary(version: str) -> Path:
    """Where `.ci/nvim.sh` puts a version."""
    return PREFIX / version / "nvim"


def server_command() -> list[str]:
    """The server under test."""
    return [sys.executable, "-P", "-m", "cass", "serve", "--stdio"]


def environ(root: Path) -> dict[str, str]:
    """A home of its own, and nothing that leads out of it."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "TMPDIR", "LANG") or k.startswith("COV")}
    kinds = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    folders = {kind: str(root / kind.lower()) for kind in kinds}
    own = {"HOME": str(root), "CASS_HOME": str(root / "cass"), "OLLAMA_HOST": "127.0.0.1:9"}
    return kept | folders | own


class Failed(Exception):
    """An answer of Neovim that is an error."""


class Rpc:
    """Neovim's own RPC over the pipes of `nvim --embed`; one request at a time."""

    def __init__(self, argv: list[str], environ: dict[str, str], cwd: Path) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environ, cwd=cwd
        )
        self._unpacker = msgpack.Unpacker(ext_hook=lambda code, data: msgpack.unpackb(data), strict_map_key=False)
        self._number = 0

    def send(self, method: str, *arguments: Any) -> int:
        """Ask without waiting."""
        self._number += 1
        assert self.process.stdin
        self.process.stdin.write(msgpack.packb([0, self._number, method, arguments]))
        self.process.stdin.flush()
        return self._number

    def call(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait for the answer."""
        number = self.send(method, *arguments)
        while True:
            for message in self._unpacker:
                if message[0] == 1 and message[1] == number:
                    if message[2]:
                        raise Failed(message[2][1])
                    return message[3]
            self._read()

    def _read(self) -> None:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        data = os.read(self.process.stdout.fileno(), 1 << 20) if ready else b""
        if not data:
            raise AssertionError("Neovim is gone" if ready else f"Neovim did not answer for {LIMIT} s")
        self._unpacker.feed(data)

    def close(self) -> None:
        """Wait for its end; one that does not come is made."""
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(LIMIT)
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()


class Editor:
    """One Neovim. `settings` are cass's, `options` those of setup()."""

    def __init__(self, version: str, root: Path, *, model: str = "", **options: Any) -> None:
        self.root = root
        self.project = root / "project"
        (self.project / ".git").mkdir(parents=True, exist_ok=True)
        init = root / "init.lua"
        init.write_text(INIT, "utf-8")
        argv = [
            str(binary(version)),
            "--clean",
            "--embed",
            "--headless",
            "--cmd",
            f"set rtp^={PLUGIN}",
            "-u",
            str(init),
        ]
        self.rpc = Rpc(argv, environ(root), self.project)
        settings = {"model": model} if model else {}
        given = {"cmd": server_command(), "settings": settings, **options}
        self.lua("require('cass').setup(...)", given)
        self.pid = self.rpc.process.pid

    # --- the editor ---

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua."""
        return self.rpc.call("nvim_exec_lua", code, arguments)

    def do(self, command: str) -> None:
        """An Ex command."""
        self.rpc.call("nvim_command", command)

    def keys(self, keys: str) -> None:
        """Press keys, as a user does: the editor may be anywhere with them when this returns."""
        self.rpc.call("nvim_input", keys)

    def edit(self, name: str, text: str | bytes | None = None) -> None:
        """Open a file of the project, made with this text before."""
        path = self.project / name
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        self.do(f"edit {path}")

    @property
    def lines(self) -> list[str]:
        """The current buffer."""
        return self.rpc.call("nvim_buf_get_lines", 0, 0, -1, True)

    def until(self, what: Callable[[], Any], name: str = "") -> Any:
        """What is wanted, once it is there."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if found := what():
                return found
            time.sleep(0.02)
        raise AssertionError(
            f"never: {name or what}\n--- transcript\n{self.transcript[-2000:]}\n--- messages\n{self.messages[-2000:]}"
        )

    def until_lua(self, expression: str) -> Any:
        """The value of a Lua expression, once it is true."""
        return self.until(lambda: self.lua(f"return {expression}"), expression)

    # --- cass in it ---

    @property
    def transcript(self) -> str:
        """What the chat shows."""
        code = "local w = require('cass').workspace() w.chat.transcript:flush() return w.chat.transcript.bufnr"
        return "\n".join(self.rpc.call("nvim_buf_get_lines", self.lua(code), 0, -1, True))

    @property
    def messages(self) -> str:
        """What Neovim told."""
        return self.rpc.call("nvim_exec2", "messages", {"output": True})["output"]

    def attached(self) -> None:
        """Wait until the server sees the current buffer."""
        self.lua("require('cass').workspace().server:when_ready(function() end)")
        self.until_lua("#vim.lsp.get_clients({ name = 'cass', bufnr = 0 }) > 0")

    def state(self) -> str:
        """idle, running or requires_action."""
        return self.lua("return require('cass').workspace().session.state")

    def idle(self) -> None:
        """Wait for a turn's end."""
        self.until(
            lambda: self.lua(
                "local s = require('cass').workspace().session return s.state == 'idle' and s.stop_reason"
            ),
            "the end of the turn",
        )

    def asked(self) -> str:
        """Wait for a question; what it is about."""
        return self.until_lua("(require('cass').workspace().asks.waiting[1] or { params = {} }).params.title")

    def server_pid(self) -> int:
        """The server's process."""
        answer = "local w = require('cass').workspace() _G.status = nil w.server:request('cass/status', {}, function(_, r) _G.status = r end)"
        self.lua(answer)
        return self.until_lua("_G.status and _G.status.pid")

    def choose(self, text: str) -> None:
        """From now on the first choice with this text is taken wherever the user may choose."""
        self.lua(CHOOSE, text)

    def write(self, text: str) -> None:
        """From now on this is the answer wherever the user may write one."""
        self.lua("local text = ... vim.ui.input = function(_, done) done(text) end", text)

    def close(self) -> None:
        """Quit, whatever is unsaved."""
        with suppress(OSError, ValueError):
            self.rpc.send("nvim_command", "qa!")
        self.rpc.close()
