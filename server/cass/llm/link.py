"""The connection to one endpoint: sends bytes, gives bytes, and says in our words what broke."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from cass.errors import BadResponse, ModelError, ModelUnavailable
from cass.llm.failures import Place, Refused, explain, unreachable
from cass.llm.jsonvalue import dump, parse
from cass.llm.preset import host_of, is_local, without_password
from cass.protocol.wire import JsonObject

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

MAX_ERROR_BODY = 256 * 1024
"""Bytes read of an answer with an error status."""

MAX_DOCUMENT = 32 * 1024 * 1024
"""Bytes read of an answer that is one JSON document."""

PATIENCE = 5
"""An endpoint that sends bytes but nothing of an answer is given up after this many idle timeouts."""

KEEP_ALIVE = 60.0
"""Seconds that an unused connection is kept."""

_PLAIN_HEADERS = frozenset({"host", "content-length", "content-type", "connection", "transfer-encoding"})


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, and without a byte."""

    connect: float
    idle: float


class Reply:
    """An answer with a good status. `chunks` can be read once."""

    def __init__(self, response: httpx2.Response, place: Place, idle: float) -> None:
        self._response = response
        self._place = place
        self._idle = idle
        self.content_type = response.headers.get("content-type", "").lower()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body as it arrives. ModelUnavailable when no byte comes for the idle timeout, BadResponse when the
        connection breaks."""
        import httpx2

        try:
            async for chunk in self._response.aiter_bytes():
                yield chunk
        except httpx2.TimeoutException:
            raise silent(self._place, self._idle) from None
        except (httpx2.TransportError, httpx2.DecodingError, httpx2.StreamError) as error:
            raise BadResponse(f"The connection to {self._place.provider} broke off ({_words(error)}).") from None


class Link:
    """One endpoint, one pool of connections. Sends the headers it was given and no others."""

    def __init__(self, place: Place, headers: Mapping[str, str], timeouts: Timeouts) -> None:
        self._place = place
        self._headers = dict(headers)
        self._timeouts = timeouts
        self._client: AsyncOpenAI | None = None

    @asynccontextmanager
    async def post(self, path: str, body: bytes) -> AsyncGenerator[Reply]:
        """Send a JSON body and give the answer. Leaving the block closes the connection unless the answer was read to
        its end. Refused for an error status, ModelUnavailable when the endpoint cannot be reached."""
        import httpx2

        try:
            async with asyncio.timeout(self._timeouts.idle * PATIENCE):
                client = self._open()
                with _network(self._place, self._timeouts):
                    response = await client.post(path, content=body, cast_to=httpx2.Response, stream=True)
        except TimeoutError:
            raise silent(self._place, self._timeouts.idle * PATIENCE) from None
        try:
            yield Reply(response, self._place, self._timeouts.idle)
        finally:
            await response.aclose()

    async def get(self, url: str, limit: float, body: JsonObject | None = None) -> object:
        """The JSON at a path behind the base URL, or at a whole URL on the same host, within `limit` seconds; with a
        body it is asked for by POST. ModelError for whatever goes wrong."""
        import httpx2

        target = urljoin(self._place.url.rstrip("/") + "/", url)
        try:
            async with asyncio.timeout(limit):
                with _network(self._place, self._timeouts):
                    client = self._open()
                    response = await (
                        client.get(target, cast_to=httpx2.Response, stream=True)
                        if body is None
                        else client.post(target, content=dump(body), cast_to=httpx2.Response, stream=True)
                    )
                try:
                    data = await read_document(Reply(response, self._place, limit))
                finally:
                    await response.aclose()
            return parse(data.decode("utf-8", "replace"))
        except TimeoutError:
            raise silent(self._place, limit) from None
        except Refused as refused:
            raise explain(refused, self._place) from None
        except ValueError:
            raise BadResponse(f"{without_password(target)} did not answer with JSON.") from None

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _open(self) -> AsyncOpenAI:
        if self._client is None:
            import httpx2
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient

            local = is_local(self._place.url)
            http = DefaultAsyncHttpxClient(
                timeout=httpx2.Timeout(
                    self._timeouts.idle, connect=self._timeouts.connect, pool=self._timeouts.connect
                ),
                limits=httpx2.Limits(
                    max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE
                ),
                follow_redirects=True,
                trust_env=not local,  # a proxy is never asked for this machine
                event_hooks={"request": [self._before], "response": [self._after]},
            )
            self._client = AsyncOpenAI(
                api_key=self._place.key or "none",
                organization="",
                project="",
                base_url=self._place.url,
                max_retries=0,
                http_client=http,
            )
        return self._client

    async def _before(self, request: httpx2.Request) -> None:
        """Take away every header that is not ours: the library adds telemetry, and credentials of OpenAI that it
        finds in the environment, whatever the endpoint is."""
        kept = [(name, value) for name, value in request.headers.items() if name.lower() in _PLAIN_HEADERS]
        request.headers.clear()
        for name, value in [*kept, *self._headers.items()]:
            request.headers[name] = value

    async def _after(self, response: httpx2.Response) -> None:
        """Raise for every status that is no answer, with a bounded part of its body."""
        if response.is_success:
            return
        if response.has_redirect_location and self._same_host(response):
            return
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_ERROR_BODY:
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        raise Refused(response.status_code, headers, bytes(body[:MAX_ERROR_BODY]))

    def _same_host(self, response: httpx2.Response) -> bool:
        target = urljoin(str(response.url), response.headers.get("location", ""))
        downgrade = response.url.scheme == "https" and not target.lower().startswith("https:")
        return host_of(target) == host_of(str(response.url)) and not downgrade


async def read_document(reply: Reply) -> bytes:
    """The whole body. BadResponse when it is longer than MAX_DOCUMENT."""
    body = bytearray()
    async for chunk in reply.chunks():
        body += chunk
        if len(body) > MAX_DOCUMENT:
            raise BadResponse(f"The answer is longer than {MAX_DOCUMENT // 1024 // 1024} MB.")
    return bytes(body)


def silent(place: Place, seconds: float) -> ModelError:
    """Nothing came for so long."""
    hint = "A model that thinks long may need more: set llm.idle_timeout (seconds)."
    return ModelUnavailable(f"{place.provider} sent nothing for {seconds:g} seconds.", hint=hint)


class _network:
    """Says in our words what went wrong while a request was sent."""

    def __init__(self, place: Place, timeouts: Timeouts) -> None:
        self._place = place
        self._timeouts = timeouts

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import httpx2
        from openai import APIConnectionError

        if isinstance(error, APIConnectionError) and error.__cause__ is not None:
            error = error.__cause__
        if isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout):
            raise unreachable(f"no connection within {self._timeouts.connect:g} seconds", self._place) from None
        if isinstance(error, httpx2.TimeoutException):
            raise silent(self._place, self._timeouts.idle) from None
        if isinstance(error, httpx2.TooManyRedirects | httpx2.InvalidURL | httpx2.UnsupportedProtocol):
            failure = unreachable(_words(error), self._place)
            raise _for_good(failure) from None
        if isinstance(error, httpx2.TransportError):
            failure = unreachable(_words(error), self._place)
            raise (_for_good(failure) if _is_certificate(error) else failure) from None


def _for_good(error: ModelError) -> ModelError:
    error.retryable = False
    return error


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
