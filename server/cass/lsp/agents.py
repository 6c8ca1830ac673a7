"""The handlers for sub-agents: they work at once, also while a turn runs."""

from __future__ import annotations

from cass.app import App
from cass.protocol import agents as a
from cass.protocol.wire import Wire
from cass.rpc.endpoint import Endpoint


def serve_agents(app: App, endpoint: Endpoint) -> None:
    """Serve these methods."""

    async def list_(params: a.AgentListParams) -> Wire:
        own = app.library.get(params.session_id).agents
        problems = await own.profiles.problems(again=True)
        found = sorted((await own.profiles.all()).values(), key=lambda profile: profile.name)
        profiles = tuple(
            a.AgentProfile(
                name=p.name, description=p.description, origin=p.origin, path=str(p.path) if p.path else None
            )
            for p in found
        )
        return a.AgentListResult(agents=own.updates(), profiles=profiles, problems=tuple(problems))

    async def tell(params: a.AgentTellParams) -> Wire:
        told = app.library.get(params.session_id).agents.tell(params.agent, params.text)
        return a.AgentsResult(agents=(told.update(),))

    async def stop(params: a.AgentStopParams) -> Wire:
        stopped = await app.library.get(params.session_id).agents.stop(params.agent)
        return a.AgentsResult(agents=tuple(agent.update() for agent in stopped))

    for method, handler in ((a.AGENTS_LIST, list_), (a.AGENTS_TELL, tell), (a.AGENTS_STOP, stop)):
        endpoint.serve(method, handler)  # pyright: ignore[reportArgumentType]  # each takes its method's params
