"""The command `cass` in a real terminal, and pieces of scripts for the scripted model."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pexpect

CASS = [sys.executable, "-P", "-m", "cass_cli.main"]
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


def call(name: str, **arguments: object) -> dict[str, object]:
    """A tool call in a script."""
    return {"name": name, "arguments": arguments}


class Screen:
    """A command in a real terminal (a pty)."""

    def __init__(self, arguments: list[str], cwd: Path, env: dict[str, str], columns: int) -> None:
        self.child = pexpect.spawn(
            CASS[0], [*CASS[1:], *arguments], cwd=str(cwd), env=env, dimensions=(40, columns), timeout=10,
            encoding="utf-8",
        )  # fmt: skip
        self.child.delaybeforesend = None
        self.raw = ""

    def see(self, *texts: str) -> None:
        """Wait until these texts were shown, in this order."""
        for text in texts:
            self.child.expect_exact(text)
            self.raw += self.child.before + self.child.after

    def answer(self, text: str) -> None:
        """Wait until this text was printed for good, not only shown above the prompt while it came in."""
        self.see(text + "\r\n")

    def type(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def line(self, text: str) -> None:
        """Type a line once the prompt is there to take it, and send it."""
        self.child.send(text)
        self.see(text)
        self.child.send("\r")

    def leave(self) -> None:
        """Quit as a user does, if it still runs; a command that will not is killed."""
        if self.child.isalive():
            self.child.send("\x15\x04")
            self.child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=4)
        self.child.close(force=True)

    def end(self) -> int:
        """Wait for the end; the exit code."""
        self.child.expect(pexpect.EOF)
        self.raw += self.child.before
        self.child.close()
        return self.child.exitstatus

    @property
    def text(self) -> str:
        """All that was shown so far, without control sequences."""
        return CONTROLS.sub("", self.raw)
