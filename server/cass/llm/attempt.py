"""Asks once: sends a request and reads what comes back, whatever form it has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from cass.errors import BadResponse, ModelError
from cass.llm.assemble import Assembly
from cass.llm.failures import Place, Refused, html_page, looks_like_html, tidy
from cass.llm.jsonvalue import documents, is_object, parse
from cass.llm.link import MAX_DOCUMENT, PATIENCE, Link, Reply, silent
from cass.llm.sse import SseDecoder, SseEvent
from cass.llm.wire import Reader
from cass.ports import ModelEvent

AFTER_FINISH = 5.0
"""Seconds to wait for usage and the end of a stream whose answer is finished."""

AFTER_DONE = 0.25
"""Seconds to wait for the end of the body behind `[DONE]`, so that the connection can be used again."""

_BLANK = b" \t\r\n\xef\xbb\xbf"


class Attempt:
    """One request and its answer. Read `events` once; it ends with a `Completed`, or raises Refused for an error that
    the endpoint reports and ModelError for everything else, with what had come as `partial`."""

    def __init__(self, link: Link, place: Place, idle: float, assembly: Assembly, reader: Reader) -> None:
        self._link = link
        self._place = place
        self._idle = idle
        self._assembly = assembly
        self._reader = reader
        self._done = False
        self._seen_events = False

    async def events(self, path: str, body: bytes) -> AsyncGenerator[ModelEvent]:
        """Ask."""
        try:
            async with self._link.post(path, body) as reply, aclosing(self._read(reply)) as events:
                async for event in events:
                    yield event
            last, completed = self._assembly.finish()
        except (ModelError, Refused) as error:
            error.partial = self._assembly.partial()
            raise
        for event in last:
            yield event
        yield completed

    async def _read(self, reply: Reply) -> AsyncGenerator[ModelEvent]:
        async with aclosing(reply.chunks()) as chunks:
            first = await _first(chunks)
            start = first.lstrip(_BLANK)
            if not start:
                raise BadResponse(f"{self._place.provider} answered with an empty body.")
            if looks_like_html(start) or "text/html" in reply.content_type:
                raise html_page(self._place)
            if start[:1] in b"{[":
                await self._document(first, chunks)
                return
            async with aclosing(self._stream(first, chunks)) as events:
                async for event in events:
                    yield event
            if not self._seen_events:
                said = tidy(first[:400].decode("utf-8", "replace"), self._place.key)
                raise BadResponse(f"{self._place.provider} answered with something that is no stream: {said}")

    async def _stream(self, first: bytes, chunks: AsyncIterator[bytes]) -> AsyncGenerator[ModelEvent]:
        decoder = SseDecoder()
        chunk: bytes | None = first
        progress, moved = 0, time.monotonic()
        while chunk is not None:
            for event in decoder.feed(chunk):
                self._take(event)
            for delta in self._assembly.take():
                yield delta
            if self._done:
                await _drain(chunks)
                return
            if self._assembly.progress != progress:
                progress, moved = self._assembly.progress, time.monotonic()
            elif time.monotonic() - moved > self._idle * PATIENCE:
                raise silent(self._place, self._idle * PATIENCE)
            chunk = await self._next(chunks)
        for event in decoder.close():
            self._take(event)
        for delta in self._assembly.take():
            yield delta

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        """The next chunk, None at the end. An answer that is finished needs no proper end of its stream."""
        if self._assembly.reason is None:
            return await anext(chunks, None)
        try:
            async with asyncio.timeout(AFTER_FINISH):
                return await anext(chunks, None)
        except (TimeoutError, ModelError):
            return None

    def _take(self, event: SseEvent) -> None:
        data = event.data.strip()
        if self._done or not data:
            return
        self._seen_events = True
        if data == "[DONE]":
            self._done = True
            return
        try:
            values = documents(data)
        except ValueError:
            if event.name == "error":
                raise Refused(0, {}, data.encode("utf-8", "replace")) from None
            if self._assembly.reason is None:
                raise BadResponse(f"{self._place.provider} sent a piece of the answer that is not JSON.") from None
            return
        for value in values:
            if is_object(value):
                self._reader.event(event.name, value)
            elif value and self._assembly.reason is None:
                raise BadResponse(f"{self._place.provider} sent a piece of the answer that cannot be read.")

    async def _document(self, first: bytes, chunks: AsyncIterator[bytes]) -> None:
        body = bytearray(first)
        async for chunk in chunks:
            body += chunk
            if len(body) > MAX_DOCUMENT:
                raise BadResponse(f"The answer is longer than {MAX_DOCUMENT // 1024 // 1024} MB.")
        try:
            value = parse(bytes(body).decode("utf-8-sig", "replace"))
        except ValueError:
            raise BadResponse(f"{self._place.provider} answered with JSON that is cut or malformed.") from None
        if not is_object(value):
            raise Refused(0, {}, bytes(body))
        self._reader.document(value)


async def _first(chunks: AsyncIterator[bytes]) -> bytes:
    """The body up to and with the first chunk that is not blank."""
    body = b""
    async for chunk in chunks:
        body += chunk
        if body.strip(_BLANK) or len(body) > 65_536:
            break
    return body


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(AFTER_DONE):
            async for _ in chunks:
                pass
    except (TimeoutError, ModelError):
        return
