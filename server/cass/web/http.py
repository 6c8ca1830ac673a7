"""One request of HTTP/1.1, bounded in everything: headers, body, what the body unpacks to. Time is the caller's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cass import __version__
from cass.errors import ToolError
from cass.ports.web import Address

if TYPE_CHECKING:
    import h11

HEADER_BYTES = 65_536
_CHUNK = 65_536
AGENT = f"cass/{__version__}"


@dataclass(frozen=True)
class Response:
    """What came. Header names are in lower case; of one that came twice the first counts. `cut`: the body was longer
    than was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


@dataclass(frozen=True)
class Request:
    """What is sent: nothing that says who asks."""

    address: Address
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def post(address: Address, fields: Mapping[str, object], headers: tuple[tuple[str, str], ...] = ()) -> Request:
    """A request with a JSON body."""
    return Request(address, "POST", (*headers, ("Content-Type", "application/json")), json.dumps(fields).encode())


async def exchange(
    request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int
) -> Response:
    """Send and read the answer: at most `limit` bytes of body, as sent and unpacked. ToolError for what is no HTTP."""
    import h11

    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)
    try:
        for event in _sent(request):
            writer.write(connection.send(event) or b"")
        await writer.drain()
        return await _read(connection, reader, limit)
    except (h11.ProtocolError, zlib.error) as error:
        raise ToolError(f"{request.address.site} answered what is not HTTP: {str(error)[:200]}.") from None
    except (OSError, EOFError) as error:
        raise ToolError(f"{request.address.site} broke off: {type(error).__name__}.") from None
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


def _sent(request: Request):
    import h11

    headers = [
        ("Host", request.address.site),
        ("User-Agent", AGENT),
        ("Accept", "text/markdown, text/html;q=0.9, text/plain;q=0.8, */*;q=0.1"),
        ("Accept-Language", "en, *;q=0.5"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Connection", "close"),
        *request.headers,
    ]
    if request.body:
        headers.append(("Content-Length", str(len(request.body))))
    yield h11.Request(method=request.method, target=request.address.target, headers=headers)
    if request.body:
        yield h11.Data(data=request.body)
    yield h11.EndOfMessage()


async def _read(connection: h11.Connection, reader: asyncio.StreamReader, limit: int) -> Response:
    import h11

    status, headers = 0, dict[str, str]()
    unpack = Unpacking("", limit)
    raw = 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_CHUNK)
            raw += len(data)
            if raw > limit + 4 * HEADER_BYTES:
                unpack.cut = True
                break
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            status = event.status_code
            for name, value in event.headers:
                headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
            unpack = Unpacking(headers.get("content-encoding", ""), limit)
        elif isinstance(event, h11.Data):
            unpack.feed(bytes(event.data))
            if unpack.cut:
                break
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            break
    return Response(status, headers, bytes(unpack.out), unpack.cut)


class _Packed(Protocol):
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Unpacking:
    """A body that is unpacked while it comes, never further than `limit` bytes."""

    def __init__(self, encoding: str, limit: int) -> None:
        self.out = bytearray()
        self.cut = False
        self._limit = limit
        encoding = encoding.strip().lower()
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._packed: _Packed | None = zlib.decompressobj(47)
        elif encoding in ("", "identity"):
            self._packed = None
        else:
            raise ToolError(f"The page is packed with {encoding[:40]!r}, which cass cannot unpack.")
        self._begun = False

    def feed(self, data: bytes) -> None:
        """Take some more."""
        room = self._limit - len(self.out)
        if self._packed is None:
            self.out += data[:room]
            self.cut = self.cut or len(data) > room
            return
        if not self._begun and data:
            self._begun = True
            if data[0] & 0x0F != 8 and data[:1] != b"\x1f":
                self._packed = zlib.decompressobj(-15)  # some send it without zlib's frame
        self.out += self._packed.decompress(data, room + 1)
        if len(self.out) > self._limit:
            del self.out[self._limit :]
            self.cut = True
