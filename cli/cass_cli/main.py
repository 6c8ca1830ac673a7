"""The command `cass`. Decides with as little as possible what is wanted, and starts the server before it imports
whatever it needs itself."""

from __future__ import annotations

import gc
import io
import sys

SERVER_COMMANDS = (
    *("serve", "acp", "agents", "commands", "config", "tool", "permissions", "models", "auth", "protocol"),
    *("usage", "trust", "hooks", "mcp", "schedule"),
)
OWN_COMMANDS = ("sessions", "demo")


def main() -> None:
    """Entry point. Ends the process with the exit code."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else ""
    if first in ("--version", "-V"):
        from cass import __version__

        sys.stdout.write(f"cass {__version__}\n")
        return
    if first in SERVER_COMMANDS:
        _hand_over(arguments)
    sys.exit(_run(first, arguments))


def _run(first: str, arguments: list[str]) -> int:
    wants_server = first != "demo" and not {"--help", "-h"} & set(arguments)
    server = None
    if wants_server:
        from cass_cli.launch import launch

        server = launch()
    gc.disable()  # what is imported stays: there is no garbage to look for in it
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its number instead of an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    from cass_cli.commands import run

    gc.freeze()
    gc.enable()
    try:
        return run(arguments, server)
    except BrokenPipeError:
        # Whoever read the output has gone; say nothing more, not even at exit.
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    finally:
        if server is not None and server.poll() is None:
            from cass_cli.launch import abandon

            abandon(server)


def _hand_over(arguments: list[str]) -> None:
    from cass_cli.launch import server_command

    command = server_command(*arguments)
    if sys.platform == "win32":
        import subprocess

        sys.exit(subprocess.call(command))
    import os

    os.execv(command[0], command)


if __name__ == "__main__":
    main()
