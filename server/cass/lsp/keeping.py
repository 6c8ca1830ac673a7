"""The handlers for keeping sessions: finding, naming, forking, taking out and bringing in, clearing up."""

from __future__ import annotations

from pathlib import Path

from cass.app import App
from cass.protocol import keeping as k
from cass.protocol.wire import Wire
from cass.rpc.endpoint import Endpoint
from cass.sessions import exchanging, keeping


def serve_keeping(app: App, endpoint: Endpoint) -> None:
    """Serve these methods."""

    async def search(params: k.SearchParams) -> Wire:
        return await keeping.search(app.library, params)

    async def fork(params: k.ForkParams) -> Wire:
        return k.SessionResult(session=await keeping.fork(app.library, params))

    async def set_info(params: k.SetInfoParams) -> Wire:
        return await keeping.set_info(app.library, params)

    async def export(params: k.ExportParams) -> Wire:
        return await exchanging.export(app.library, params)

    async def bring_in(params: k.ImportParams) -> Wire:
        return await exchanging.bring_in(app.library, params, Path.home())

    async def prune(params: k.PruneParams) -> Wire:
        return await keeping.prune(app.library, app.config.sessions, only_say=params.dry_run)

    for method, handler in (
        (k.SESSION_SEARCH, search),
        (k.SESSION_FORK, fork),
        (k.SESSION_SET_INFO, set_info),
        (k.SESSION_EXPORT, export),
        (k.SESSION_IMPORT, bring_in),
        (k.SESSION_PRUNE, prune),
    ):
        endpoint.serve(method, handler)  # pyright: ignore[reportArgumentType]  # each takes its method's params
