"""From a fresh connection to an open session: the handshake, a new session or an earlier one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cass.errors import CassError, ConfigError
from cass_cli.client import CassClient
from cass_cli.fields import Json, get_bool, get_int, get_list, get_object, get_text
from cass_cli.options import Options
from cass_cli.words import PROTOCOL_VERSION, SESSION_LIST, SESSION_NEW, SESSION_RESUME, SESSION_SEARCH

START_LIMIT = 60.0


@dataclass(frozen=True)
class Greeting:
    """What the server's answer to `initialize` says for this client."""

    color: str = "auto"
    thinking: str = "short"
    menu: bool = True
    inline: bool = True
    model: str = ""


@dataclass(frozen=True)
class OpenSession:
    """A session that is ready for prompts."""

    session_id: str
    config_options: list[Json]
    commands: list[Json]
    cwd: str
    resumed: bool = False
    running: bool = False


async def greet(client: CassClient, options: Options, *, person: bool) -> Greeting:
    """The handshake. With `person` the client says that somebody is there who can answer questions. CassError
    when the server does not speak this client's protocol."""
    marks: Json = {"protocolVersions": [PROTOCOL_VERSION]}
    if person:
        marks |= {"permission": {}, "elicitation": {}}
    answer = await client.request(
        "initialize",
        {
            "processId": os.getpid(),
            "clientInfo": {"name": "cass"},
            "rootUri": options.cwd.as_uri(),
            "capabilities": {"experimental": {"cass": marks}},
            "initializationOptions": {"settings": {}, "flags": options.settings()},
        },
        limit=START_LIMIT,
    )
    cass = get_object(get_object(get_object(answer, "capabilities"), "experimental"), "cass")
    if get_int(cass, "protocolVersion") != PROTOCOL_VERSION:
        raise ConfigError(
            f"The server does not speak version {PROTOCOL_VERSION} of the protocol.",
            hint="Client and server come from different versions of cass; install it anew.",
        )
    client.notify("initialized", {})
    config = get_object(cass, "config")
    ui = get_object(config, "ui")
    completion = get_object(ui, "completion")
    return Greeting(
        color=get_text(ui, "color", "auto"),
        thinking=get_text(ui, "thinking", "short"),
        menu=get_bool(completion, "menu", True) and options.completion,
        inline=get_bool(completion, "inline", True) and options.completion,
        model=get_text(config, "model"),
    )


async def new_session(client: CassClient, options: Options) -> OpenSession:
    """Open a new session in the folder."""
    answer = await client.request(
        SESSION_NEW, {"cwd": str(options.cwd), **options.session_fields()}, limit=START_LIMIT
    )
    return _opened(answer, str(options.cwd))


async def resume_session(client: CassClient, options: Options, session_id: str, *, replay: bool) -> OpenSession:
    """Open an earlier session. With `replay` its updates are sent again before this returns."""
    params: Json = {"sessionId": session_id, **options.session_fields()}
    if replay:
        params["replayFrom"] = {"type": "start"}
    answer = await client.request(SESSION_RESUME, params, limit=START_LIMIT)
    return _opened(answer, get_text(answer, "cwd"), resumed=True)


async def list_sessions(client: CassClient, cwd: Path | None, *, limit: int = 50, **more: object) -> list[Json]:
    """Stored sessions of a folder or, without one, of all folders, newest first; `more` as the protocol has it."""
    found: list[Json] = []
    cursor = ""
    while len(found) < limit:
        params: Json = {"limit": min(limit, 500), **more}
        if cwd is not None:
            params["cwd"] = str(cwd)
        if cursor:
            params["cursor"] = cursor
        answer = await client.request(SESSION_LIST, params, limit=START_LIMIT)
        found += get_list(answer, "sessions")
        cursor = get_text(answer, "nextCursor")
        if not cursor:
            break
    return found[:limit]


async def search_sessions(client: CassClient, cwd: Path, query: str) -> list[Json]:
    """The newest sessions of a folder that hold the words."""
    answer = await client.request(SESSION_SEARCH, {"cwd": str(cwd), "query": query}, limit=2 * START_LIMIT)
    return [get_object(hit, "session") for hit in get_list(answer, "hits")]


async def find_session(client: CassClient, prefix: str) -> str:
    """The id of the one stored session whose id begins so. CassError when there is none, or more than one."""
    matches = [
        session_id
        for info in await list_sessions(client, None, limit=500, prefix=prefix, archived=True)
        if (session_id := get_text(info, "sessionId")).startswith(prefix)
    ]
    if prefix in matches or len(matches) == 1:
        return prefix if prefix in matches else matches[0]
    if not matches:
        raise CassError(f"There is no session {prefix}.", hint="`cass sessions list` shows them.", kind="usage")
    raise CassError(
        f"{len(matches)} sessions begin with {prefix}.", hint="Give more characters of the id.", kind="usage"
    )


async def last_session(client: CassClient, cwd: Path) -> str | None:
    """The id of the folder's newest session in which something was said."""
    for info in await list_sessions(client, cwd):
        if get_int(info, "messages") > 0:
            return get_text(info, "sessionId")
    return None


def _opened(answer: Json, cwd: str, *, resumed: bool = False) -> OpenSession:
    return OpenSession(
        session_id=get_text(answer, "sessionId"),
        config_options=get_list(answer, "configOptions"),
        commands=get_list(answer, "commands"),
        cwd=cwd,
        resumed=resumed,
        running=get_text(answer, "state", "idle") != "idle",
    )
