"""Answers to what a server asks of its client: roots, forms, addresses, a model's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import mcp_types as types
from pydantic import FileUrl

from cass.mcp.facts import plain
from cass.mcp.hearing import Hearing, Sampled, Sampling
from cass.protocol.messages import Image, Message, Text
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from mcp.client import ClientRequestContext

_MOST_URL = 2_000
_MOST_ADDRESSES = 3
_MOST_MESSAGES = 100
_MOST_CHARS = 200_000


T = TypeVar("T")


class Asker(Protocol):
    """Puts something to the user."""

    async def ask(self, question: Coroutine[object, object, T]) -> T | None:
        """The answer; None when it is not wanted any more."""
        ...


class Answers:
    """Of one connection. `asker` knows which calls wait meanwhile."""

    def __init__(self, server: str, hearing: Hearing, asker: Asker) -> None:
        self._server = server
        self._hearing = hearing
        self._asker = asker

    async def roots(self, context: ClientRequestContext) -> types.ListRootsResult | types.ErrorData:
        """The session's folders."""
        folders = self._hearing.roots()
        return types.ListRootsResult(
            roots=[types.Root(uri=FileUrl(folder.as_uri()), name=folder.name) for folder in folders]
        )

    async def elicit(
        self, context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult | types.ErrorData:
        """What the user says to a form, or to an address."""
        message = plain(params.message)
        if isinstance(params, types.ElicitRequestURLParams):
            if not _may_be_shown(params.url):
                return types.ErrorData(code=types.INVALID_PARAMS, message="only http and https addresses are shown")
            said = await self._asker.ask(self._hearing.visit(self._server, message, params.url))
            return types.ElicitResult(action=said or "cancel")
        dumped = cast("JsonObject", params.model_dump(by_alias=True, mode="json", exclude_none=True))
        schema = cast("JsonObject", dumped.get("requestedSchema") or {})
        filled = await self._asker.ask(self._hearing.form(self._server, message, schema))
        action, content = filled or ("cancel", {})
        if action != "accept":
            return types.ElicitResult(action=action)
        return types.ElicitResult.model_validate({"action": "accept", "content": content})

    async def visit(self, wanted: Sequence[types.ElicitRequestURLParams]) -> bool:
        """Whether the user opened all these addresses, which a call needs first."""
        if len(wanted) > _MOST_ADDRESSES or not all(_may_be_shown(one.url) for one in wanted):
            return False
        for one in wanted:
            if await self._asker.ask(self._hearing.visit(self._server, plain(one.message), one.url)) != "accept":
                return False
        return True

    async def sample(
        self, context: ClientRequestContext, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult | types.CreateMessageResultWithTools | types.ErrorData:
        """A model's words."""
        if params.tools:
            return types.ErrorData(code=types.INVALID_PARAMS, message="sampling with tools is not supported")
        messages = tuple(_message(one) for one in params.messages[:_MOST_MESSAGES])
        if sum(len(message.text) for message in messages) > _MOST_CHARS or len(params.messages) > _MOST_MESSAGES:
            return types.ErrorData(code=types.INVALID_PARAMS, message="that is more than is sampled from")
        wanted = Sampling(messages, plain(params.system_prompt, 20_000), params.max_tokens)
        answer = await self._asker.ask(self._hearing.sample(self._server, wanted))
        if not isinstance(answer, Sampled):
            return types.ErrorData(code=-1, message=answer or "the call was cancelled")
        return types.CreateMessageResult(
            role="assistant",
            content=types.TextContent(text=answer.text),
            model=answer.model,
            stop_reason="endTurn" if answer.is_whole else "maxTokens",
        )


def _may_be_shown(url: str) -> bool:
    return url.lower().startswith(("https://", "http://")) and len(url) <= _MOST_URL and plain(url) == url


def _message(given: types.SamplingMessage) -> Message:
    blocks: list[Text | Image] = []
    for block in given.content_as_list:
        if isinstance(block, types.TextContent):
            blocks.append(Text(text=plain(block.text, _MOST_CHARS)))
        elif isinstance(block, types.ImageContent):
            blocks.append(Image(data=block.data, mime_type=block.mime_type))
    return Message(role="assistant" if given.role == "assistant" else "user", content=tuple(blocks))
