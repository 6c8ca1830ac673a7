"""The handlers for trust: what a folder brings, and the user's decision about it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cass.app import App
from cass.protocol import custom as c
from cass.protocol.wire import Wire
from cass.rpc.endpoint import Endpoint


def serve_trust(app: App, endpoint: Endpoint) -> None:
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

    for method, handler in ((c.TRUST_GET, get), (c.TRUST_SET, decide)):
        endpoint.serve(method, handler)  # pyright: ignore[reportArgumentType]  # each takes its method's params
