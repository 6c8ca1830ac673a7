"""Servers that the user set up for other tools: where those keep them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cass import plainfile
from cass.config import McpServerConfig
from cass.mcp import files
from cass.protocol.wire import JsonObject

_MOST_BYTES = 50_000_000
_TOML_KEY = "mcp_servers"


@dataclass(frozen=True)
class Found:
    """One server of another tool, or what is wrong with it (then `config` is None)."""

    tool: str
    file: Path
    name: str
    config: McpServerConfig | None
    problem: str = ""


def places(home: Path, cwd: Path) -> list[tuple[str, Path]]:
    """The tools, and the files in which they keep servers: the user's own, and VS Code's and Cursor's of a project."""
    mac = home / "Library" / "Application Support"
    return [
        ("claude", home / ".claude.json"),
        ("claude-desktop", home / ".config" / "Claude" / "claude_desktop_config.json"),
        ("claude-desktop", mac / "Claude" / "claude_desktop_config.json"),
        ("cursor", home / ".cursor" / "mcp.json"),
        ("cursor", cwd / ".cursor" / "mcp.json"),
        ("vscode", home / ".config" / "Code" / "User" / "mcp.json"),
        ("vscode", mac / "Code" / "User" / "mcp.json"),
        ("vscode", cwd / ".vscode" / "mcp.json"),
        ("windsurf", home / ".codeium" / "windsurf" / "mcp_config.json"),
        ("gemini", home / ".gemini" / "settings.json"),
        ("codex", home / ".codex" / "config.toml"),
    ]


def found(home: Path, cwd: Path, tool: str = "") -> Iterator[Found]:
    """Every server that other tools have; of one tool only where it is named."""
    for name, file in places(home, cwd):
        if tool in ("", name):
            try:
                text = plainfile.read(file, _MOST_BYTES).decode("utf-8-sig")
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, UnicodeDecodeError) as error:
                yield Found(name, file, "", None, f"cannot be read: {error}")
                continue
            yield from _servers(name, file, text)


def _servers(tool: str, file: Path, text: str) -> Iterator[Found]:
    try:
        entries = _entries(file, text)
    except ValueError as error:
        yield Found(tool, file, "", None, str(error))
        return
    for name, entry in entries.items():
        try:
            config = files.server(entry)
            files.check(name, config)
        except ValueError as error:
            yield Found(tool, file, name, None, str(error))
        else:
            yield Found(tool, file, name, config)


def _entries(file: Path, text: str) -> JsonObject:
    if file.suffix == ".toml":
        entries = plainfile.toml(text).get(_TOML_KEY, {})
        return cast("JsonObject", entries) if isinstance(entries, dict) else {}
    try:
        return files.read(text)
    except ValueError as error:
        if "holds no servers" in str(error):
            return {}
        raise
