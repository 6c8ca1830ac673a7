"""Which MCP servers there are: the user's own settings, what a project brings, what the editor names.

A project's `.mcp.json` is read as other tools write it. A file of a project that its user did not trust, as it is now, is
not read at all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from pydantic import ValidationError

from cass import brought, plainfile
from cass.config import McpOauthConfig, McpServerConfig
from cass.protocol.wire import JsonObject

Origin = Literal["user", "project", "editor"]

NAMES = (".mcp.json", ".cass/mcp.json")
"""A project's files, the weakest first, in each of its folders from the root down."""

_MOST_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_TRANSPORTS = {"stdio": "stdio", "http": "http", "streamable-http": "http", "streamableHttp": "http", "sse": "sse"}
_SHARED = frozenset(McpServerConfig.model_fields) - {"transport", "enabled"}


@dataclass(frozen=True)
class Definition:
    """One server, its variables read. `file` is the project's file that brings it; None for the user's and the editor's.
    `where` says where it stands, for people. `secrets` are what variables put into it."""

    name: str
    config: McpServerConfig
    origin: Origin
    where: str
    file: Path | None = None
    secrets: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for the same server: what it runs or asks, and as what."""
        told = self.config.model_dump(
            mode="json", include={"command", "args", "env", "cwd", "url", "transport", "headers"}
        )
        text = json.dumps([self.name, told], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Definitions:
    """What was found, by name, and what is wrong, in whole sentences."""

    found: Mapping[str, Definition]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """Where to look, and as whom. `origins` are those of the settings (`layers.Loaded`), `allows` is the trust gate,
    `environ` what variables are read from; those of `kept_back` hold cass's own keys, which no project is given."""

    cwd: Path
    home: Path
    allows: Callable[[Path], bool]
    origins: Mapping[str, str]
    environ: Mapping[str, str]
    kept_back: Collection[str] = ()


def definitions(
    servers: Mapping[str, McpServerConfig], places: Places, editor: Mapping[str, McpServerConfig] | None = None
) -> Definitions:
    """All servers; of two with one name the stronger counts, whole: the user's settings, then the project's files from
    its root down, then what the project's settings say, then the editor's."""
    found: dict[str, Definition] = {}
    problems: list[str] = []
    project = set(map(str, brought.settings_files(places.cwd, places.home)))
    late: list[Definition] = []
    for name, config in servers.items():
        where = _origin(name, places.origins)
        brings = where in project
        one = Definition(name, config, "project" if brings else "user", where, Path(where) if brings else None)
        if brings:
            late.append(one)
        else:
            found[name] = one
    for folder in brought.project_folders(places.cwd, places.home):
        for file in (folder / name for name in NAMES):
            for one in _of_file(file, places, problems):
                found[one.name] = one
    found.update({one.name: one for one in late if one.file is not None and places.allows(one.file)})
    for name, config in (editor or {}).items():
        found[name] = Definition(name, config, "editor", "the editor")
    whole: dict[str, Definition] = {}
    for name, one in found.items():
        try:
            check(one.name, one.config)
            whole[name] = _expanded(one, places)
        except ValueError as error:
            problems.append(f"{one.where}: the MCP server {name[:64]!r} {error}")
    return Definitions(whole, tuple(problems))


def _of_file(file: Path, places: Places, problems: list[str]) -> Iterator[Definition]:
    try:
        there = file.is_file()
    except OSError:
        return
    if not there:
        return
    if not places.allows(file):
        problems.append(f"{file}: its MCP servers are left out, for this folder is not trusted as it is: /trust")
        return
    try:
        text = plainfile.read(file, _MOST_BYTES).decode("utf-8-sig")
        entries = read(text)
    except (OSError, ValueError) as error:
        problems.append(f"{file}: {error}")
        return
    for name, entry in entries.items():
        where = f"{file}:{line_of(text, name)}"
        try:
            yield Definition(name, server(entry), "project", where, file)
        except ValueError as error:
            problems.append(f"{where}: the MCP server {name[:64]!r} {error}")


