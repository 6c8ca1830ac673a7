"""The MCP servers of a session: which there are, what they offer, when they start. Those that work for it share them."""

from __future__ import annotations

import asyncio
import fnmatch
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cass.errors import SessionError, ToolError
from cass.mcp import files, names, trusted
from cass.mcp.facts import Facts
from cass.mcp.server import Around, Server
from cass.mcp.tool import McpTool
from cass.ports.mcp import Matches, McpResource
from cass.protocol.events import Notice
from cass.protocol.reaching import McpUpdate
from cass.sessions import serverfind
from cass.sessions.hearing import SessionHearing

if TYPE_CHECKING:
    from cass.mcp.files import Definition
    from cass.mcp.wiring import Wiring
    from cass.sessions.session import Session

_IDLE_SECONDS = 1.0
_AFTER_REQUEST_SECONDS = 0.3
"""Servers that were never seen are started once the session was idle for so long, or so long after its first request was
sent: loading what speaks with them would hold that up."""

_PATIENCE, _WAIT_SECONDS = 10.0, 30.0
"""How long a search waits for servers that were never seen: once others have what is searched for, and for one that it
names."""

_NAMED = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Tools:
    stamp: object
    tools: Mapping[str, McpTool]


class SessionServers:
    """`ports.mcp.Servers`. Belongs to one session that works for nobody else."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._servers: dict[str, Server] | None = None
        self._hearing = SessionHearing(session)
        self._told: dict[str, tuple[str, int, str]] = {}
        self._noted: set[str] = set()
        self._put: dict[str, object] = {}
        self._awaited: dict[str, float] = {}
        self._tools: _Tools | None = None
        self._wiring: Wiring | None = None
        self._asked = asyncio.Event()
        self._beginning: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def all(self) -> Mapping[str, Server]:
        """Those that are to be used, by name; read when first asked for."""
        if self._servers is None:
            self._servers = {}
            self._read()
        return self._servers

    def get(self, name: str) -> Server:
        """One of them. SessionError for none."""
        server = self.all.get(name)
        if server is None:
            known = ", ".join(self.all) or "none"
            raise SessionError(f"there is no MCP server {name!r}", hint=f"The servers are: {known}.")
        return server

    def begin(self) -> None:
        """Start those that were never seen, beside everything else, once that holds up nothing."""
        if self._session.above is None and (self._beginning is None or self._beginning.done()):
            self._beginning = asyncio.get_running_loop().create_task(self._begin())

    def renew(self) -> None:
        """What the folder may bring, or the settings, have changed."""
        if self._servers is not None:
            self._read()
            self.begin()

    def requested(self) -> None:
        """The model is being asked: whoever waited for it may begin soon."""
        self._asked.set()

    async def close(self) -> None:
        """End them all."""
        if self._beginning is not None:
            self._beginning.cancel()
        await asyncio.gather(*(server.close() for server in (self._servers or {}).values()), *self._ending)

    def tools(self) -> Mapping[str, McpTool]:
        """Every tool that may be called, by the name that the model knows it by."""
        stamp = tuple((name, id(server.kept), server.state == "off") for name, server in self.all.items())
        if self._tools is None or self._tools.stamp != stamp:
            self._tools = _Tools(stamp, self._named())
        return self._tools.tools

    def unseen(self) -> list[Server]:
        """Those that were never reached, and may be there in a moment."""
        return [server for server in self.all.values() if not server.is_known and server.is_coming]

    def owner(self, tool: str) -> Server | None:
        """The server whose tool this could be, by its name alone."""
        found = [s for s in self.all.values() if tool.startswith(names.server_part(s.name)) and s.state != "off"]
        return max(found, key=lambda server: len(server.name), default=None)

    async def search(self, query: str, limit: int) -> Matches:
        """Find tools; servers that were never seen are waited for."""
        await self._come(_PATIENCE)
        found = self._best(query, limit)
        if not found or any(serverfind.names(query, server.name) for server in self.unseen()):
            await self._come(_WAIT_SECONDS)
            found = self._best(query, limit)
        failed = [s for s in self.all.values() if s.state in ("failed", "login") and s.problem]
        problems = [f"{server.name}: {server.problem}" for server in failed]
        problems += [f"{server.name}: it is still starting" for server in self.unseen()]
        everything = sum(map(self._session.may_use, self.tools()))
        return Matches(tuple(tool.spec for tool in found), everything, tuple(problems))

    async def resources(self, server: str = "") -> tuple[McpResource, ...]:
        """What can be read."""
        if server and server not in self.all:
            raise ToolError(f"There is no MCP server {server!r}. The servers are: {', '.join(self.all) or 'none'}.")
        await self._come(_PATIENCE)
        return tuple(
            McpResource(name, one.uri, one.name, one.description)
            for name, s in self.all.items()
            if server in ("", name) and s.state != "off"
            for one in (s.kept.facts.resources if s.kept.facts else ())
        )

    async def read(self, server: str, uri: str) -> str:
        """The text of a resource."""
        if server not in self.all:
            raise ToolError(f"There is no MCP server {server!r}. The servers are: {', '.join(self.all) or 'none'}.")
        connection = await self.all[server].connection()
        found = await connection.read(uri)
        from cass.mcp import results  # with the package, which is loaded by now

        room = results.Room(self.chars, self._session.settings.spill_dir, self._session.masker.text)
        text = await asyncio.to_thread(results.contents, found.contents, room)
        return results.marked(text or "(nothing)", f"server={server}")

    @property
    def wiring(self) -> Wiring:
        """What servers are run with here."""
        if self._wiring is None:
            self._wiring = self._session.house.open_mcp(self._session.config)
        return self._wiring

    @property
    def chars(self) -> int:
        """What the model reads of one result."""
        return min(self._session.config.mcp.output_chars, 2 * self._session.settings.output_chars)

    def is_news(self, server: Server, stamp: object) -> bool:
        """Whether the user was not asked about this change yet; from now on they were."""
        was = self._put.get(server.name)
        self._put[server.name] = stamp
        return was != stamp

    def _best(self, query: str, limit: int) -> list[McpTool]:
        tools = {name: tool for name, tool in self.tools().items() if self._session.may_use(name)}
        return serverfind.best(query, tools, limit)

    async def _come(self, seconds: float) -> None:
        """Wait for those that were never seen; for none of them longer than so in all."""
        now = asyncio.get_running_loop().time()
        coming = self.unseen()
        for server in coming:
            server.start()
            self._awaited.setdefault(server.name, now)
        waits = (s.settled(max(0.0, self._awaited[s.name] + seconds - now)) for s in coming)
        await asyncio.gather(*waits)

    async def _begin(self) -> None:
        if not self.all:
            return
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await self._asked.wait()
            await asyncio.sleep(_AFTER_REQUEST_SECONDS)
        except TimeoutError:
            pass
        for server in list(self.all.values()):
            self._tell(server)
        for server in self.unseen():
            server.start()

    def _read(self) -> None:
        """Which servers there are now: new ones are added, those that are gone or others now are ended."""
        session = self._session
        wiring = self.wiring
        found: Mapping[str, Definition] = {}
        if session.config.mcp.enabled:
            house = session.house
            allows = session.brought.trust.allows
            places = files.Places(
                session.cwd, house.home_dir, allows, session.origins, wiring.environ, wiring.kept_back
            )
            editor = {name: files.server(one.wire()) for name, one in session.opened.mcp_servers.items()}
            read = files.definitions(session.config.mcp.servers, places, editor)
            found = {name: one for name, one in read.found.items() if one.config.enabled}
            session.house.know([s for one in found.values() for s in one.secrets if _is_secret(s)])
            for problem in read.problems:
                self._note(problem)
        servers = dict(self._servers or {})
        for name, server in list(servers.items()):
            if name not in found or found[name] != server.one:
                task = asyncio.get_running_loop().create_task(servers.pop(name).close())
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
        around = Around(self._hearing, self._may, self._tell, session.cwd)
        for name, one in found.items():
            if name not in servers:
                servers[name] = Server(one, wiring, around)
        self._servers = servers

    def _may(self, one: Definition) -> bool:
        session = self._session
        return trusted.may_run(one, session.brought.trust.allows, session.cwd, session.house.home_dir)

    def _named(self) -> Mapping[str, McpTool]:
        session = self._session
        facts = {
            (server.name, fact.name): (server, fact)
            for server in self.all.values()
            if server.state != "off"
            for fact in server.kept.offered
            if _wanted(fact.name, server.one.config.only, server.one.config.never)
        }
        given = names.given(facts, session.house.tools)
        chars = session.config.mcp.output_chars
        return {
            name: McpTool(name, *facts[pair], chars=chars, mask=session.masker.text) for name, pair in given.items()
        }

    def _tell(self, server: Server) -> None:
        """Whoever is attached is told when a server stands otherwise; once for each way that it stands."""
        session = self._session
        if session.closing:
            return
        facts = server.kept.facts or Facts()
        tools = len(facts.tools)
        text = server.problem
        if server.state == "changed":
            text = changes(server)
        told = server.state, tools, text
        if self._told.get(server.name) != told:
            self._told[server.name] = told
            named = tuple(one.uri for one in facts.resources[:_NAMED] if "{" not in one.uri)
            update = McpUpdate(server=server.name, state=server.state, tools=tools, resources=named, text=text)
            session.emit(update)
            if facts.prompts:
                session.brought.list_again()
        for problem in facts.skipped if server.state == "ready" else ():
            self._note(problem)

    def _note(self, problem: str) -> None:
        if problem not in self._noted:
            self._noted.add(problem)
            session = self._session
            session.emit(Notice(turn_id=session.turn_id, level="warning", text=f"MCP: {problem}"))


def changes(server: Server) -> str:
    """What the user is told of tools whose words are not those that were agreed to."""
    tools = [tool.name for tool in server.kept.changed]
    shown = ", ".join(tools[:8]) + (", …" if len(tools) > 8 else "")
    return f"it says something else of its tools than what was agreed to ({shown}); they are left out until /mcp agree {server.name}"


def _is_secret(value: str) -> bool:
    """Whether a value that is given to a server may be one: no path, no address, no plain word."""
    return not value.startswith(("/", "./", "~")) and "://" not in value and any(c.isdigit() for c in value)


def _wanted(tool: str, only: Sequence[str], never: Sequence[str]) -> bool:
    if any(fnmatch.fnmatchcase(tool, pattern) for pattern in never):
        return False
    return not only or any(fnmatch.fnmatchcase(tool, pattern) for pattern in only)
