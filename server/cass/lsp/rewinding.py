"""The handlers of `cass/rewind/*`."""

from __future__ import annotations

from cass.app import App
from cass.protocol import rewinding as words
from cass.protocol.wire import Wire
from cass.rpc.endpoint import Endpoint
from cass.sessions import rewinding


def serve(app: App, endpoint: Endpoint) -> None:
    """Serve them."""

    async def turns(params: words.RewindListParams) -> Wire:
        return rewinding.turns(app.library.get(params.session_id))

    async def preview(params: words.RewindParams) -> Wire:
        return await rewinding.preview(app.library.get(params.session_id), params)

    async def apply(params: words.RewindParams) -> Wire:
        session = app.library.get(params.session_id)
        async with session.work.held():
            return await rewinding.apply(session, params)

    async def undo(params: words.RewindUndoParams) -> Wire:
        session = app.library.get(params.session_id)
        async with session.work.held():
            return await rewinding.undo(session, params.rewind_id)

    endpoint.serve(words.REWIND_LIST, turns)  # pyright: ignore[reportArgumentType]  # each takes its method's params
    endpoint.serve(words.REWIND_PREVIEW, preview)  # pyright: ignore[reportArgumentType]
    endpoint.serve(words.REWIND_APPLY, apply)  # pyright: ignore[reportArgumentType]
    endpoint.serve(words.REWIND_UNDO, undo)  # pyright: ignore[reportArgumentType]