def read(text: str) -> dict[str, object]:
    """The servers in a JSON file, by name, as they stand there: below `mcpServers`, or `servers` as VS Code writes it.
    ValueError for what is no such file."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} is no JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {error}") from None
    tree = cast("JsonObject", values) if isinstance(values, dict) else {}
    entries = tree.get("mcpServers", tree.get("servers"))
    if not isinstance(entries, dict):
        raise ValueError('holds no servers: it is to begin with {"mcpServers": {')
    return cast("dict[str, object]", entries)


def server(entry: object) -> McpServerConfig:
    """One server as other tools write it. Keys that cass does not know are passed over, for each tool has some of its
    own; ValueError for what is wrong in those that it knows."""
    if not isinstance(entry, dict):
        raise ValueError('is no object; write {"command": …} or {"url": …}')
    given = cast("dict[str, object]", entry)
    values = {key: value for key, value in given.items() if key in _SHARED and value is not None}
    if "serverUrl" in given and "url" not in values:
        values["url"] = given["serverUrl"]
    if kind := given.get("type", given.get("transport")):
        if kind not in _TRANSPORTS:
            raise ValueError(f"has the unknown type {str(kind)[:40]!r}; cass knows stdio, http and sse")
        values["transport"] = _TRANSPORTS[str(kind)]
    if given.get("disabled") is True or given.get("enabled") is False:
        values["enabled"] = False
    if isinstance(timeout := values.get("timeout"), int | float) and timeout >= 1_000:
        values["timeout"] = min(timeout / 1_000, 3_600)  # others count milliseconds
    if isinstance(oauth := values.get("oauth"), dict):
        values["oauth"] = _oauth(cast("dict[str, object]", oauth))
    if isinstance(env := values.get("env"), dict):
        values["env"] = {k: str(v) for k, v in cast("dict[str, object]", env).items() if v is not None}
    try:
        return McpServerConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"is wrong at {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _oauth(given: dict[str, object]) -> dict[str, object]:
    """Claude Code's way of writing what is known of an authorisation server, and cass's own."""
    others = {"clientId": "client_id", "callbackPort": "port", "scopes": "scope"}
    known = {others.get(key, key): value for key, value in given.items()}
    return {key: value for key, value in known.items() if key in McpOauthConfig.model_fields}


def line_of(text: str, name: str) -> int:
    """The line in which a JSON text has this key; 1 when that cannot be told."""
    at = re.search(re.escape(json.dumps(name, ensure_ascii=False)) + r"\s*:", text)
    return text.count("\n", 0, at.start()) + 1 if at else 1


def _origin(name: str, origins: Mapping[str, str]) -> str:
    return origins.get(f"mcp.servers.{name}", "the settings")


def check(name: str, config: McpServerConfig) -> None:
    """Whether a server can be meant so. ValueError says what is wrong."""
    if not _NAME.fullmatch(name):
        raise ValueError("has a name that is not allowed: letters, digits, dots, spaces, - and _, at most 64")
    if (config.command is None) == (config.url is None):
        raise ValueError("needs a command, which is run, or a url, and not both")
    if config.url is not None and config.transport == "stdio":
        raise ValueError("has a url, and the transport stdio, which needs a command")
    if config.command is not None and config.transport in ("http", "sse"):
        raise ValueError(f"has a command, and the transport {config.transport}, which needs a url")


def _expanded(one: Definition, places: Places) -> Definition:
    """With its variables read. ValueError names one that is not set."""
    secrets: list[str] = []

    def value(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if one.origin == "project" and name in places.kept_back:
            raise ValueError(f"asks for ${{{name}}}, which holds a key of cass's own; no project is given that")
        if name in ("CLAUDE_PROJECT_DIR", "CASS_PROJECT_DIR"):
            return str(brought.project_folders(places.cwd, places.home)[0])
        if name in places.environ and (places.environ[name] or default is None):
            secrets.append(places.environ[name])
            return places.environ[name]
        if default is not None:
            return default
        raise ValueError(f"asks for ${{{name}}}, which is not set; set it, or write ${{{name}:-default}}")

    def text(given: str | None) -> str | None:
        if given is None:
            return None
        return _VARIABLE.sub(value, given.replace("${workspaceFolder}", str(places.cwd)))

    def whole(given: str) -> str:
        return text(given) or ""

    config = one.config
    for pairs in (config.env, config.headers):
        secrets += pairs.values()
    told = config.model_copy(
        update={
            "command": text(config.command),
            "args": tuple(map(whole, config.args)),
            "cwd": text(config.cwd),
            "env": {key: whole(item) for key, item in config.env.items()},
            "url": text(config.url),
            "headers": {key: whole(item) for key, item in config.headers.items()},
        }
    )
    if told.url is not None and not re.match(r"https?://[^\s/]", told.url):
        raise ValueError("has a url that does not begin with http:// or https://")
    long = tuple(dict.fromkeys(s for s in secrets if len(s) >= 8 and "${" not in s))
    return Definition(one.name, told, one.origin, one.where, one.file, long)
