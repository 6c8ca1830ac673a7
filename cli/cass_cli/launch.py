"""Starts the server process. Imports as little as possible: the sooner the server starts, the sooner it answers."""

from __future__ import annotations

import subprocess
import sys


def server_command(*arguments: str) -> list[str]:
    """The command line of `python -m cass …` for this interpreter. `-P` keeps the folder it is started in, which
    is the user's project, out of the import path."""
    return [sys.executable, "-P", "-m", "cass", *arguments]


def launch(command: list[str] | None = None) -> subprocess.Popen[bytes]:
    """Start a server that speaks on its standard input and output, in a session of its own, so that Ctrl-C in the
    terminal reaches the client alone."""
    return subprocess.Popen(
        command or server_command("serve", "--stdio"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def abandon(process: subprocess.Popen[bytes]) -> None:
    """Get rid of a server that nobody has spoken to yet."""
    process.kill()
    process.communicate()
