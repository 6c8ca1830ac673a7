"""The handlers for what the user decides outside of a prompt: trust in a folder, the to-do list."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cass.app import App
from cass.protocol import custom as c
from cass.protocol import methods as m
from cass.protocol.wire import Wire
from cass.rpc.endpoint import Endpoint
from cass.sessions import planning


def serve_deciding(app: App, endpoint: Endpoint) -> None:
    """Serve these methods."""

    async def get(params: c.TrustGetParams) -> Wire:
        return await asyncio.to_thread(app.trust(Path(params.cwd)).look)

    async def decide(params: c.TrustSetParams) -> Wire:
        folder = app.trust(Path(params.cwd))
        found = await asyncio.to_thread(folder.decide, params.decision, params.digest)
        for session in app.sessions:
            if session.brought.trust.folder == folder.folder:
                session.brought.begin()
        return found

    async def plan(params: m.SetPlanParams) -> Wire:
        session = app.library.get(params.session_id)
        planning.set_plan(session, params.entries, session.work.say)
        return m.Empty()

    for method, handler in ((c.TRUST_GET, get), (c.TRUST_SET, decide), (m.SET_PLAN, plan)):
        endpoint.serve(method, handler)  # pyright: ignore[reportArgumentType]  # each takes its method's params
