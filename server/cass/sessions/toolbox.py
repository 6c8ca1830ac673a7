"""The tools of a session, as they are this moment: the house's own, and those of MCP servers.

Many tools of servers cost more than they are worth before they are used: then only a search is offered, and what it found
is offered from then on.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from cass.errors import CassError, ToolError
from cass.mcp import names
from cass.mcp.server import Server
from cass.mcp.tool import Arguments, McpTool
from cass.ports import Action, Tool, ToolContext, ToolSpec
from cass.protocol.messages import ToolKind
from cass.sessions.compacting import RESULTS

if TYPE_CHECKING:
    from cass.sessions.session import Session

SEARCH = "mcp"
"""What the tool needs that searches: that there is something to be found."""

READ = "mcp_resources"
"""What the tool needs that reads resources: that there are some, and the model knows of it."""

READ_TOOL = "read_resource"


class Toolbox(Mapping[str, Tool]):
    """Belongs to one session; live: what is asked for is as it is then."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shown: dict[str, None] = {}
        self._sizes: dict[str, int] = {}

    def __getitem__(self, name: str) -> Tool:
        session = self._session
        if not session.may_use(name):
            raise KeyError(name)
        own = session.house.tools.get(name)
        if own is not None:
            if own.needs in session.offers.now | {RESULTS}:  # something may be left out in this very turn
                return own
            raise KeyError(name)
        if name.startswith(names.PREFIX):
            servers = session.servers
            return servers.tools().get(name) or _Late(name, session, servers.owner(name))
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        can = self._session.offers.now | {RESULTS}
        yield from (n for n, t in self._session.house.tools.items() if t.needs in can and self._session.may_use(n))
        yield from (tool.name for tool in self._offered())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def specs(self, can: Collection[str]) -> tuple[ToolSpec, ...]:
        """What the model is told: the house's tools that need nothing but this, then those of servers, in the order in
        which they came."""
        session = self._session
        session.servers.requested()
        own = [spec for spec in session.house.specs if spec.needs in can and session.may_use(spec.name)]
        return (*own, *(tool.spec for tool in self._offered()))

    @property
    def needs(self) -> set[str]:
        """`SEARCH` where there is more than is offered, or may be soon; `READ` where there are resources to read."""
        servers = self._session.servers
        if not servers.all:
            return set()
        offered = {tool.name for tool in self._offered()}
        more = any(name not in offered and self._session.may_use(name) for name in servers.tools())
        found = {SEARCH} if more or servers.unseen() else set[str]()
        readable = any(s.kept.facts and s.kept.facts.resources for s in servers.all.values() if s.state != "off")
        if readable and (not more or READ_TOOL in self._session.stream.state.found_tools):
            found.add(READ)
        return found

    def _offered(self) -> Sequence[McpTool]:
        """The servers' tools that the model is told of. One that was offered stays so, as long as it is there."""
        session = self._session
        if not session.servers.all:
            return ()
        tools = {n: t for n, t in session.servers.tools().items() if session.may_use(n)}
        wanted = [name for name in (*self._shown, *session.stream.state.found_tools) if name in tools]
        wanted += [name for name, tool in tools.items() if tool.server.one.config.inline]
        rest = [name for name in tools if name not in wanted]
        if sum(self._size(tools[name]) for name in (*wanted, *rest)) <= self._room():
            wanted += rest
        self._shown = dict.fromkeys(wanted)
        return [tools[name] for name in self._shown]

    def _room(self) -> int:
        """Tokens that the tools of all servers may take without being searched for."""
        session, settings = self._session, self._session.config.mcp
        try:
            window = session.house.models.get(session.model_name).window.tokens if session.model_name else 0
        except CassError:
            window = 0
        share = int(window * settings.inline_share) if window else settings.inline_tokens
        return min(settings.inline_tokens, share)

    def _size(self, tool: McpTool) -> int:
        """About how many tokens the model reads of it."""
        size = self._sizes.get(tool.fact.pin)
        if size is None:
            size = (len(tool.name) + len(tool.description) + len(json.dumps(tool.fact.schema_))) // 4 + 12
            self._sizes[tool.fact.pin] = size
        return size


@dataclass(frozen=True)
class _Late:
    """A tool that is called before its server was seen, or is not there: found once the server runs."""

    name: str
    session: Session
    server: Server | None
    description: str = ""
    kind: ToolKind = "other"
    needs: str = ""
    params: type[BaseModel] = Arguments

    async def prepare(self, params: BaseModel, ctx: ToolContext) -> Action:
        """The real tool's, once it is there. ToolError says why it is not."""
        if self.server is None:
            known = ", ".join(self.session.servers.all) or "none"
            raise ToolError(f"There is no MCP server for {self.name}. The servers are: {known}.")
        if not self.server.is_known:
            await self.server.connection()
        tools = self.session.servers.tools()
        if tool := tools.get(self.name):
            return await tool.prepare(params, ctx)
        changed = [tool.name for tool in self.server.kept.changed]
        if any(self.name == names.spelled(self.server.name, tool) for tool in changed):
            raise ToolError(
                f"The server says something else of {self.name} than the user agreed to. They decide with /mcp."
            )
        near = difflib.get_close_matches(self.name, tools, n=3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise ToolError(f"The MCP server {self.server.name} has no tool {self.name}.{hint}")
