"""/mcp: the MCP servers of this session, how they stand, what they offer."""

from __future__ import annotations

from cass.errors import SessionError
from cass.mcp.server import Server
from cass.sessions import serverchanges, signing
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_VERBS = ("restart", "off", "on", "agree", "login")
_NAMED = 60
_COMPLAINT_CHARS = 3_000
_MARKS = {"ready": "runs", "waiting": "starts when it is needed", "starting": "starting", "off": "off"}


async def mcp(session: Session, argument: str) -> Reply:
    """Show all servers, or one; restart it, switch it off and on, agree to changes."""
    verb, _, name = argument.partition(" ")
    servers = session.servers
    if not argument:
        return Reply(text=_all(session))
    if verb not in _VERBS:
        return Reply(text=_one(servers.get(argument)))
    server = servers.get(name.strip())
    if verb == "agree":
        return await _agree(session, server)
    if verb == "login":
        await signing.sign_in(session, server)
        return Reply(text=_line(server))
    await server.switch(on=verb != "off")
    if verb == "off":
        return Reply(text=f"The MCP server {server.name} is off in this session.")
    await server.settled(server.one.config.start_timeout)
    return Reply(text=_line(server))


async def _agree(session: Session, server: Server) -> Reply:
    if not server.kept.changed:
        return Reply(text=f"What the MCP server {server.name} says of its tools is what was agreed to.")
    if session.can_decide:
        agreed = await serverchanges.ask(session, server)
    else:
        server.accept()
        agreed = True
    return Reply(text=f"{server.name}: {'its tools are offered again' if agreed else 'they stay left out'}.")


def _all(session: Session) -> str:
    servers = session.servers.all
    if not servers:
        if not session.config.mcp.enabled:
            raise SessionError("MCP is switched off", hint="The setting is mcp.enabled.")
        return "There are no MCP servers. `cass mcp add` adds one; a project may bring some in `.mcp.json`."
    rows = [_line(server) for server in servers.values()]
    hint = "`/mcp NAME` shows one; `/mcp restart|off|on|agree|login NAME` does that."
    return "\n".join([*(f"- {row}" for row in rows), "", hint])


def _line(server: Server) -> str:
    facts = server.kept.facts
    counts = [
        (len(server.kept.offered), "tool"),
        (len(facts.prompts) if facts else 0, "prompt"),
        (len(facts.resources) if facts else 0, "resource"),
    ]
    offers = ", ".join(f"{n} {what}{'s' if n != 1 else ''}" for n, what in counts if n)
    state = _MARKS.get(server.state, server.state)
    problem = f": {server.problem}" if server.problem else ""
    if server.state == "changed":
        problem = f": {len(server.kept.changed)} tools are left out until `/mcp agree {server.name}`"
    return f"**{server.name}** ({server.one.where}) {state}{problem}{f'; {offers}' if offers else ''}"


def _one(server: Server) -> str:
    facts, parts = server.kept.facts, [_line(server)]
    if facts is not None:
        about = ", ".join(part for part in (facts.title, f"{facts.era} protocol" if facts.era else "") if part)
        parts.append(about)
        parts += _named("Tools", [tool.name for tool in server.kept.offered])
        parts += _named("Prompts", [prompt.name for prompt in facts.prompts])
        parts += _named("Resources", [f"@{server.name}:{one.uri}" for one in facts.resources])
        parts += [f"- {problem}" for problem in facts.skipped]
    if server.kept.changed:
        parts.append(f"What changed:\n{_fenced(serverchanges.difference(server), 'diff')}")
    if server.log:
        log = "\n".join(server.log[-10:])
        parts.append(f"Its log:\n{_fenced(log)}")
    if complaints := server.complaints.strip():
        parts.append(f"Its standard error:\n{_fenced(complaints[-_COMPLAINT_CHARS:])}")
    return "\n\n".join(part for part in parts if part)


def _named(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f", … ({len(names) - _NAMED} more)" if len(names) > _NAMED else ""
    return [f"{what}: {', '.join(f'`{name}`' for name in names[:_NAMED])}{more}"]


def _fenced(text: str, language: str = "") -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


COMMANDS = (
    Command("mcp", "Show MCP servers and what they offer.", mcp, hint="[NAME | restart|off|on|agree|login NAME]"),
)
