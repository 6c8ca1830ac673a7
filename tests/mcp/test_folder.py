"""Where a server is started: a folder that is looked into does not put its own program in the place of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.config import McpServerConfig
from cass.mcp import trusted
from cass.mcp.files import Definition, Origin

CWD, HOME = Path("/a/project"), Path("/a/home")


@pytest.mark.parametrize(
    ("origin", "command", "args", "cwd", "wanted"),
    [
        ("user", "npx", ("-y", "some-server"), None, HOME),
        ("user", "/usr/bin/npx", ("some-server",), None, HOME),
        ("editor", "uvx", ("some-server",), None, HOME),
        ("user", "python3", ("-m", "some_server"), None, HOME),
        ("user", "python3", ("/opt/server.py",), None, CWD),
        ("user", "/opt/server", (), None, CWD),
        ("user", "npx", ("some-server",), ".", CWD),
        ("user", "npx", ("some-server",), "/elsewhere", Path("/elsewhere")),
        ("project", "npx", ("some-server",), None, CWD),
    ],
)
def test_the_folder_of_a_server(
    origin: Origin, command: str, args: tuple[str, ...], cwd: str | None, wanted: Path
) -> None:
    config = McpServerConfig(command=command, args=args, cwd=cwd)
    assert trusted.folder(Definition("one", config, origin, "here"), CWD, HOME) == wanted
